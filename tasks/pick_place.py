"""Pick and place: carry a cube to a point in the air and hold it there."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.specs.prop import Region
from hacpo_robot.specs.script import Stage, grasping, never, raise_to
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import TABLE_TOP, TaskSpec
from hacpo_robot.specs.terms import TaskState, Term, pinched, speed, within

from .lift import CUBE, HALF_SIZE, centre, grasp, reach

REST = TABLE_TOP + HALF_SIZE
"""Height of its centre on the table [m]."""
RADIUS = 0.05
"""Distance from the goal that counts as there [m]; that of Gymnasium-Robotics' FetchPickAndPlace."""
SPEED = 0.1
"""Below it the cube is held still [m/s]; at 0.05 the noise of exploration hid nearly every success."""

START = Region(x=(-0.05, 0.05), y=(-0.05, 0.05), z=(REST, REST), yaw=(0.0, 2 * np.pi))
"""Of lift's cube, wider spread."""


def cube_to_goal(state: TaskState) -> FloatArray:
    """From the cube to the goal. Shape (..., 3) [m]."""
    return state.goal_pos_w - state.object_pos_w[..., 0, :]


def unload(state: TaskState) -> FloatArray:
    """Cube off the table while grasped, full at 1 cm."""
    return np.clip((state.object_pos_w[..., 0, 2] - REST) / 0.01, 0.0, 1.0) * pinched(state)


def carry(state: TaskState) -> FloatArray:
    """Cube near the goal, seen from afar, while grasped and off the table."""
    return unload(state) * within(np.linalg.norm(cube_to_goal(state), axis=-1), radius=0.0, margin=0.25)


def approach(state: TaskState) -> FloatArray:
    """Cube near the goal, seen from close by, while grasped and off the table."""
    return unload(state) * within(np.linalg.norm(cube_to_goal(state), axis=-1), radius=0.01, margin=0.06)


def rest(state: TaskState) -> FloatArray:
    """Held at the goal, the slower the better."""
    return at_goal(state) * within(speed(state), radius=0.02, margin=0.2)


def at_goal(state: TaskState) -> NDArray[np.bool_]:
    """Cube at the goal between the fingertips, however fast."""
    return (np.linalg.norm(cube_to_goal(state), axis=-1) < RADIUS) & pinched(state)


def delivered(state: TaskState) -> NDArray[np.bool_]:
    """Cube held still at the goal by both fingertips."""
    return at_goal(state) & (speed(state) < SPEED)


SCRIPT = (
    *grasping(),
    Stage(
        move=lambda s: raise_to(s, TABLE_TOP + 0.1),
        grip=-1.0,
        done=lambda s: s.object_pos_w[..., 0, 2] > REST + 0.03,
    ),
    Stage(move=cube_to_goal, grip=-1.0, done=never),
)

TASK = TaskSpec(
    name="pick_place",
    props=(replace(CUBE, start=START),),
    goal=Region(x=(-0.12, 0.12), y=(-0.12, 0.12), z=(0.87, 1.0)),
    rewards={
        "reach": Term(reach, 0.03),
        "centre": Term(centre, 0.03),
        "grasp": Term(grasp, 0.04),
        "unload": Term(unload, 0.08),
        "carry": Term(carry, 0.12),
        "approach": Term(approach, 0.08),
        "rest": Term(rest, 0.07),
        "success": Term(lambda state: delivered(state).astype(float), 0.55),
    },
    success=delivered,
    horizon_s=6.0,
    script=SCRIPT,
)
