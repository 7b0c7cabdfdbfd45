"""The vocabulary of rewards: task-space state, and pure functions from it to [0, 1]."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.specs.signature import FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class TaskState:
    """What a task can see of one or many worlds: no joints, no robot. Batch axes lead.

    A state is equal to itself alone, and its arrays do not change.
    """

    tool_pos_w: FloatArray
    """Shape (..., 3) [m]."""
    tool_rot_w: FloatArray
    """Tool axes as columns. Shape (..., 3, 3)."""
    tool_vel_w: FloatArray
    """Linear velocity. Shape (..., 3) [m/s]."""
    gripper_width: FloatArray
    """Opening between the fingertips. Shape (..., 1) [m]."""
    gripper_command: FloatArray
    """Last command, -1 closed to 1 open. Shape (..., 1)."""
    object_pos_w: FloatArray
    """Centre of a box, handle of a fixture. Shape (..., n_objects, 3) [m]."""
    object_rot_w: FloatArray
    """Shape (..., n_objects, 3, 3)."""
    object_vel_w: FloatArray
    """Linear velocity. Shape (..., n_objects, 3) [m/s]."""
    touch: FloatArray
    """1 where the left, right fingertip touches the object, else 0: with its pad a box, with any side the
    handle of a fixture. Shape (..., n_objects, 2)."""
    contact: FloatArray
    """1 where two objects touch each other, else 0; symmetric. Shape (..., n_objects, n_objects)."""
    fixture_joints: FloatArray
    """Joint positions of all fixtures, in the task's order. Shape (..., n_fixture_joints) [rad]."""
    goal_pos_w: FloatArray
    """Shape (..., 3) [m]; zeros where the task has no goal."""


RewardTerm = Callable[[TaskState], FloatArray]
Success = Callable[[TaskState], NDArray[np.bool_]]


@dataclass(frozen=True)
class Term:
    """A reward term with its weight in the sum."""

    value: RewardTerm
    weight: float


once_per_state = lru_cache(maxsize=4)
"""Decorator of a function of the state that several terms ask for: they share its one answer."""


def within(distance: FloatArray, *, radius: float, margin: float) -> FloatArray:
    """1 inside ``radius``, falling smoothly to 0.1 at ``radius + margin``.

    Args:
        distance: Shape (...,) [m].
        radius: Where the value is full [m].
        margin: Distance beyond ``radius`` at which 0.1 is left [m].

    Returns:
        Shape (...,), in (0, 1].
    """
    excess = np.maximum(distance - radius, 0.0) / margin
    return 0.1 ** (excess**2)


def unpressed(force: FloatArray) -> FloatArray:
    """1 while the robot presses on the table with up to 20 N, as fingertips may, falling to 0.1 at 100 N.

    A policy that leans on the table with its forearm learns to lift, and fails on any other table.

    Args:
        force: Shape (...,) [N].

    Returns:
        Shape (...,), in (0, 1].
    """
    return within(force, radius=20.0, margin=80.0)


def tanh_near(distance: FloatArray, *, steepness: float = 10.0) -> FloatArray:
    """1 - tanh(steepness x distance), the shape of robosuite's shaped rewards. Shape (...,), in (0, 1]."""
    return 1.0 - np.tanh(steepness * distance)


def distance(a: FloatArray, b: FloatArray) -> FloatArray:
    """Euclidean distance over the last axis. Shape (...,) [m]."""
    return np.linalg.norm(a - b, axis=-1)


def level_distance(a: FloatArray, b: FloatArray) -> FloatArray:
    """Horizontal distance. (..., 3), (..., 3) -> (...,) [m]."""
    return distance(a[..., :2], b[..., :2])


@once_per_state
def speed(state: TaskState, index: int = 0) -> FloatArray:
    """Speed of object ``index``. Shape (...,) [m/s]."""
    return np.linalg.norm(state.object_vel_w[..., index, :], axis=-1)


@once_per_state
def pinched(state: TaskState, index: int = 0) -> NDArray[np.bool_]:
    """Both fingertips touch object ``index``. Shape (...,)."""
    return state.touch[..., index, :].min(axis=-1) > 0.5


def untouched(state: TaskState, index: int = 0) -> NDArray[np.bool_]:
    """No fingertip touches object ``index``. Shape (...,)."""
    return state.touch[..., index, :].max(axis=-1) < 0.5
