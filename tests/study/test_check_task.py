"""The task lint: silent on a sound task, and one sentence on each thing that can be wrong with a file."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hacpo_robot.catalog import able_robots, load_robot, load_task, task_names
from hacpo_robot.specs.script import Stage, never, stay
from hacpo_robot.specs.terms import Term
from hacpo_robot.study.check_task import check_task

PANDA = load_robot("panda")
LIFT, REACH = (replace(load_task(name), horizon_s=1.0) for name in ("lift", "reach"))
CUBE = LIFT.props[0]


def faults(task, robots=(PANDA,)):
    return {finding.check: finding.fault for finding in check_task(task, robots) if finding.fault}


@pytest.mark.parametrize("name", task_names())
def test_every_task_of_the_catalogue_is_sound(name):
    task = load_task(name)
    assert faults(task, able_robots(task)[:1]) == {}


def starting(**place):
    return replace(LIFT, props=(replace(CUBE, start=replace(CUBE.start, **place)),))


def paying(value, weight=0.4, success_weight=0.6):
    success = Term(lambda state: REACH.success(state).astype(float), success_weight)
    return replace(REACH, horizon_s=2.5, rewards={"own": Term(value, weight), "success": success})


def half(state):
    return np.full(state.tool_pos_w.shape[:-1], 0.5)


WRONG = {
    "object in the air": (
        starting(z=(0.9, 0.9)),
        "objects rest where they start",
        "moved while the arm stood still: 'cube' by 0.0",
    ),
    "object beside the table": (
        starting(x=(0.48, 0.49)),
        "objects rest where they start",
        "an object leaves the workspace by itself",
    ),
    "term beyond 1": (
        paying(lambda state: 3 * half(state)),
        "reward terms within [0, 1]",
        "'own' goes from 1.5 to 1.5 under standing still; reward terms lie in [0, 1]",
    ),
    "term that is no number": (
        paying(lambda state: np.nan * half(state)),
        "reward terms within [0, 1]",
        "'own' goes from nan to nan",
    ),
    "counted from the front": (
        paying(lambda state: np.clip(state.tool_pos_w[:, 0], 0.0, 1.0)),
        "one number per world, whatever axes lead",
        "reward 'own' differs between states alone and stacked; index from the end",
    ),
    "too many axes for it": (
        paying(lambda state: np.clip(np.einsum("ij->i", state.tool_pos_w), 0.0, 1.0)),
        "one number per world, whatever axes lead",
        "reward 'own' fails on states with two axes in front",
    ),
    "a number too many": (
        paying(lambda state: state.gripper_width),
        "one number per world, whatever axes lead",
        "reward 'own' has shape (100, 1) for 100 worlds, expected (100,); take one element of the last axis",
    ),
    "misspelt": (
        paying(lambda state: state.tool_pos),
        "can be played with panda",
        "AttributeError: 'TaskState' object has no attribute 'tool_pos'",
    ),
    "nothing to compare": (
        replace(REACH, script=(Stage(move=stay, done=never),)),
        "success pays more than all else",
        "no episode came to a success that could be compared; mend the script first",
    ),
    "shaping pays more": (
        paying(lambda state: 1.0 - REACH.success(state), 0.6, 0.4),
        "success pays more than all else",
        "a state without success pays 0.60, one with success 0.40",
    ),
    "success by moving": (
        replace(REACH, success=lambda state: np.linalg.norm(state.tool_vel_w, axis=-1) > 0.01),
        "no success by standing still or by chance",
        "random motion succeeds in ",
    ),
    "success at the start": (
        replace(LIFT, success=lambda state: state.gripper_command[..., 0] > 0.5),
        "can be played with panda",
        "success is true in 1000 starts",
    ),
    "broken function": (
        replace(REACH, success=lambda state: state.object_pos_w[..., 3, 2] > 0),
        "can be played with panda",
        "IndexError",
    ),
    "script that waits": (
        replace(REACH, script=(Stage(move=stay, done=never),)),
        "script does it with panda",
        "0 of 100 episodes end in success; mend the script",
    ),
}


@pytest.mark.parametrize(("task", "check", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(task, check, words):
    assert words in faults(task)[check]


def test_a_task_that_nobody_can_do_is_no_success():
    assert faults(LIFT, ()) == {"some robot can do it": "none has all abilities in `needs`"}


def test_a_robot_that_cannot_play_is_told_and_the_next_one_plays():
    folded = replace(PANDA, name="folded", arm=replace(PANDA.arm, hand_body="hand"))
    last = list(check_task(load_task("reach"), (PANDA, folded, load_robot("ur5e"))))[-3:]
    assert [finding.fault is None for finding in last] == [True, False, True]


def test_a_file_is_checked_from_the_command_line_with_the_arms_it_is_meant_for(tmp_path):
    file = tmp_path / "wait.py"
    file.write_text(
        "from dataclasses import replace\n"
        "from hacpo_robot.catalog import load_task\n"
        "from hacpo_robot.specs.script import Stage, never, stay\n"
        "TASK = replace(load_task('reach'), name='wait', script=(Stage(move=stay, done=never),))\n"
    )
    command = [str(Path(sys.executable).parent / "hacpo-robot"), "check", "task", str(file)]
    done = subprocess.run([*command, "--robots", "ur5e"], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "mend  script does it with ur5e\n      0 of 100 episodes" in done.stdout
    assert done.stdout.splitlines()[-1] == "wait: 2 to mend"


def test_every_robot_plays_the_script():
    checks = [finding.check for finding in check_task(load_task("reach"), able_robots(REACH)[:2])]
    assert checks[-2:] == [f"script does it with {robot.name}" for robot in able_robots(REACH)[:2]]
