"""From run folders to tables and back."""

import csv
import json
import shutil
from dataclasses import replace

import pytest
from stable_baselines3.common.logger import Logger, TensorBoardOutputFormat

from hacpo_robot.errors import RunFolderError
from hacpo_robot.specs.training import flat_settings
from hacpo_robot.study.collect import collect, collect_finished
from hacpo_robot.study.lessons import read_lessons
from hacpo_robot.study.plan import Cell, load_plan, plan_from_dict
from hacpo_robot.study.results import Results, add_results, read_results, write_results
from hacpo_robot.study.run_folder import RunFolder
from hacpo_robot.study.tables import headline


@pytest.fixture
def cell(finished):
    return Cell(finished[0].path.name, "reach", "pair", "none", 0, finished[0].settings)


def as_if(plan, results, **changes):
    """The same figures under another name, with the settings that the plan has there."""
    runs = tuple(replace(run, **changes) for run in results.runs)
    runs = tuple(replace(run, settings=flat_settings(plan.cell(*run.place).settings)) for run in runs)
    place = {name: value for name, value in changes.items() if name != "name"}
    tables = (results.reached, results.curves, results.lessons)
    return Results(*(tuple(replace(row, **place) for row in rows) for rows in tables), runs)


def test_a_finished_run_becomes_a_row_per_robot(cell, finished):
    run, judged, _, _ = finished
    found = collect(cell, run)
    assert [row.robot for row in found.reached] == ["ur5e", "panda"]
    assert {row.place for row in found.reached} == {("reach", "pair", "none", 0)}
    for row, result in zip(found.reached, judged, strict=True):
        assert (row.n_success, row.n_episodes, row.steps) == (result.evaluation.n_success, 4, 1024)
        assert row.completion == pytest.approx(result.evaluation.pc_success / 100)
    curves = [(note.robot, note.steps) for note in found.curves]
    assert curves == [(name, steps) for name in ("panda", "ur5e") for steps in (640, 1024)]
    assert found.lessons == ()
    assert found.runs[0].settings["ppo.net_arch"] == [16, 16]
    assert found.runs[0].versions["mujoco"]


def test_result_files_give_back_what_was_written(cell, finished, tmp_path):
    plan, found = load_plan("miniature"), collect(cell, finished[0])
    write_results(tmp_path, plan, found)
    again, read = read_results(tmp_path)
    assert again == plan
    assert read.runs == found.runs
    assert read.curves == found.curves
    for ours, theirs in zip(read.reached, found.reached, strict=True):
        assert ours == replace(theirs, mean_return=ours.mean_return)
        assert ours.mean_return == pytest.approx(theirs.mean_return, rel=1e-5)  # six digits are written


def test_result_files_of_nothing_can_be_read(tmp_path):
    write_results(tmp_path, load_plan("miniature"), Results())
    assert read_results(tmp_path)[1] == Results()


def test_what_files_tell_of_other_runs_stays_and_runs_stand_in_the_order_of_the_plan(
    cell, finished, tmp_path
):
    plan = load_plan("miniature")
    found = as_if(plan, collect(cell, finished[0]))
    together = as_if(plan, found, condition="hacpo")
    assert add_results(tmp_path / "new", plan, together) == together
    add_results(tmp_path / "new", plan, as_if(plan, found, seed=1))
    add_results(tmp_path / "new", plan, found)
    add_results(tmp_path / "new", plan, as_if(plan, together, name="again"))
    runs = read_results(tmp_path / "new")[1].runs
    assert [run.place[2:] for run in runs] == [("none", 0), ("none", 1), ("hacpo", 0)]
    assert [run.name for run in runs] == [cell.name, cell.name, "again"]
    assert len(read_results(tmp_path / "new")[1].reached) == 3 * len(found.reached)


def test_files_of_another_study_are_refused(cell, finished, tmp_path):
    plan = load_plan("miniature")
    write_results(tmp_path, plan, collect(cell, finished[0]))
    with pytest.raises(
        RunFolderError, match=f"tells of {cell.name}, which twice lacks; choose other --results"
    ):
        add_results(tmp_path, load_plan("twice"), Results())


