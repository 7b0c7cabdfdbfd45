"""An exported policy in the place of a trained one."""

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.export.commands import CommandScale
from hacpo_robot.export.engines import Engine
from hacpo_robot.export.runtime import Policy
from hacpo_robot.learning.evaluation import Act
from hacpo_robot.specs.robot import GripperSpec


def as_action(policy: Engine, scale: CommandScale) -> Act:
    """A policy that commands, as a function to actions in [-1, 1], which simulated controllers take.

    It starts without a last command: make a new one for every evaluation.
    """
    policy.reset()

    def act(observation: NDArray[np.float32]) -> NDArray[np.floating]:
        return scale.actions(policy.act_flat(observation))

    return act


def scale_of(policy: Policy, gripper: GripperSpec) -> CommandScale:
    """What the commands of a file mean to an arm with this gripper."""
    fields = policy.metadata["actions"]
    low, high = (np.concatenate([field[bound] for field in fields]) for bound in ("low", "high"))
    bow = np.zeros_like(low)
    low[-1], high[-1], bow[-1] = gripper.min_width, gripper.max_width, gripper.bow
    return CommandScale(low, high, bow)
