"""The task lint: silent on a sound task, and one sentence on each thing that can be wrong with a file."""

from dataclasses import replace

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
    assert faults(task, able_robots(task)[-1:]) == {}


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
        "moved though nobody touched it: 'cube' by 0.0",
    ),
    "object beside the table": (
        starting(x=(0.48, 0.49)),
        "objects rest where they start",
        "an object leaves the workspace by itself",
    ),
    "term beyond 1": (
        paying(lambda state: 3 * half(state)),
        "reward terms within [0, 1]",
        "'own' is 1.5 to 1.5; reward terms lie in [0, 1]",
    ),
    "term that is no number": (
        paying(lambda state: np.nan * half(state)),
        "reward terms within [0, 1]",
        "'own' is nan to nan",
    ),
    "counted from the front": (
        paying(lambda state: np.clip(state.tool_pos_w[:, 0], 0.0, 1.0)),
        "states of any number of axes",
        "'own' differs between states alone and stacked; index from the end",
    ),
    "too many axes for it": (
        paying(lambda state: np.clip(np.einsum("ij->i", state.tool_pos_w), 0.0, 1.0)),
        "states of any number of axes",
        "'own' fails on states of two axes",
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
        "0 of 20 episodes end in success; mend the script",
    ),
}


@pytest.mark.parametrize(("task", "check", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(task, check, words):
    assert words in faults(task)[check]


def test_a_task_that_nobody_can_do_is_no_success():
    assert faults(LIFT, ()) == {"some robot can do it": "none has all abilities in `needs`"}


def test_every_robot_plays_the_script():
    checks = [finding.check for finding in check_task(load_task("reach"), able_robots(REACH)[:2])]
    assert checks[-2:] == [f"script does it with {robot.name}" for robot in able_robots(REACH)[:2]]
