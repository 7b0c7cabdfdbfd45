"""Follows a task's script with any robot: what a patient engineer would do by hand."""

import numpy as np

from hacpo_robot.control.cartesian import solve_twist
from hacpo_robot.control.joint import joint_scale
from hacpo_robot.envs.workcell import CONTROL_HZ, Workcell
from hacpo_robot.specs.action import CartesianDelta, JointVelocity
from hacpo_robot.specs.rotation import upright_error
from hacpo_robot.specs.signature import FloatArray, IntArray

MAX_TURN = 0.15
"""Largest rotation asked for in one control step [rad]."""
HOMING = 0.1
"""Share of a redundant joint's distance from home that one control step takes back."""
COVERED = 0.5
"""Share of a commanded joint change that a position servo covers within a control step; what a
velocity servo is asked for, to move as fast."""


class ScriptedExpert:
    """Actions for all worlds of a cell, each at its own stage of the task's script."""

    def __init__(self, cell: Workcell) -> None:
        """Begin every world at the first stage."""
        self.cell = cell
        self.stage = np.zeros(cell.n_worlds, int)
        self._elapsed = np.zeros(cell.n_worlds, int)

    def forget(self, worlds: IntArray) -> None:
        """Begin these worlds from the first stage. ``worlds`` has shape (k,)."""
        self.stage[worlds] = self._elapsed[worlds] = 0

    def act(self) -> FloatArray:
        """The next action of every world. Shape (n_worlds, action size)."""
        state, script = self.cell.state, self.cell.task.script
        done = np.stack([stage.done(state) for stage in script])[self.stage, np.arange(len(self.stage))]
        due = self._elapsed >= np.array([stage.min_steps for stage in script])[self.stage]
        forward = done & due & (self.stage < len(script) - 1)
        self.stage = self.stage + forward
        self._elapsed = np.where(forward, 0, self._elapsed + 1)
        upright = upright_error(state.tool_rot_w)
        moves = [limited(stage.move(state), stage.speed) for stage in script]
        turns = [upright if stage.turn is None else stage.turn(state) for stage in script]
        at = self.stage, np.arange(len(self.stage))
        grip = np.array([stage.grip for stage in script])[self.stage]
        return tool_action(self.cell, np.stack(moves)[at], np.stack(turns)[at], grip)


def tool_action(cell: Workcell, move: FloatArray, turn: FloatArray, grip: FloatArray) -> FloatArray:
    """The action that moves the tool, whatever the robot's interface.

    Args:
        cell: The worlds.
        move: Translation, world frame. Shape (n, 3) [m].
        turn: Rotation vector, world frame; no more than ``MAX_TURN`` of it. Shape (n, 3) [rad].
        grip: -1 closed to 1 open. Shape (n,).

    Returns:
        Shape (n, action size), in [-1, 1].
    """
    spec, turn = cell.robot.action, limited(turn, MAX_TURN)
    if isinstance(spec, CartesianDelta):
        turned = {"upright": turn[:, :0], "yaw": turn[:, 2:], "full": turn}[spec.rotation]
        arm = np.concatenate([move / spec.position_scale, turned / spec.rotation_scale], axis=-1)
    else:
        step = solve_twist(cell.joints.jacobian, np.concatenate([move, turn], axis=-1)) + _drift_home(cell)
        rate = COVERED * CONTROL_HZ if isinstance(spec, JointVelocity) else 1.0
        arm = rate * step / joint_scale(spec, cell.robot.arm)
        # Slowing all joints alike keeps the direction where one of them cannot keep up.
        arm = arm / np.maximum(1.0, np.abs(arm).max(axis=-1, keepdims=True))
    return np.clip(np.concatenate([arm, grip[:, None]], axis=-1), -1.0, 1.0)


def _drift_home(cell: Workcell) -> FloatArray:
    """Joint motion that the tool does not feel, towards the home posture. Shape (n, n_joints)."""
    transposed = cell.joints.jacobian.swapaxes(-1, -2)
    felt = transposed @ np.linalg.pinv(transposed)
    away = np.array(cell.robot.arm.home) - cell.joints.pos
    return HOMING * ((np.eye(felt.shape[-1]) - felt) @ away[..., None])[..., 0]


def limited(vector: FloatArray, longest: float) -> FloatArray:
    """The vector, shortened where it is longer. (..., d) -> (..., d)."""
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    return vector * np.minimum(1.0, longest / np.maximum(length, 1e-9))
