"""A study in miniature, from its start over two violent ends to its figures."""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from hacpo_robot.errors import RunFolderError, StudyError
from hacpo_robot.study.lock import locked
from hacpo_robot.study.meter import Progress
from hacpo_robot.study.plan import load_plan, plan_from_dict
from hacpo_robot.study.results import read_results
from hacpo_robot.study.status import CellStatus, Clock, StudyWatch
from hacpo_robot.study.study import Study, _cores

PROGRAM = (sys.executable, "-m", "hacpo_robot")
ENVIRONMENT = {**os.environ, "MUJOCO_GL": "disabled", "PYTHONPATH": str(Path(__file__).parents[2])}
PATIENCE_S = 600
"""Longest wait for anything; machines may be busy."""


def start(folder, *more):
    command = [*PROGRAM, "study", "miniature", "--study-dir", "study", "--workers", "2", *more]
    return subprocess.Popen(
        command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def wait_for(there):
    """What is there, as soon as it is."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := there()):
        assert time.monotonic() < deadline, "nothing happens"
        time.sleep(0.05)
    return found


@pytest.mark.slow
def test_a_study_outlives_a_kill_and_an_interrupt_and_ends_in_figures(tmp_path):
    study = start(tmp_path)
    (first, *_) = wait_for(lambda: list(tmp_path.glob("study/*/checkpoints/step_*")))
    study.kill()
    study.communicate()

    study = start(tmp_path, "--resume")
    log = first.parents[1] / "log.txt"
    wait_for(lambda: (first.parents[1] / "eval").exists())
    study.send_signal(signal.SIGINT)
    said, _ = study.communicate(timeout=PATIENCE_S)
    assert study.returncode == 130, said
    assert "go on with the same command and --resume" in said
    assert "Traceback" not in said + log.read_text()

    study = start(tmp_path, "--resume")
    said, _ = study.communicate(timeout=PATIENCE_S)
    assert study.returncode == 0, said
    plan, results = read_results(tmp_path / "study" / "results")
    assert {run.name for run in results.runs} == {cell.name for cell in plan.cells(2)}
    assert len(results.reached) == 2 * 2 * 2

    killed = first.parents[1]
    command = (killed / "command.txt").read_text().split()[1:]
    again = [*PROGRAM, *command, "--study-dir", "again"]
    subprocess.run(again, cwd=tmp_path, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)
    _, repeated = read_results(tmp_path / "again" / "results")
    assert [run.name for run in repeated.runs] == [killed.name]
    for ours in repeated.reached:  # a run that was killed twice equals one that was left in peace
        assert [replace(row, wall_s=ours.wall_s) for row in results.reached].count(ours) == 1
    assert set(repeated.curves) <= set(results.curves)
    assert repeated.curves

    report = [*PROGRAM, "report", "study/results", "--page", "RESULTS.md"]
    subprocess.run(report, cwd=tmp_path, env=ENVIRONMENT, check=True)
    page = (tmp_path / "RESULTS.md").read_text()
    assert "4 of 4 runs have finished" in page
    assert re.search(r"^\| pair \| `hacpo` \| 2 \| \d+ %", page, re.M)
    assert (tmp_path / "figures" / "study.svg").read_text().startswith("<svg")


@pytest.mark.slow
def test_a_cell_that_fails_is_named_and_does_not_hold_up_the_others(tmp_path):
    arm = tmp_path / "unlucky.py"  # where the study is planned it can be loaded, where it runs it cannot
    arm.write_text(
        "import multiprocessing\n\nfrom hacpo_robot.robots.scara import ROBOT as ROBOT\n\n"
        "if multiprocessing.parent_process():\n    raise RuntimeError('no luck')\n"
    )
    parts = {"fleets": {"f": [str(arm)]}, "conditions": {"none": {"sharing": "none"}}, "headline": ["none"]}
    plan = plan_from_dict("x", parts | {"tasks": {"reach": {}}})
    said, cells = [], plan.cells(2)
    study = Study(plan, cells, tmp_path / "study", tmp_path / "files")
    with pytest.raises(StudyError, match=r"2 of 2 cells failed; see .*/none-0/log\.txt, .*/none-1/log\.txt"):
        study.run(cells, 1, StudyWatch(said=said.append))
    assert len(said) == 2
    assert "none-0: failed, robot file" in said[0]
    assert "RuntimeError: no luck" in said[0]


def test_two_processes_do_not_run_one_study(tmp_path):
    plan = load_plan("miniature")
    with (
        locked(tmp_path / "study", "runs the study in"),
        pytest.raises(RunFolderError, match="another process runs the study in"),
    ):
        Study(plan, plan.cells(1), tmp_path / "study", tmp_path / "files").run([], 1, StudyWatch())


def test_workers_share_the_cores_evenly(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {4, 5, 6, 7, 9}, raising=False)
    assert [_cores(place, 2) for place in range(2)] == [[4, 6, 9], [5, 7]]
    assert [_cores(place, 7) for place in range(7)] == [[4], [5], [6], [7], [9], [4], [5]]


def test_time_left_follows_the_steps_made_since_the_start(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    one, two = load_plan("miniature").cells(1)  # two robots with 3200 steps each

    def at(cell, steps):
        return CellStatus(cell, rows=[progress(steps), progress(steps)])

    clock = Clock([one, two])
    assert clock.seconds_left() is None
    clock.note(at(one, 1200))  # resumed there, perhaps
    assert clock.seconds_left() is None
    now[0] += 10.0
    clock.note(at(one, 2200))
    assert clock.seconds_left() == pytest.approx(10.0 * (1000 + 3200) / 1000)
    clock.close(two)  # only its evaluation was left to do: no step of it was made here
    assert clock.seconds_left() == pytest.approx(10.0 * 1000 / 1000)
    now[0] += 10.0
    clock.close(one)
    assert clock.seconds_left() == 0.0


def progress(steps):
    return Progress(robot="x", steps=steps, steps_per_s=1.0, success=0.0, accepted=0, kl=0.0)
