"""Gripper commands: opening in [-1, 1] to finger positions, finger joints to opening."""

import numpy as np

from hacpo_robot.specs.robot import GripperSpec
from hacpo_robot.specs.signature import FloatArray

GRIPPER_SPEED = 0.4
"""Largest change of the gripper command in one control step; fully open to closed is 2."""


class Gripper:
    """What the spec says of a gripper, as arithmetic over all worlds."""

    def __init__(self, spec: GripperSpec) -> None:
        """Take the numbers of one gripper."""
        self._closed = np.array(spec.finger_closed)
        self._span = np.subtract(spec.finger_opened, spec.finger_closed)
        self._share_per_joint = 1 / (len(self._span) * self._span)
        self._min_width, self._stroke, self._bow = spec.min_width, spec.stroke, spec.bow

    def targets(self, command: FloatArray) -> FloatArray:
        """Servo targets. ``command`` is -1 closed to 1 open, shape (n, 1); returns (n, n_finger_joints)."""
        return self._closed + (command + 1) / 2 * self._span

    def width_at(self, command: FloatArray) -> FloatArray:
        """Opening that a command leads to. Shape (n, 1) in [-1, 1] and (n, 1) [m]."""
        return self.width(self.targets(command))

    def width(self, finger_pos: FloatArray) -> FloatArray:
        """Opening between the fingertips, by the parabola through its three known values.

        Args:
            finger_pos: Positions of the driven joints. Shape (n, n_finger_joints).

        Returns:
            Shape (n, 1) [m].
        """
        each = (finger_pos - self._closed) * self._share_per_joint
        share = each.sum(axis=-1, keepdims=True)  # 0 closed, 1 open
        return self._min_width + share * (self._stroke + self._bow * (1 - share))
