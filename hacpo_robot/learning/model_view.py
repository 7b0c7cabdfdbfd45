"""A PPO as the exchange sees it: raw observations and rewards, whether it normalises them or not."""

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.distributions import DiagGaussianDistribution
from stable_baselines3.common.torch_layers import FlattenExtractor
from stable_baselines3.common.vec_env import VecNormalize

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.specs.signature import FloatArray


def check_model(model: PPO) -> None:
    """Raise unless a policy is of the kind that sharing reads and adopts: an MLP on flat observations.

    Raises:
        InvalidSpecError: it lies on another device than the CPU, extracts features, or is no diagonal
            Gaussian; or its actions are not in [-1, 1].
    """
    policy = model.policy
    if model.device.type != "cpu":
        raise InvalidSpecError(f"the policy lies on {model.device}; make it with PPO(..., device='cpu')")
    if type(policy.features_extractor) is not FlattenExtractor:
        kind = type(policy.features_extractor).__name__
        raise InvalidSpecError(f"sharing takes flat observations as they are, but the policy has a {kind}")
    if type(policy.action_dist) is not DiagGaussianDistribution:
        kind = type(policy.action_dist).__name__
        raise InvalidSpecError(f"sharing takes diagonal Gaussian policies, but the policy has a {kind}")
    space = policy.action_space
    if not isinstance(space, spaces.Box) or (space.low != -1).any() or (space.high != 1).any():
        raise InvalidSpecError(f"sharing takes actions in [-1, 1], not {space}")


class ModelView:
    """Reads a model; changes nothing. Is a :data:`~hacpo_robot.sharing.member.PolicyView`."""

    def __init__(self, model: PPO) -> None:
        """Look at a model whose environment is set."""
        self._model = model

    @property
    def _normalizer(self) -> VecNormalize | None:
        return self._model.get_vec_normalize_env()

    def __call__(self, observation: NDArray[np.float32]) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Action mean (n, d), value in raw reward units (n,), action spread (d,)."""
        policy, normalized = self._model.policy, self.normalized(observation)
        with torch.no_grad():
            distribution = policy.get_distribution(normalized)
            assert isinstance(distribution, DiagGaussianDistribution)
            mean, std = distribution.distribution.mean, distribution.distribution.stddev
            value = policy.predict_values(normalized)[:, 0] * self.reward_scale
        return mean.double().numpy(), value.double().numpy(), std[0].double().numpy()

    def mean(self, observation: NDArray[np.float32]) -> FloatArray:
        """The action mean alone, several times as fast. Shape (n, d)."""
        policy = self._model.policy
        with torch.no_grad():
            features = policy.pi_features_extractor(self.normalized(observation))
            mean = policy.action_net(policy.mlp_extractor.forward_actor(features))
        return mean.double().numpy()

    def normalized(self, observation: NDArray[np.float32]) -> torch.Tensor:
        """Raw observations as the policy takes them. Shape (n, observation size)."""
        scaled = observation if self._normalizer is None else self._normalizer.normalize_obs(observation)
        return torch.as_tensor(np.asarray(scaled, np.float32))

    def raw(self, observation: Any) -> FloatArray:  # noqa: ANN401  whatever SB3 keeps
        """What the environment returned last, of which ``observation`` is the policy's view."""
        return np.asarray(observation if self._normalizer is None else self._normalizer.get_original_obs())

    def raw_reward(self, reward: FloatArray) -> FloatArray:
        """What the environment paid last, of which ``reward`` is the policy's view. Shape (n_envs,)."""
        return reward if self._normalizer is None else self._normalizer.get_original_reward()

    @property
    def reward_scale(self) -> float:
        """Raw reward units per unit of the critic."""
        if self._normalizer is None or not self._normalizer.norm_reward:
            return 1.0
        return float(np.sqrt(self._normalizer.ret_rms.var + self._normalizer.epsilon))
