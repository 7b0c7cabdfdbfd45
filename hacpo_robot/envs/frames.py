"""Points, directions and rotations of the world, told in another frame.

``base`` sits in the robot's base with the axes of the world, ``tool`` is the tool's own frame.
"""

import numpy as np

from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.sensor import Frame
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.terms import TaskState


def base_origin(robot: RobotSpec) -> FloatArray:
    """Origin of the ``base`` frame in the world. Shape (3,) [m]."""
    return np.array(robot.arm.base_pos)


def seen_from(state: TaskState, point_w: FloatArray, frame: Frame, base: FloatArray) -> FloatArray:
    """A world point in a frame; ``base`` is its origin in the world. Shape (..., 3) [m]."""
    if frame == "tool":
        return offset_from_tool(state, point_w, frame)
    return point_w if frame == "world" else point_w - base


def offset_from_tool(state: TaskState, point_w: FloatArray, frame: Frame) -> FloatArray:
    """From the tool to a world point, along the axes of a frame. Shape (..., 3) [m]."""
    return along_axes(state, point_w - state.tool_pos_w, frame)


def along_axes(state: TaskState, vector_w: FloatArray, frame: Frame) -> FloatArray:
    """A world vector along the axes of a frame. Shape (..., 3)."""
    return (vector_w[..., None, :] @ state.tool_rot_w)[..., 0, :] if frame == "tool" else vector_w


def turned(state: TaskState, rot_w: FloatArray, frame: Frame) -> FloatArray:
    """A world rotation in a frame. Shape (..., 3, 3)."""
    return state.tool_rot_w.swapaxes(-1, -2) @ rot_w if frame == "tool" else rot_w
