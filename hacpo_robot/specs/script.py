"""How a task is done by hand: stages of tool motion that any arm can follow. It never mentions a robot."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.specs.rotation import half_turn_error, quarter_turn_error, upright_error
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

HOVER = 0.08
"""Height above a box from which the gripper goes down on it [m]."""


def to_object(state: TaskState, index: int = 0, *, above: float = 0.0) -> FloatArray:
    """From the tool to an object, or to a point above it. Shape (..., 3) [m]."""
    return state.object_pos_w[..., index, :] - state.tool_pos_w + np.array([0.0, 0.0, above])


def to_goal(state: TaskState) -> FloatArray:
    """From the tool to the goal. Shape (..., 3) [m]."""
    return state.goal_pos_w - state.tool_pos_w


def level(move: FloatArray) -> FloatArray:
    """The horizontal part of a motion. (..., 3) -> (..., 3) [m]."""
    return move * np.array([1.0, 1.0, 0.0])


def raise_to(state: TaskState, height: float) -> FloatArray:
    """From the tool straight up or down to a height above the world's floor. Shape (..., 3) [m]."""
    up = np.zeros_like(state.tool_pos_w)
    up[..., 2] = height - state.tool_pos_w[..., 2]
    return up


def stay(state: TaskState) -> FloatArray:
    """No motion. Shape (..., 3) [m]."""
    return np.zeros_like(state.tool_pos_w)


def align(state: TaskState, index: int = 0) -> FloatArray:
    """Rotation that stands the tool upright, its axes along the sides of a box. Shape (..., 3) [rad]."""
    turn = upright_error(state.tool_rot_w)
    turn[..., 2] += quarter_turn_error(state.tool_rot_w, state.object_rot_w[..., index, :, :])
    return turn


def point_fingers(state: TaskState, heading: FloatArray) -> FloatArray:
    """Rotation that stands the tool upright with the line through its fingers at a heading.

    Args:
        state: The tool's x axis is the line through its fingers.
        heading: From the world's x axis; half a turn makes no difference. Shape (...,) [rad].

    Returns:
        Shape (..., 3) [rad].
    """
    turn = upright_error(state.tool_rot_w)
    turn[..., 2] += half_turn_error(state.tool_rot_w, heading)
    return turn


def never(state: TaskState) -> NDArray[np.bool_]:
    """The last stage lasts for ever. Shape (...,)."""
    return np.zeros(state.tool_pos_w.shape[:-1], bool)


def always(state: TaskState) -> NDArray[np.bool_]:
    """A stage that lasts its ``min_steps``. Shape (...,)."""
    return ~never(state)


def grasping(index: int = 0, turn: Goal | None = None) -> Script:
    """Stages after which both fingertips hold a small box that stood on the table.

    Args:
        index: Which object.
        turn: Rotation still to go before the gripper goes down; fingers along any two sides of the
            box where ``None``.
    """

    def aligned(state: TaskState) -> FloatArray:
        return align(state, index) if turn is None else turn(state)

    def above(state: TaskState) -> NDArray[np.bool_]:
        offset = to_object(state, index, above=HOVER)
        off_centre, off_yaw = np.linalg.norm(offset[..., :2], axis=-1), np.abs(aligned(state)[..., 2])
        return (off_centre < 0.01) & (off_yaw < 0.15) & (np.abs(offset[..., 2]) < 0.03)

    return (
        Stage(move=lambda s: to_object(s, index, above=HOVER), turn=aligned, done=above),
        Stage(
            move=lambda s: to_object(s, index),
            turn=aligned,
            done=lambda s: to_object(s, index)[..., 2] > -0.012,
        ),
        Stage(move=lambda s: 0.3 * to_object(s, index), grip=-1.0, done=always, min_steps=7),
    )
