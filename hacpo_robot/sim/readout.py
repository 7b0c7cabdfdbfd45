"""What the sensors of all worlds say, as named arrays."""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

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
    axis_w: FloatArray
    """Direction of every joint's axis. Shape (n, n_joints, 3)."""
    lever_w: FloatArray
    """From every joint's axis to the tool. Shape (n, n_joints, 3) [m]."""
    slides: NDArray[np.bool_]
    """Which joints are prismatic. Shape (n_joints,)."""

    @cached_property
    def jacobian(self) -> FloatArray:
        """Tool linear then angular velocity per joint velocity, world frame. Shape (n, 6, n_joints)."""
        columns = np.concatenate([cross(self.axis_w, self.lever_w), self.axis_w], axis=-1).swapaxes(-1, -2)
        if self.slides.any():
            columns[:, :3, self.slides] = self.axis_w[:, self.slides].swapaxes(-1, -2)
            columns[:, 3:, self.slides] = 0.0
        return columns


def read_joints(sensors: FloatArray, handles: Handles) -> JointState:
    """Joint state of all worlds from their sensor values.

    Args:
        sensors: Shape (n, n_sensor_values).
        handles: Addresses in it.
    """
    joints = sensors[:, handles.joints]  # (n, n_joints, 9)
    tool = sensors[:, handles.frames[0, :3]][:, None]  # (n, 1, 3)
    return JointState(
        pos=joints[..., 0],
        vel=joints[..., 1],
        effort=joints[..., 2],
        wrist_force=sensors[:, handles.wrist_force],
        wrist_torque=sensors[:, handles.wrist_torque],
        tool_angvel_w=sensors[:, handles.tool_angvel],
        axis_w=joints[..., 6:],
        lever_w=tool - joints[..., 3:6],
        slides=handles.arm_slides,
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
    frames = sensors[:, handles.frames]  # (n, 1 + n_objects, 10)
    position, rotation, velocity = frames[..., :3], matrix_of_quaternion(frames[..., 3:7]), frames[..., 7:]
    return TaskState(
        tool_pos_w=position[:, 0],
        tool_rot_w=rotation[:, 0],
        tool_vel_w=velocity[:, 0],
        gripper_width=gripper_width,
        gripper_command=gripper_command,
        object_pos_w=position[:, 1:],
        object_rot_w=rotation[:, 1:],
        object_vel_w=velocity[:, 1:],
        touch=(sensors[:, handles.touch] > 0).any(axis=-1).astype(float),
        contact=_read_contact(sensors, handles),
        fixture_joints=sensors[:, handles.fixture_joints],
        goal_pos_w=goal_pos_w,
    )


def _read_contact(sensors: FloatArray, handles: Handles) -> FloatArray:
    n_objects = len(handles.touch)
    contact = np.zeros((len(sensors), n_objects, n_objects))
    for (one, other), column in zip(combinations(range(n_objects), 2), handles.contact, strict=True):
        contact[:, one, other] = contact[:, other, one] = sensors[:, column] > 0
    return contact
