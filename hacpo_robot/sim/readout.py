"""What the sensors of all worlds say, as named arrays."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from hacpo_robot.sim.handles import Handles
from hacpo_robot.specs.rotation import cross, matrix_of_quaternion
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.terms import TaskState


@dataclass(frozen=True)
class JointState:
    """The arm's own view of itself."""

    pos: FloatArray
    """Shape (n, n_joints) [rad, prismatic m]."""
    vel: FloatArray
    """Shape (n, n_joints) [rad/s, prismatic m/s]."""
    effort: FloatArray
    """What the servos exert. Shape (n, n_joints) [Nm, prismatic N]."""
    wrist_force: FloatArray
    """Force on the hand, hand frame; empty where the robot does not feel it. Shape (n, 3) or (n, 0) [N]."""
    wrist_torque: FloatArray
    """Shape (n, 3) or (n, 0) [Nm]."""
    tool_angvel_w: FloatArray
    """Shape (n, 3) [rad/s]."""
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
    linear = cross(axis, tool - sensors[:, handles.joint_anchor])
    jacobian = np.concatenate([linear, axis], axis=-1).swapaxes(-1, -2)
    if handles.arm_slides.any():
        jacobian[:, :3, handles.arm_slides] = axis[:, handles.arm_slides].swapaxes(-1, -2)
        jacobian[:, 3:, handles.arm_slides] = 0.0
    return JointState(
        pos=sensors[:, handles.joint_pos],
        vel=sensors[:, handles.joint_vel],
        effort=sensors[:, handles.joint_effort],
        wrist_force=sensors[:, handles.wrist_force],
        wrist_torque=sensors[:, handles.wrist_torque],
        tool_angvel_w=sensors[:, handles.tool_angvel],
        jacobian=jacobian,
    )


def read_task_state(
    sensors: FloatArray,
    handles: Handles,
    gripper_width: FloatArray,
    gripper_command: FloatArray,
    goal_pos_w: FloatArray,
) -> TaskState:
    """Task-space state of all worlds.

    Args:
        sensors: Shape (n, n_sensor_values).
        handles: Addresses in it.
        gripper_width: Opening between the fingertips. Shape (n, 1) [m].
        gripper_command: Last command, -1 closed to 1 open. Shape (n, 1).
        goal_pos_w: Shape (n, 3) [m].
    """
    return TaskState(
        tool_pos_w=sensors[:, handles.tool_pos],
        tool_rot_w=matrix_of_quaternion(sensors[:, handles.tool_quat]),
        tool_vel_w=sensors[:, handles.tool_vel],
        gripper_width=gripper_width,
        gripper_command=gripper_command,
        object_pos_w=sensors[:, handles.object_pos],
        object_rot_w=matrix_of_quaternion(sensors[:, handles.object_quat]),
        object_vel_w=sensors[:, handles.object_vel],
        touch=_read_touch(sensors, handles),
        contact=_read_contact(sensors, handles),
        fixture_joints=sensors[:, handles.fixture_joints],
        goal_pos_w=goal_pos_w,
    )


def _read_touch(sensors: FloatArray, handles: Handles) -> FloatArray:
    touch = np.zeros((len(sensors), len(handles.left_touch), 2))
    for side, columns_of in enumerate((handles.left_touch, handles.right_touch)):
        for index, columns in enumerate(columns_of):
            touch[:, index, side] = (sensors[:, columns] > 0).any(axis=-1)
    return touch


def _read_contact(sensors: FloatArray, handles: Handles) -> FloatArray:
    n_objects = len(handles.object_pos)
    contact = np.zeros((len(sensors), n_objects, n_objects))
    for (one, other), column in zip(combinations(range(n_objects), 2), handles.contact, strict=True):
        contact[:, one, other] = contact[:, other, one] = sensors[:, column] > 0
    return contact
