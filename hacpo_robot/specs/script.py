"""How a task is done by hand: stages of tool motion that any arm can follow. It never mentions a robot."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.specs.rotation import quarter_turn_error, upright_error
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.terms import TaskState

Goal = Callable[[TaskState], FloatArray]
Done = Callable[[TaskState], NDArray[np.bool_]]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stretch of a script: go somewhere with the gripper open or closed until something holds."""

    move: Goal
    """Tool motion still to go, world frame. Shape (..., 3) [m]."""
    done: Done
    """Whether the next stage may begin. Shape (...,), bool."""
    grip: float = 1.0
    """Gripper command, -1 closed to 1 open."""
    turn: Goal | None = None
    """Rotation vector still to go, world frame, shape (..., 3) [rad]; the tool is held upright
    where ``None``."""
    min_steps: int = 0
    """Control steps the stage lasts at least."""
    speed: float = 0.03
    """Largest tool motion per control step [m]."""


Script = tuple[Stage, ...]


def to_object(state: TaskState, index: int = 0, *, above: float = 0.0) -> FloatArray:
    """From the tool to an object, or to a point above it. Shape (..., 3) [m]."""
    return state.object_pos_w[..., index, :] - state.tool_pos_w + np.array([0.0, 0.0, above])


def to_goal(state: TaskState) -> FloatArray:
    """From the tool to the goal. Shape (..., 3) [m]."""
    return state.goal_pos_w - state.tool_pos_w


def align(state: TaskState, index: int = 0) -> FloatArray:
    """Rotation that stands the tool upright, its axes along the sides of a box. Shape (..., 3) [rad]."""
    turn = upright_error(state.tool_rot_w)
    turn[..., 2] += quarter_turn_error(state.tool_rot_w, state.object_rot_w[..., index, :, :])
    return turn


def never(state: TaskState) -> NDArray[np.bool_]:
    """The last stage lasts for ever. Shape (...,)."""
    return np.zeros(state.tool_pos_w.shape[:-1], bool)


def always(state: TaskState) -> NDArray[np.bool_]:
    """A stage that lasts its ``min_steps``. Shape (...,)."""
    return ~never(state)
