"""Gripper commands: opening in [-1, 1] to actuator targets, finger joints to opening."""

import numpy as np

from hacpo_robot.specs.robot import GripperSpec
from hacpo_robot.specs.signature import FloatArray

GRIPPER_SPEED = 0.4
"""Largest change of the gripper command in one control step; fully open to closed is 2."""


class Gripper:
    """What the spec says of a gripper, as arithmetic over all worlds."""

    def __init__(self, spec: GripperSpec) -> None:
        """Take the numbers of one gripper."""
        self._closed, self._target_span = np.array(spec.closed), np.subtract(spec.opened, spec.closed)
        span = np.subtract(spec.finger_opened, spec.finger_closed)
        self._width_per_joint = spec.max_width / (len(span) * span)[:, None]
        self._width_at_zero = -np.array(spec.finger_closed) @ self._width_per_joint

    def targets(self, command: FloatArray) -> FloatArray:
        """Actuator targets. ``command`` is -1 closed to 1 open, shape (n, 1); returns (n, n_actuators)."""
        return self._closed + (command + 1) / 2 * self._target_span

    def width(self, finger_pos: FloatArray) -> FloatArray:
        """Opening between the fingertips. (n, n_finger_joints) -> (n, 1) [m]."""
        return finger_pos @ self._width_per_joint + self._width_at_zero
