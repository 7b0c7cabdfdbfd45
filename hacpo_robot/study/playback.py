"""An exported policy in the place of a trained one."""

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.export.runtime import Policy
from hacpo_robot.learning.evaluation import Act


def as_action(policy: Policy) -> Act:
    """A policy file as a function to actions in [-1, 1], which simulated controllers take."""
    fields = policy.metadata["actions"]
    low = np.concatenate([field["low"] for field in fields])
    high = np.concatenate([field["high"] for field in fields])

    def act(observation: NDArray[np.float32]) -> NDArray[np.floating]:
        return 2 * (policy.act_flat(observation) - low) / (high - low) - 1

    return act
