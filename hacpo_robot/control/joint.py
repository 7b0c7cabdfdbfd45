"""Joint motion commands."""

import numpy as np

from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.readout import JointState
from hacpo_robot.specs.robot import JointPositionDelta
from hacpo_robot.specs.signature import Field, FloatArray, uniform_field
from hacpo_robot.specs.terms import TaskState


class JointController:
    """Moves every joint from where it *is*: a target that accumulates would run ahead of the arm."""

    def __init__(self, action: JointPositionDelta, joints: tuple[str, ...], handles: Handles) -> None:
        """Take the scale from the action spec and the limits from the model."""
        self._scale = action.scale
        self._low, self._high = handles.arm_range.T
        self.fields: tuple[Field, ...] = (uniform_field("joint_delta", joints, action.scale, unit="rad"),)

    def targets(self, action: FloatArray, joints: JointState, state: TaskState) -> FloatArray:  # noqa: ARG002
        """Joint position targets inside the joint limits. Shape (n, n_joints) [rad]."""
        return np.clip(joints.pos + self._scale * action, self._low, self._high)
