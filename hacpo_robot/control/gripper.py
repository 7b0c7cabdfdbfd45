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
        self._finger_closed = np.array(spec.finger_closed)
        self._finger_span = np.subtract(spec.finger_opened, spec.finger_closed)
        self._max_width = spec.max_width

    def targets(self, command: FloatArray) -> FloatArray:
        """Actuator targets. ``command`` is -1 closed to 1 open, shape (n, 1); returns (n, n_actuators)."""
        return self._closed + (command + 1) / 2 * self._target_span

    def width(self, finger_pos: FloatArray) -> FloatArray:
        """Opening between the fingertips. (n, n_finger_joints) -> (n, 1) [m]."""
        share = (finger_pos - self._finger_closed) / self._finger_span
        return self._max_width * share.mean(axis=-1, keepdims=True)
