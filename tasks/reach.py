"""Reach: hold the tool at a point above the table."""

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.specs.prop import Region
from hacpo_robot.specs.script import Stage, never, to_goal
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import TaskSpec
from hacpo_robot.specs.terms import TaskState, Term, distance, within

RADIUS = 0.02
"""Distance that counts as reached [m]."""


def near(state: TaskState) -> FloatArray:
    """Tool near the goal, seen from afar."""
    return within(distance(state.tool_pos_w, state.goal_pos_w), radius=0.0, margin=0.3)


def close(state: TaskState) -> FloatArray:
    """Tool near the goal, seen from close by."""
    return within(distance(state.tool_pos_w, state.goal_pos_w), radius=0.0, margin=0.05)


def reached(state: TaskState) -> NDArray[np.bool_]:
    """Tool within ``RADIUS`` of the goal."""
    return distance(state.tool_pos_w, state.goal_pos_w) < RADIUS


TASK = TaskSpec(
    name="reach",
    goal=Region(x=(-0.15, 0.15), y=(-0.2, 0.2), z=(0.85, 1.1)),
    rewards={
        "near": Term(near, 0.2),
        "close": Term(close, 0.25),
        "success": Term(lambda state: reached(state).astype(float), 0.55),
    },
    success=reached,
    horizon_s=2.5,
    script=(Stage(move=to_goal, done=never),),
)