def test_files_of_other_settings_are_refused(cell, finished, tmp_path):
    plan, found = load_plan("miniature"), collect(cell, finished[0])
    longer = replace(found.runs[0], settings=as_if(plan, found).runs[0].settings | {"steps": 1})
    write_results(tmp_path, plan, replace(found, runs=(longer,)))
    with pytest.raises(
        RunFolderError, match=rf"{cell.name} in .* run with steps 1, the study has .*; choose"
    ):
        add_results(tmp_path, plan, Results())


def test_unfinished_runs_are_not_collected(cell, finished, stopped):
    assert collect_finished([cell], finished[0].path.parent).reached
    assert collect_finished([cell], stopped.path.parent.parent / "nowhere") == Results()
    longer = replace(cell, settings=replace(cell.settings, steps=cell.settings.steps * 2))
    with pytest.raises(RunFolderError, match="was run with steps"):
        collect_finished([longer], finished[0].path.parent)
    half = Cell(stopped.path.name, "lift", "pair", "hacpo", 0, stopped.settings)
    assert collect_finished([half], stopped.path.parent) == Results()


def test_a_folder_without_result_files_is_refused(tmp_path):
    with pytest.raises(RunFolderError, match="holds no results of a study"):
        read_results(tmp_path)


def test_progress_of_a_run_that_was_killed_counts_once_and_all_its_time(cell, finished, tmp_path):
    run = RunFolder(shutil.copytree(finished[0].path, tmp_path / "run", symlinks=True))
    with (run.path / "progress.csv").open() as file:
        row = next(csv.DictReader(file))
    table = [(5, 10.0, 100, 0.1), (10, 20.0, 200, 0.2), (10, 6.0, 200, 0.25), (15, 12.0, 300, 0.3)]
    with (run.path / "progress.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        for iteration, wall_s, steps, success in table:
            new = {"iteration": iteration, "wall_s": wall_s, "steps": steps, "success": success}
            writer.writerow(row | new)
        file.write("20,13.")  # killed in the middle of a line
    found = collect(cell, run)
    assert [(note.steps, note.success) for note in found.curves] == [(100, 0.1), (200, 0.25), (300, 0.3)]
    assert found.reached[0].wall_s == 20.0 + 12.0


def test_lessons_are_summed_over_the_log_and_counted_once(tmp_path):
    run = RunFolder(tmp_path)
    notes = {
        10: {"accepted": 100, "weight": 0.5, "effect_error": 0.1},
        20: {"accepted": 300, "weight": 0.9, "effect_error": 0.3},
        30: {"rehearsed": 0.25, "trust": 0.4, "adopted": 0},
        40: {"rehearsed": 0.75, "trust": 0.7, "adopted": 1},
    }
    for steps in ([10, 20, 30], [20, 30, 40]):  # two sittings, the first one killed after step 30
        logger = Logger(str(tmp_path), [TensorBoardOutputFormat(str(run.tensorboard("scara")))])
        for step in steps:
            for key, value in notes[step].items():
                logger.record(f"sharing/ur5e->scara/{key}", value)
            logger.record("sharing/scara/kl", 0.1)
            logger.dump(step)
        logger.close()
    (pair,) = read_lessons(run)
    assert (pair.source, pair.learner) == ("ur5e", "scara")
    assert (pair.accepted, pair.rehearsals, pair.adopted) == (400, 2, 1)
    assert pair.weight == pytest.approx(0.8)
    assert pair.effect_error == pytest.approx(0.2)
    assert pair.rehearsed == pytest.approx(0.5)
    assert pair.trust == pytest.approx(0.7)


def test_settings_that_all_runs_share_stand_once(cell, finished, tmp_path):
    found = collect(cell, finished[0])
    write_results(tmp_path, load_plan("miniature"), found + found)
    document = json.loads((tmp_path / "study.json").read_text())
    assert document["common_settings"]["sharing"] == "none"
    assert [run["settings"] for run in document["runs"]] == [{}, {}]


def test_results_are_shown_where_a_users_robot_file_is_not(cell, finished, tmp_path):
    values = {"fleets": {"pair": ["far/away.py", "panda"]}, "tasks": {"reach": {}}, "headline": ["none"]}
    plan = plan_from_dict("x", values | {"conditions": {"none": {"sharing": "none"}}})
    write_results(tmp_path, plan, collect(cell, finished[0]))
    assert "| pair | `none` | 1 | " in headline(*read_results(tmp_path))
