"""Scripted experts: what a patient engineer would do, for any arm and any action interface."""

import numpy as np

from hacpo_robot.control.cartesian import solve_twist, upright_error
from hacpo_robot.envs.cell import Cell
from hacpo_robot.specs.robot import CartesianDelta
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import TABLE_TOP

MAX_MOVE = 0.03
"""Largest tool motion asked for in one control step [m]."""


class ReachExpert:
    """Moves the tool straight to the goal."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell

    def act(self) -> FloatArray:
        """Actions for all worlds. Shape (n_worlds, action size)."""
        state = self.cell.state
        return tool_action(self.cell, state.goal_pos_w - state.tool_pos_w, np.ones(self.cell.n_worlds))

    def forget(self, worlds: np.ndarray) -> None:
        """Nothing to forget."""


class LiftExpert:
    """Above the cube, down, close, up; the stage of each world is remembered."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.stage = np.zeros(cell.n_worlds, int)
        self.closing = np.zeros(cell.n_worlds, int)

    def forget(self, worlds: np.ndarray) -> None:
        """Begin these worlds from the first stage."""
        self.stage[worlds] = self.closing[worlds] = 0

    def act(self) -> FloatArray:
        """Actions for all worlds. Shape (n_worlds, action size)."""
        state = self.cell.state
        offset = state.object_pos_w[:, 0] - state.tool_pos_w
        level = np.linalg.norm(offset[:, :2], axis=-1)
        turn = quarter_turn_error(state.tool_rot_w, state.object_rot_w[:, 0])
        aligned = (level < 0.01) & (np.abs(turn) < 0.15)
        self.stage[(self.stage == 0) & aligned & (np.abs(offset[:, 2] + 0.08) < 0.03)] = 1
        self.stage[(self.stage == 1) & (offset[:, 2] > -0.012)] = 2
        self.closing += self.stage == 2
        self.stage[(self.stage == 2) & (self.closing > 6)] = 3
        wanted = np.where(self.stage[:, None] == 0, offset + [0, 0, 0.08], offset)
        up = np.zeros_like(offset)
        up[:, 2] = TABLE_TOP + 0.12 - state.tool_pos_w[:, 2]
        wanted = np.where(self.stage[:, None] == 3, up, wanted)
        wanted = np.where(self.stage[:, None] == 2, 0.3 * wanted, wanted)
        grip = np.where(self.stage >= 2, -1.0, 1.0)
        return tool_action(self.cell, wanted, grip, np.where(self.stage < 2, turn, 0.0))


def quarter_turn_error(tool_rot: FloatArray, object_rot: FloatArray) -> FloatArray:
    """Smallest turn about the vertical that lines the fingers up with a face. Shape (n,) [rad]."""
    tool = np.arctan2(tool_rot[..., 1, 0], tool_rot[..., 0, 0])
    cube = np.arctan2(object_rot[..., 1, 0], object_rot[..., 0, 0])
    return (cube - tool + np.pi / 4) % (np.pi / 2) - np.pi / 4


def tool_action(cell: Cell, move: FloatArray, grip: FloatArray, turn: FloatArray | None = None) -> FloatArray:
    """The action that moves the tool by ``move`` (limited to ``MAX_MOVE``), whatever the interface."""
    length = np.linalg.norm(move, axis=-1, keepdims=True)
    move = move * np.minimum(1.0, MAX_MOVE / np.maximum(length, 1e-9))
    turn = np.zeros(len(move)) if turn is None else np.clip(turn, -0.15, 0.15)
    action = cell.robot.action
    if isinstance(action, CartesianDelta):
        arm = np.concatenate([move / action.position_scale, turn[:, None] / action.yaw_scale], axis=-1)
    else:
        rotation = upright_error(cell.state.tool_rot_w)
        rotation[:, 2] += turn
        joints = cell.joints
        step = solve_twist(joints.jacobian, np.concatenate([move, rotation], axis=-1))
        # Redundant joints drift back to the middle of where they started.
        home = np.array(cell.robot.arm.home) - joints.pos
        reachable = joints.jacobian.swapaxes(-1, -2) @ np.linalg.pinv(joints.jacobian.swapaxes(-1, -2))
        step = step + 0.1 * ((np.eye(len(cell.robot.arm.joints)) - reachable) @ home[..., None])[..., 0]
        arm = step / action.scale
    return np.clip(np.concatenate([arm, grip[:, None]], axis=-1), -1.0, 1.0)


EXPERTS = {"reach": ReachExpert, "lift": LiftExpert}
