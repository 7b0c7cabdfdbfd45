"""The cross phase: a policy's mean is regressed on weighted lessons, within a budget of change."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from hacpo_robot.learning.objective import Objective, weighted_regression
from hacpo_robot.specs.training import SharingSettings

CHECK_EVERY = 4
"""Gradient steps between two measurements of the budget."""


@dataclass(frozen=True)
class CrossPhase:
    """What one cross phase did."""

    gradient_steps: int
    loss: float
    """Of the objective, last batch."""
    cosine: float
    """Mean cosine between the lessons' gradient and PPO's own; 0 where that is not known."""
    kl: float
    """Mean divergence of the new from the old policy on the learner's own states."""


class Imitator:
    """Regresses the mean of one policy; owner of its own optimizer and generator.

    The spread of the policy and its critic are left alone.
    """

    def __init__(self, policy: ActorCriticPolicy, settings: SharingSettings, seed: int) -> None:
        """Take hold of the policy's actor."""
        self._policy, self._settings = policy, settings
        self._actor = nn.ModuleList([policy.mlp_extractor.policy_net, policy.action_net])
        self.optimizer = torch.optim.Adam(self._actor.parameters(), lr=settings.learning_rate)
        self.generator = torch.Generator().manual_seed(seed)

    def learn(
        self,
        observation: Tensor,
        action: Tensor,
        weight: NDArray[np.floating],
        own_observation: Tensor,
        kl_budget: float,
        own_gradient: Tensor | None = None,
        objective: Objective = weighted_regression,
    ) -> CrossPhase:
        """Descend until the minibatches are spent or the budget is; go back to where it is met.

        Args:
            observation: Normalised. Shape (n, observation size).
            action: Shape (n, action size).
            weight: Shape (n,); only proportions matter.
            own_observation: Normalised states of the learner's last rollout. Shape (m, ·).
            kl_budget: Largest mean divergence on the learner's own states.
            own_gradient: From :meth:`own_gradient`; with guard ``projection`` lessons are bent so that they
                do not work against it.
            objective: What is descended.
        """
        if kl_budget <= 0:
            return CrossPhase(0, 0.0, 0.0, 0.0)
        weights = torch.as_tensor(weight / max(np.abs(weight).mean(), 1e-12), dtype=torch.float32)
        std = self._policy.log_std.detach().exp()
        spread = std.clamp(min=self._settings.std_floor)
        start = parameters_to_vector(self._actor.parameters()).detach().clone()
        before = self._mean(own_observation).detach()
        first_mean = self._mean(observation).detach()

        def change() -> float:
            return mean_divergence(before, self._mean(own_observation).detach(), std)

        loss, kl, step = torch.zeros(()), 0.0, 0
        cosines: list[float] = []
        while step < self._settings.minibatches and kl <= kl_budget:
            rows = torch.randint(len(action), (self._settings.batch_size,), generator=self.generator)
            missed = (action[rows] - self._mean(observation[rows])) / spread
            loss = objective(missed, (action[rows] - first_mean[rows]) / spread, weights[rows], step)
            step += 1
            self.optimizer.zero_grad()
            loss.backward()
            if own_gradient is not None:
                cosines.append(self._compare(own_gradient))
            nn.utils.clip_grad_norm_(self._actor.parameters(), 0.5)
            self.optimizer.step()
            if step % CHECK_EVERY == 0 or step == self._settings.minibatches:
                kl = change()
        if not kl <= kl_budget:
            self._go_back(start, (kl_budget / kl) ** 0.5)
            kl = change()
        return CrossPhase(step, float(loss.detach()), float(np.mean(cosines)) if cosines else 0.0, kl)

    def _go_back(self, start: Tensor, share: float) -> None:
        """Keep a share of the way gone, as KL grows with its square; none if lessons were no numbers."""
        if not math.isfinite(share):
            share = 0.0
            self.optimizer.state.clear()
        way = parameters_to_vector(self._actor.parameters()).detach() - start
        vector_to_parameters(start + torch.nan_to_num(way) * share, self._actor.parameters())

    def own_gradient(self, observation: Tensor, action: Tensor, advantage: Tensor) -> Tensor:
        """Gradient of PPO's loss at ratio 1, for the actor. Shape (number of parameters,).

        Args:
            observation: Normalised, of the last rollout. Shape (n, observation size).
            action: Sampled. Shape (n, action size).
            advantage: Shape (n,).
        """
        scaled = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        std = self._policy.log_std.detach().exp()
        density = -0.5 * ((action - self._mean(observation)) / std).pow(2).sum(dim=-1)
        gradients = torch.autograd.grad(-(scaled * density).mean(), list(self._actor.parameters()))
        return parameters_to_vector(gradients).detach()

    def _compare(self, own: Tensor) -> float:
        """Cosine of the lessons' gradient with PPO's own; takes out what works against it, if so wished.

        One-way PCGrad (Yu et al. 2020): PPO's own gradient is never bent.
        """
        parameters = list(self._actor.parameters())
        lessons = parameters_to_vector([p.grad for p in parameters if p.grad is not None])
        overlap = float(lessons @ own)
        if overlap < 0 and self._settings.guards.projection:
            bent, start = lessons - overlap / (own @ own + 1e-12) * own, 0
            for parameter in parameters:
                parameter.grad = bent[start : start + parameter.numel()].view_as(parameter)
                start += parameter.numel()
        return overlap / (float(lessons.norm() * own.norm()) + 1e-12)

    def get_state(self) -> dict[str, NDArray[np.floating]]:
        """Optimizer moments and generator as arrays."""
        moments = {
            f"{index}/{name}": value.numpy().copy()
            for index, entry in self.optimizer.state_dict()["state"].items()
            for name, value in entry.items()
        }
        return {**moments, "generator": self.generator.get_state().numpy()}

    def set_state(self, state: dict[str, NDArray[np.floating]]) -> None:
        """Continue from what :meth:`get_state` returned."""
        self.generator.set_state(torch.as_tensor(state["generator"]))
        entries: dict[int, dict[str, Tensor]] = {}
        for key, value in state.items():
            if key != "generator":
                index, name = key.split("/")
                entries.setdefault(int(index), {})[name] = torch.as_tensor(value)
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": entries})

    def _mean(self, observation: Tensor) -> Tensor:
        policy_net, action_net = self._actor
        return action_net(policy_net(observation))


def mean_divergence(before: Tensor, after: Tensor, std: Tensor) -> float:
    """Mean KL divergence of two Gaussian policies of equal spread.

    Args:
        before: Action means. Shape (n, d).
        after: Action means. Shape (n, d).
        std: Shape (d,).
    """
    return float((0.5 * ((after - before) / std).pow(2).sum(dim=-1)).mean())
