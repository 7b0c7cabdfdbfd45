"""Where a learner plays parts: worlds of its own, apart from those it trains in."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3 import PPO

from hacpo_robot.learning.model_view import ModelView
from hacpo_robot.sharing.embodiment import EmbodiedVecEnv
from hacpo_robot.sharing.rehearsal import Part, Rehearsal, rehearse


class RehearsalWorlds:
    """Owner of a learner's rehearsal worlds, and of how much was played there; the steps count."""

    def __init__(self, env: EmbodiedVecEnv, model: PPO, view: ModelView) -> None:
        """Nothing played yet.

        Args:
            env: Those worlds.
            model: Whose ``num_timesteps`` the steps are added to.
            view: The learner's policy.
        """
        self._env, self._model, self._view = env, model, view
        self.rounds = self.steps = 0

    def play(self, part: Part, most_noise: float) -> Rehearsal:
        """One episode of every world.

        Args:
            part: What acts.
            most_noise: Largest spread of the noise on its actions; else it is the policy's own.
        """
        self.rounds += 1
        spread = self._model.policy.log_std.detach().exp().clamp(max=most_noise)
        rehearsal = rehearse(
            self._env,
            part,
            gamma=self._model.gamma,
            noise=spread.double().numpy(),
            rng=np.random.default_rng([self._model.seed or 0, self.rounds]),
        )
        self.steps += rehearsal.steps
        self._model.num_timesteps += rehearsal.steps
        return rehearsal

    def play_own(self) -> Rehearsal:
        """One round of the own part, without noise, as the policy is used in the end."""
        return self.play(lambda observation, *_: self._view.mean(observation.astype(np.float32)), 0.0)

    def has_room_for(self, rounds: int) -> bool:
        """Whether the learner has steps left for so many more rounds, as long as those before."""
        left = self._model._total_timesteps - self._model.num_timesteps
        return rounds * self.steps <= left * self.rounds

    @property
    def share(self) -> float:
        """Of all steps that the learner will make, those that were made here."""
        return self.steps / self._model._total_timesteps

    def get_state(self) -> dict[str, NDArray[Any]]:
        """The counters as arrays."""
        return {"rounds": np.array(self.rounds), "steps": np.array(self.steps)}

    def set_state(self, state: dict[str, NDArray[Any]]) -> None:
        """Continue from what :meth:`get_state` returned."""
        self.rounds, self.steps = int(state["rounds"]), int(state["steps"])
