"""Tool motion commands by damped least squares, for all worlds at once."""

import numpy as np

from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.readout import JointState
from hacpo_robot.specs.action import CartesianDelta
from hacpo_robot.specs.rotation import upright_error
from hacpo_robot.specs.signature import XYZ, Field, FloatArray, uniform_field
from hacpo_robot.specs.terms import TaskState

DAMPING = 0.02
"""Damping of the inverse; keeps joint motion finite near singular postures."""
LEVER = 0.2
"""Translation that counts as much as a turn of 1 rad [m]: an arm that cannot do both, for want of joints
or at the end of its reach, gives up the turn."""
UPRIGHT_GAIN = 0.3
"""Share of the tilt that one control step takes back: an arm that corrected all of it at once would
do, in a tilted posture, what no other arm can."""
TURNS = {"upright": (), "yaw": ("yaw",), "full": XYZ}
"""Which turns an action commands."""
MAX_JOINT_STEP = 0.2
"""Largest joint motion asked for in one control step [rad or m]."""


def solve_twist(jacobian: FloatArray, twist: FloatArray) -> FloatArray:
    """Joint motion that best produces a tool motion: damped least squares, turns weighted by ``LEVER``.

    Args:
        jacobian: Shape (n, 6, n_joints).
        twist: Translation [m] then rotation vector [rad], world frame. Shape (n, 6).

    Returns:
        Shape (n, n_joints) [rad], scaled down where a joint would exceed ``MAX_JOINT_STEP``.
    """
    jacobian, twist = jacobian * _WEIGHTS[:, None], twist * _WEIGHTS
    gram = jacobian @ jacobian.swapaxes(-1, -2) + _DAMPING_GRAM
    joint_step = (jacobian.swapaxes(-1, -2) @ np.linalg.solve(gram, twist[..., None]))[..., 0]
    largest = np.abs(joint_step).max(axis=-1, keepdims=True)
    return joint_step * np.minimum(1.0, MAX_JOINT_STEP / np.maximum(largest, 1e-9))


_WEIGHTS = np.array([1.0, 1.0, 1.0, LEVER, LEVER, LEVER])
_DAMPING_GRAM = DAMPING**2 * np.eye(6)


class CartesianController:
    """Translates and turns the tool; what the action leaves out is held pointing down."""

    def __init__(self, action: CartesianDelta, handles: Handles) -> None:
        """Take the scales from the action spec and the limits from the model."""
        self._spec = action
        self._low, self._high = handles.arm_range.T
        self._turns = TURNS[action.rotation]
        fields = [
            uniform_field("tool_delta", ("x", "y", "z"), action.position_scale, unit="m", frame="world")
        ]
        if self._turns:
            name = "tool_yaw_delta" if action.rotation == "yaw" else "tool_rot_delta"
            fields.append(uniform_field(name, self._turns, action.rotation_scale, unit="rad", frame="world"))
        self.fields: tuple[Field, ...] = tuple(fields)

    def targets(self, action: FloatArray, joints: JointState, state: TaskState) -> FloatArray:
        """Joint position targets inside the joint limits. Shape (n, n_joints) [rad or m]."""
        turn = np.zeros((*action.shape[:-1], 3))
        if self._spec.rotation != "full":
            turn += UPRIGHT_GAIN * upright_error(state.tool_rot_w)
        if self._turns:
            turn[..., 3 - len(self._turns) :] += self._spec.rotation_scale * action[..., 3:]
        twist = np.concatenate([self._spec.position_scale * action[..., :3], turn], axis=-1)
        return np.clip(joints.pos + solve_twist(joints.jacobian, twist), self._low, self._high)
