"""What a learner was before it adopted a skill, to fall back on where success falls."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.policies import ActorCriticPolicy

from hacpo_robot.sharing.state import flatten, part_of

JUDGED_AFTER = 8
"""Rollouts after which an adoption is judged; the success rate looks back on about three."""
FALL = 0.1
"""Loss of success rate from which on the learner goes back."""


class SafetyNet:
    """The snapshot of one policy; empty where nothing waits to be judged."""

    def __init__(self) -> None:
        """Empty."""
        self._before: dict[str, torch.Tensor] = {}
        self._rate = 0.0
        self._left = 0

    def remember(self, policy: ActorCriticPolicy, success_rate: float) -> None:
        """Remember a policy that is about to change; one that still waited to be judged is forgotten."""
        self._before = {name: value.clone() for name, value in policy.state_dict().items()}
        self._rate, self._left = success_rate, JUDGED_AFTER

    def judge(self, policy: ActorCriticPolicy, success_rate: float) -> bool:
        """After each rollout: whether the policy was put back, as it succeeds clearly less often now."""
        if not self._before:
            return False
        self._left -= 1
        if self._left > 0:
            return False
        fell = success_rate < self._rate - FALL
        if fell:
            self.go_back(policy)
        self.forget()
        return fell

    def go_back(self, policy: ActorCriticPolicy) -> None:
        """Put back the policy that was remembered; nothing waits to be judged any more."""
        policy.load_state_dict(self._before)
        policy.optimizer.state.clear()
        self.forget()

    def forget(self) -> None:
        """Let nothing wait to be judged."""
        self._before = {}

    def get_state(self) -> dict[str, NDArray[Any]]:
        """The snapshot and its age as arrays."""
        snapshot = {name: value.numpy().copy() for name, value in self._before.items()}
        return flatten({"before": snapshot}) | {"numbers": np.array([self._rate, self._left], float)}

    def set_state(self, state: dict[str, NDArray[Any]]) -> None:
        """Continue from what :meth:`get_state` returned."""
        self._rate, left = map(float, state["numbers"])
        self._left = int(left)
        self._before = {name: torch.as_tensor(value) for name, value in part_of(state, "before").items()}
