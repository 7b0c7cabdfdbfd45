"""Joint commands: change of position, or velocity."""

import numpy as np

from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.readout import JointState
from hacpo_robot.specs.action import JointPositionDelta, JointVelocity
from hacpo_robot.specs.robot import ArmSpec
from hacpo_robot.specs.signature import Field, FloatArray, symmetric_field
from hacpo_robot.specs.terms import TaskState


class JointPositionController:
    """Moves every joint from where it *is*: a target that accumulates would run ahead of the arm."""

    def __init__(self, action: JointPositionDelta, arm: ArmSpec, handles: Handles) -> None:
        """Take the scale from the action spec and the limits from the model."""
        self._scale = joint_scale(action, arm)
        self._low, self._high = handles.arm_range.T
        self.fields: tuple[Field, ...] = (
            symmetric_field("joint_delta", arm.joints, self._scale, units=arm.joint_units),
        )

    def targets(self, action: FloatArray, joints: JointState, state: TaskState) -> FloatArray:  # noqa: ARG002
        """Joint position targets inside the joint limits. Shape (n, n_joints) [rad or m]."""
        return np.clip(joints.pos + self._scale * action, self._low, self._high)


class JointVelocityController:
    """Asks every joint for a velocity; a joint at its limit is not driven further."""

    def __init__(self, action: JointVelocity, arm: ArmSpec, handles: Handles) -> None:
        """Take the scale from the action spec and the limits from the model."""
        self._scale = joint_scale(action, arm)
        self._low, self._high = handles.arm_range.T
        units = [f"{unit}/s" for unit in arm.joint_units]
        self.fields: tuple[Field, ...] = (
            symmetric_field("joint_velocity", arm.joints, self._scale, units=units),
        )

    def targets(self, action: FloatArray, joints: JointState, state: TaskState) -> FloatArray:  # noqa: ARG002
        """Joint velocity targets. Shape (n, n_joints) [rad/s or m/s]."""
        velocity = self._scale * action
        stuck = ((joints.pos >= self._high) & (velocity > 0)) | ((joints.pos <= self._low) & (velocity < 0))
        return np.where(stuck, 0.0, velocity)


def joint_scale(action: JointPositionDelta | JointVelocity, arm: ArmSpec) -> FloatArray:
    """What action 1 means for every joint. Shape (n_joints,)."""
    return np.where(arm.is_slide, action.slide_scale, action.scale)
