"""What the sensors of all worlds say, as named arrays."""

from dataclasses import dataclass

import numpy as np

from hacpo_robot.sim.handles import Handles
from hacpo_robot.specs.rotation import matrix_of_quaternion
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.terms import TaskState


@dataclass(frozen=True)
class JointState:
    """The arm's own view of itself."""

    pos: FloatArray
    """Shape (n, n_joints) [rad]."""
    vel: FloatArray
    """Shape (n, n_joints) [rad/s]."""
    jacobian: FloatArray
    """Tool linear then angular velocity per joint velocity, world frame. Shape (n, 6, n_joints)."""


def read_joints(sensors: FloatArray, handles: Handles) -> JointState:
    """Joint state of all worlds from their sensor values.

    Args:
        sensors: Shape (n, n_sensor_values).
        handles: Addresses in it.
    """
    tool = sensors[:, handles.tool_pos][:, None]  # (n, 1, 3)
    axis = sensors[:, handles.joint_axis]  # (n, n_joints, 3)
    linear = np.cross(axis, tool - sensors[:, handles.joint_anchor])
    jacobian = np.concatenate([linear, axis], axis=-1).swapaxes(-1, -2)
    return JointState(sensors[:, handles.joint_pos], sensors[:, handles.joint_vel], jacobian)


def read_task_state(
    sensors: FloatArray, handles: Handles, gripper_command: FloatArray, goal_pos_w: FloatArray
) -> TaskState:
    """Task-space state of all worlds.

    Args:
        sensors: Shape (n, n_sensor_values).
        handles: Addresses in it.
        gripper_command: Last command, -1 closed to 1 open. Shape (n, 1).
        goal_pos_w: Shape (n, 3) [m].
    """
    left = sensors[:, handles.left_touch].max(axis=-1, initial=0.0) > 0
    right = sensors[:, handles.right_touch].max(axis=-1, initial=0.0) > 0
    return TaskState(
        tool_pos_w=sensors[:, handles.tool_pos],
        tool_rot_w=matrix_of_quaternion(sensors[:, handles.tool_quat]),
        tool_vel_w=sensors[:, handles.tool_vel],
        gripper_width=np.abs(sensors[:, handles.finger_pos]).sum(axis=-1, keepdims=True),
        gripper_command=gripper_command,
        object_pos_w=sensors[:, handles.object_pos],
        object_rot_w=matrix_of_quaternion(sensors[:, handles.object_quat]),
        touch=np.stack([left, right], axis=-1).astype(float),
        goal_pos_w=goal_pos_w,
    )
