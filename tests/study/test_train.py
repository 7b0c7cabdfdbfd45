"""A whole run in miniature: everything promised is written, and interruption costs nothing."""

import csv
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.errors import (
    CheckpointError,
    ExportError,
    InvalidSpecError,
    RunFolderError,
    UnknownNameError,
)
from hacpo_robot.export.engines import as_action
from hacpo_robot.export.exporter import FILES, export_policy
from hacpo_robot.export.runtime import load_policy
from hacpo_robot.learning.checkpoint import find_checkpoint
from hacpo_robot.learning.evaluation import HELD_OUT, evaluate
from hacpo_robot.study.lock import locked
from hacpo_robot.study.meter import Interrupted, Watch
from hacpo_robot.study.plan import Cell
from hacpo_robot.study.playback import scale_of
from hacpo_robot.study.run_folder import RunFolder
from hacpo_robot.study.sameness import check_same
from hacpo_robot.study.train import make_fleet, restore_fleet, train

ROBOTS = ("ur5e", "panda")


def test_a_run_writes_every_file_it_promises(finished):
    run = finished[0]
    promised = ["run.json", "config.yaml", "command.txt", "progress.csv", "eval/eval_info.json"]
    for robot in ROBOTS:
        promised += [f"exported/{robot}/{name}" for name in FILES]
        promised += [f"checkpoints/last/{robot}/{name}" for name in ("policy.zip", "normalizer.safetensors")]
        promised += [f"checkpoints/last/{robot}/pool.npz", "checkpoints/last/state.json"]
        assert list((run.path / "tb" / robot).glob("events.out.tfevents.*")), robot
    assert [name for name in promised if not (run.path / name).is_file()] == []
    assert not (run.path / "videos").exists()


def test_a_run_leaves_nothing_half_written(finished):
    assert list(finished[0].path.rglob("*draft*")) == []


def test_evaluation_file_agrees_with_the_results(finished):
    run, results, _, _ = finished
    written = json.loads((run.path / "eval" / "eval_info.json").read_text())
    assert list(written["per_robot"]) == [result.robot for result in results] == list(ROBOTS)
    for result in results:
        assert written["per_robot"][result.robot]["n_success"] == result.evaluation.n_success
        assert written["per_robot"][result.robot]["n_episodes"] == 4
    assert written["overall"]["n_episodes"] == 8
    assert {"pc_success", "pc_success_ci95", "success_once", "success_at_end"} <= set(written["overall"])


def test_progress_file_has_a_line_per_robot_and_report_and_at_the_end(finished):
    with (finished[0].path / "progress.csv").open() as file:
        rows = list(csv.DictReader(file))
    found = [(row["robot"], row["steps"]) for row in rows]
    assert found == [(name, steps) for steps in ("640", "1024") for name in ("ur5e", "panda")]


def test_checkpoints_come_at_the_pace_asked_for(finished):
    steps = [int(path.name[5:]) for path in sorted(finished[0].checkpoints.glob("step_*"))]
    assert steps == [128, 640, 1024]


def test_exported_files_keep_parity_with_the_policy(finished):
    for result in finished[1]:
        assert result.parity <= 1e-5, result


def test_exported_files_tell_how_they_did_beside_the_policy(finished):
    run, results, _, _ = finished
    for result in results:
        loop = load_policy(run.exported(result.robot) / "policy.onnx").metadata["parity"]["closed_loop"]
        assert (loop["n_episodes"], loop["n_same"]) == (4, 4)
        assert loop["n_success"] == result.evaluation.n_success


def test_plain_sb3_opens_the_policies_of_a_run(finished):
    run = finished[0]
    model = PPO.load(run.checkpoints / "last" / "panda" / "policy.zip", device="cpu")
    assert model.num_timesteps == 1024


