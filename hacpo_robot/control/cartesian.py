"""Tool motion commands by damped least squares, for all worlds at once."""

import numpy as np

from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.readout import JointState
from hacpo_robot.specs.robot import CartesianDelta
from hacpo_robot.specs.signature import Field, FloatArray, uniform_field
from hacpo_robot.specs.terms import TaskState

DAMPING = 0.03
"""Damping of the inverse; keeps joint motion finite near singular postures."""
UPRIGHT_GAIN = 0.3
"""Share of the tilt that one control step takes back: an arm that corrected all of it at once would
do, in a tilted posture, what no other arm can."""
MAX_JOINT_STEP = 0.2
"""Largest joint motion asked for in one control step [rad]."""


def solve_twist(jacobian: FloatArray, twist: FloatArray) -> FloatArray:
    """Joint motion that best produces a tool motion.

    Args:
        jacobian: Shape (n, 6, n_joints).
        twist: Translation [m] then rotation vector [rad], world frame. Shape (n, 6).

    Returns:
        Shape (n, n_joints) [rad], scaled down where a joint would exceed ``MAX_JOINT_STEP``.
    """
    gram = jacobian @ jacobian.swapaxes(-1, -2) + DAMPING**2 * np.eye(6)
    joint_step = (jacobian.swapaxes(-1, -2) @ np.linalg.solve(gram, twist[..., None]))[..., 0]
    largest = np.abs(joint_step).max(axis=-1, keepdims=True)
    return joint_step * np.minimum(1.0, MAX_JOINT_STEP / np.maximum(largest, 1e-9))


def upright_error(tool_rot_w: FloatArray) -> FloatArray:
    """Rotation vector that turns the tool's z axis straight down. (n, 3, 3) -> (n, 3) [rad]."""
    return np.cross(tool_rot_w[..., :, 2], np.array([0.0, 0.0, -1.0]))


class CartesianController:
    """Translates the tool and turns it about the vertical, while it keeps pointing down."""

    def __init__(self, action: CartesianDelta, handles: Handles) -> None:
        """Take the scales from the action spec and the limits from the model."""
        self._position_scale = action.position_scale
        self._yaw_scale = action.yaw_scale
        self._low, self._high = handles.arm_range.T
        self.fields: tuple[Field, ...] = (
            uniform_field("tool_delta", ("x", "y", "z"), action.position_scale, unit="m", frame="world"),
            uniform_field("tool_yaw_delta", ("yaw",), action.yaw_scale, unit="rad", frame="world"),
        )

    def targets(self, action: FloatArray, joints: JointState, state: TaskState) -> FloatArray:
        """Joint position targets inside the joint limits. Shape (n, n_joints) [rad]."""
        turn = UPRIGHT_GAIN * upright_error(state.tool_rot_w)
        turn[..., 2] += self._yaw_scale * action[..., 3]
        twist = np.concatenate([self._position_scale * action[..., :3], turn], axis=-1)
        return np.clip(joints.pos + solve_twist(joints.jacobian, twist), self._low, self._high)