@pytest.mark.parametrize("robot", ROBOTS)
def test_the_exported_policy_does_in_closed_loop_what_the_trained_one_does(finished, robot):
    run = finished[0]
    learner = next(each for each in restore_fleet(run.settings, run).learners if each.name == robot)
    policy = load_policy(run.exported(robot) / "policy.onnx")
    exported = as_action(policy, scale_of(policy, load_robot(robot).gripper))
    outcomes = []
    for act in (learner.act, exported):
        env = make_vec_env(load_robot(robot), load_task("lift"), 4, seed=HELD_OUT, n_threads=1)
        outcomes.append(evaluate(env, act, 4))
        env.close()
    torch_run, onnx_run = outcomes
    np.testing.assert_array_equal(onnx_run.at_end, torch_run.at_end)
    np.testing.assert_array_equal(onnx_run.lengths, torch_run.lengths)
    # float32 sums in another order; contact makes tiny differences grow
    np.testing.assert_allclose(onnx_run.observations[:40], torch_run.observations[:40], atol=1e-3)


def test_an_interrupted_run_has_a_whole_checkpoint_of_that_moment(stopped):
    last = find_checkpoint(stopped.checkpoints)
    state = json.loads((last / "state.json").read_text())
    steps = [PPO.load(last / robot / "policy.zip", device="cpu").num_timesteps for robot in ROBOTS]
    # one arm may have waited for the other in the second iteration
    assert max(steps) == 1024 + 2 * 128
    assert min(steps) in (1024 + 128, 1024 + 2 * 128)
    assert (state["iteration"], state["steps"]) == (2, sum(steps) // 2)
    assert not (stopped.path / "exported").exists()


def test_an_interrupted_run_goes_on_to_its_end(stopped, tmp_path, miniature):
    run = RunFolder.open(shutil.copytree(stopped.path, tmp_path / "run", symlinks=True))
    stopped_at = json.loads((find_checkpoint(run.checkpoints) / "state.json").read_text())["steps"]
    said = []
    results, _ = train(miniature, run, Watch(phase=said.append), resume=True)
    assert said[0] == f"resumed at {stopped_at} steps"
    assert not [line for line in said if "babbles" in line], "calibration was paid for twice"
    assert [result.robot for result in results] == list(ROBOTS)
    exam = 2 * miniature.hacpo.rehearsal_worlds * 100  # at nine tenths of the way, two rounds of the own part
    assert find_checkpoint(run.checkpoints).name == f"step_{1024 + 7 * 128 + exam:012d}"


def test_an_interrupted_evaluation_ends_before_the_next_robot_and_can_be_made_up_for(finished, tmp_path):
    run = RunFolder.open(shutil.copytree(finished[0].path, tmp_path / "run", symlinks=True))
    evaluated, said = run.path / "eval" / "eval_info.json", []
    before = evaluated.read_text()
    evaluated.unlink()
    watch = Watch(phase=said.append, should_stop=lambda: said[-1].startswith("evaluating ur5e"))
    with pytest.raises(Interrupted):
        train(run.settings, run, watch, resume=True)
    assert not evaluated.exists()
    assert not any(line.startswith("evaluating panda") for line in said)
    train(run.settings, run, Watch(), resume=True)
    assert evaluated.read_text() == before


@pytest.mark.slow
def test_a_run_exports_on_the_way_where_asked_and_learns_the_same(finished, tmp_path):
    first = finished[0]
    settings = replace(first.settings, export_every=400, eval_episodes=1)
    run, steps = RunFolder.create(tmp_path / "run", settings), []

    def look(*_):
        done = {path.parent.name: load_policy(path) for path in run.path.glob("exported/*/policy.onnx")}
        steps.append({name: policy.metadata["source"]["step"] for name, policy in done.items()})

    train(settings, run, Watch(phase=look, progress=look))
    middle, end = ({"ur5e": step, "panda": step} for step in (512, 1024))
    assert [steps[0], steps[-1]] == [{}, end]
    assert middle in steps
    for robot in ROBOTS:
        models = [PPO.load(each.checkpoints / "last" / robot / "policy.zip") for each in (first, run)]
        for own, other in zip(*(model.policy.parameters() for model in models), strict=True):
            assert torch.equal(own, other)


def test_resuming_without_a_checkpoint_is_refused(tmp_path, miniature):
    run = RunFolder.create(tmp_path / "run", miniature)
    with pytest.raises(CheckpointError, match="no usable checkpoint"):
        train(miniature, run, Watch(), resume=True)


def test_a_run_says_what_it_does(finished):
    said = finished[3]
    assert said[0] == "training ur5e, panda on lift, sharing: none"
    assert said[1:] == [f"evaluating {robot} on 4 held-out episodes" for robot in ROBOTS]


def test_worlds_differ_where_the_settings_say_so(miniature):
    for level, varied in (("none", False), ("mild", True)):
        for learner in make_fleet(replace(miniature, sharing="none", randomization=level)).learners:
            assert (learner.env.cell.variation is not None) == varied


def test_an_unknown_level_of_randomization_lists_those_there_are(miniature):
    with pytest.raises(UnknownNameError, match="unknown randomization 'lots'; valid: mild, none, wide"):
        replace(miniature, randomization="lots")


def test_two_processes_do_not_train_in_one_folder(stopped):
    with locked(stopped.path, "trains in"), pytest.raises(RunFolderError, match="another process trains in"):
        train(stopped.settings, stopped, Watch(), resume=True)


def test_a_robot_that_begins_outside_its_limits_is_refused_before_anything_is_trained(miniature, monkeypatch):
    panda = load_robot("panda")
    twisted = replace(panda, arm=replace(panda.arm, home=(9.0, *panda.arm.home[1:])))
    monkeypatch.setattr("hacpo_robot.study.train.load_fleet", lambda *_: [twisted])
    with pytest.raises(InvalidSpecError, match="robot 'panda': home of joint1 is 9, outside"):
        make_fleet(miniature)


def test_a_folder_that_is_in_the_way_of_an_export_is_told_before_training(tmp_path, miniature):
    run, said = RunFolder.create(tmp_path / "run", miniature), []
    run.exported("panda").mkdir(parents=True)
    (run.exported("panda") / "notes.md").touch()
    with pytest.raises(ExportError, match=r"panda also holds notes\.md; export to another folder"):
        train(miniature, run, Watch(phase=said.append))
    assert said == []


def test_a_policy_that_cannot_leave_costs_neither_evaluations_nor_the_others_exports(
    finished, tmp_path, monkeypatch
):
    run = RunFolder.open(shutil.copytree(finished[0].path, tmp_path / "run", symlinks=True))
    (run.path / "eval" / "eval_info.json").unlink()
    shutil.rmtree(run.path / "exported")

    def refuse_ur5e(candidate, *arguments):
        if candidate.env.robot.name == "ur5e":
            raise ExportError("too large")
        return export_policy(candidate, *arguments)

    monkeypatch.setattr("hacpo_robot.study.judge.export_policy", refuse_ur5e)
    results, _ = train(run.settings, run, Watch(), resume=True)
    assert [(each.robot, each.fault) for each in results] == [
        ("ur5e", "no export of ur5e: too large"),
        ("panda", ""),
    ]
    assert results[0].parity is None
    assert list(json.loads((run.path / "eval" / "eval_info.json").read_text())["per_robot"]) == list(ROBOTS)
    assert [path.name for path in (run.path / "exported").iterdir()] == ["panda"]


def test_a_run_of_a_users_file_is_the_same_after_it_was_resumed_by_a_relative_name(
    finished, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "own.py"
    own.write_text("from hacpo_robot.catalog import load_robot\nROBOT = load_robot('ur5e')\n")
    settings = replace(finished[0].settings, robots=("own.py",), steps=128, checkpoint_every=128)
    run = RunFolder.create(tmp_path / "own-0", settings)
    train(settings, run, Watch())
    (run.path / "eval" / "eval_info.json").unlink()
    train(settings, run, Watch(), resume=True)
    assert run.changed_files() == ()
    check_same(Cell("own-0", "lift", "f", "own", 0, settings), run)
    monkeypatch.chdir(tmp_path.parent)
    assert [learner.name for learner in restore_fleet(run.settings, run).learners] == ["ur5e"]
