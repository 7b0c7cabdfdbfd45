"""HACPO as a Stable-Baselines3 callback: any ``PPO`` joins a fleet by being given one."""

import logging
import math
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.learning.apprentice import Apprentice
from hacpo_robot.learning.imitation import CrossPhase, Imitator
from hacpo_robot.learning.model_view import ModelView, check_model
from hacpo_robot.learning.objective import hacpo_surrogate, weighted_regression
from hacpo_robot.sharing.embodiment import EmbodiedVecEnv, Embodiment
from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.sharing.lessons import Lessons
from hacpo_robot.sharing.member import Member
from hacpo_robot.sharing.recorder import EpisodeRecorder, Step
from hacpo_robot.sharing.state import flatten, part_of

LOG = logging.getLogger(__name__)
OWN_STATES = 1024
"""Own states on which policy change is measured."""


class HACPOCallback(BaseCallback):
    """Publishes a learner's good episodes, and learns from the fleet between PPO's own updates.

    The cross phase runs where the next rollout begins, right after ``train()``, so that PPO's data
    are always its own policy's. PPO itself is not touched.

    The model's environment must be an :class:`~hacpo_robot.sharing.embodiment.Embodiment`, bare or
    in a ``VecNormalize``; for its policy see :func:`~hacpo_robot.learning.model_view.check_model`.
    """

    def __init__(self, exchange: Exchange, name: str, rehearsal_env: EmbodiedVecEnv | None = None) -> None:
        """Take a place at an exchange.

        Args:
            exchange: Shared by all learners of the fleet.
            name: This learner's name there.
            rehearsal_env: Worlds in which this learner tries what others would do, apart from those
                it trains in, at least two, as episodes are compared; its steps count in the budget. Without
                them nothing is tried.

        Raises:
            InvalidSpecError: one world alone.
        """
        super().__init__()
        if rehearsal_env is not None and rehearsal_env.num_envs < 2:
            raise InvalidSpecError(f"{name} cannot rehearse in one world; two and more are compared")
        self._exchange, self._name = exchange, name
        self.rehearsal_env = rehearsal_env
        self.apprentice: Apprentice | None = None
        """Who tries what others would do, once training has begun and there are worlds for it."""
        self.member: Member
        self.view: ModelView
        self.imitator: Imitator
        self.recorder: EpisodeRecorder
        self._own_observation: torch.Tensor | None = None
        self._own_gradient: torch.Tensor | None = None
        self._warned = False
        self.accepted = 0
        """Steps learned from in the last cross phase."""
        self.kl = 0.0
        """Policy change by the last cross phase."""

    def take_place(self, env: VecEnv) -> Member:
        """This learner's side of the exchange; joined on first use, with the bare environment."""
        if not hasattr(self, "member"):
            self.member = self._exchange.join(self._name, cast("Embodiment", env))
        return self.member

    @property
    def _ppo(self) -> PPO:
        assert isinstance(self.model, PPO), f"HACPOCallback needs a PPO, not {type(self.model).__name__}"
        return self.model

    def _on_training_start(self) -> None:
        env = self.training_env.unwrapped
        check_model(self._ppo)
        self.member = self.take_place(env)
        self.view = ModelView(self._ppo)
        self.member.view = self.view
        if not hasattr(self, "imitator"):
            self.imitator = Imitator(self._ppo.policy, self._exchange.settings, self._ppo.seed or 0)
        if self.apprentice is None and self.rehearsal_env is not None:
            self.apprentice = Apprentice(
                self._exchange, self.member, self.rehearsal_env, self._ppo, self.imitator.generator
            )
        if not hasattr(self, "recorder") or self._ppo.num_timesteps == 0:  # SB3 has reset the worlds
            self.recorder = EpisodeRecorder(env.num_envs)

    def _on_rollout_start(self) -> None:
        if self.apprentice is not None and self._own_observation is not None:
            self.apprentice.look_back(self.logger)
            self.apprentice.rehearse(self.logger)
        self._cross_phase()
        self._published = 0
        self._raw = self.view.raw(self.locals.get("new_obs", self._ppo._last_obs))
        self._body, self._world = self.member.embodiment.hub_state()

    def _on_step(self) -> bool:
        reward = self.view.raw_reward(self.locals["rewards"])
        self.recorder.add(
            Step(
                self._raw,
                self.locals["clipped_actions"],
                self._body,
                self._world,
                self.member.embodiment.effect(),
                reward,
                self.locals["dones"],
            )
        )
        for world in np.flatnonzero(self.locals["dones"]):
            self._publish(world, self.locals["infos"][world])
        self._raw = self.view.raw(self.locals.get("new_obs", self._ppo._last_obs))
        self._body, self._world = self.member.embodiment.hub_state()
        return True

    def _on_rollout_end(self) -> None:
        states = self._ppo.rollout_buffer.observations
        states = states.reshape(-1, states.shape[-1])
        rows = np.linspace(0, len(states) - 1, min(OWN_STATES, len(states))).astype(int)
        self._own_observation = torch.as_tensor(states[rows])
        others = self._exchange.mode.hears_others and not self.member.rehearsed
        if others and self._exchange.sources_of(self._name):
            self._own_gradient = self._measure_own_gradient(rows)
        self.recorder.forget(self._ppo.n_steps)
        self.member.grow_older()
        self.member.note_steps(self.recorder.rollout(self._ppo.n_steps))
        if self.apprentice is not None:
            self.apprentice.sit_exam(self.logger)

    def _measure_own_gradient(self, rows: NDArray[np.intp]) -> torch.Tensor:
        """PPO's own gradient on some steps of the rollout, before PPO trains on them."""
        buffer = self._ppo.rollout_buffer
        flat = [
            torch.as_tensor(part.reshape(len(part) * part.shape[1], -1)[rows])
            for part in (buffer.observations, buffer.actions, buffer.advantages)
        ]
        return self.imitator.own_gradient(flat[0], flat[1], flat[2][:, 0])

    def _on_training_end(self) -> None:
        self._cross_phase()

    def get_state(self) -> dict[str, NDArray[Any]]:
        """Everything of this learner's sharing but its schema, as arrays."""
        own = {} if self._own_observation is None else {"own": self._own_observation.numpy()}
        if self._own_gradient is not None:
            own["own_gradient"] = self._own_gradient.numpy()
        return own | flatten({part: owner.get_state() for part, owner in self._owners().items()})

    def restore(self, model: PPO, state: dict[str, NDArray[Any]]) -> None:
        """Continue with a loaded model from what :meth:`get_state` returned."""
        self.init_callback(model)
        self._on_training_start()
        for part, owner in self._owners().items():
            owner.set_state(part_of(state, part))
        if "own_gradient" in state:
            self._own_gradient = torch.as_tensor(state["own_gradient"])
        if "own" in state:
            self._own_observation = torch.as_tensor(state["own"])

    def _owners(self) -> dict[str, Member | EpisodeRecorder | Imitator | Apprentice]:
        apprentice = {} if self.apprentice is None else {"apprentice": self.apprentice}
        return {"member": self.member, "recorder": self.recorder, "imitator": self.imitator, **apprentice}

    def _publish(self, world: int, info: dict[str, Any]) -> None:
        if "is_success" not in info and not self._warned:
            self._warned = True
            LOG.warning("%s ends episodes without is_success in their infos: none counts as good", self._name)
        success = bool(info.get("is_success", False))
        self.member.pool.note_outcome(success=success)
        if success and self._published < self._exchange.settings.episodes_per_rollout:
            self._published += 1
            value = self._value(info["terminal_observation"]) if info.get("TimeLimit.truncated") else 0.0
            self.member.pool.add(self.recorder.cut(world, self._ppo.gamma, value))

    def _value(self, observation: NDArray[np.float32]) -> float:
        """What the critic expects from an observation on, as the policy sees it, in raw reward units."""
        with torch.no_grad():
            value = float(self._ppo.policy.predict_values(torch.as_tensor(observation[None])))
        return value * self.view.reward_scale

    def _cross_phase(self) -> None:
        """Learn from the fleet what the last rollout left to learn; at most once per rollout."""
        own, self._own_observation = self._own_observation, None
        gradient, self._own_gradient = self._own_gradient, None
        self.accepted, self.kl = 0, 0.0
        if own is None:
            return
        lessons = self._exchange.share_experiences(
            self._name, self.view, self.recorder.rollout(self._ppo.n_steps)
        )
        if lessons is None:
            return
        outcome = self.imitator.learn(
            self.view.normalized(lessons.observation),
            torch.as_tensor(lessons.action),
            lessons.weight,
            own,
            self._budget(lessons.feasibility),
            gradient,
            hacpo_surrogate if self._exchange.mode.by_surrogate else weighted_regression,
        )
        if outcome.gradient_steps:
            self.accepted, self.kl = len(lessons.weight), outcome.kl
            self._log(lessons, outcome)

    def _budget(self, feasibility: float) -> float:
        """Finer towards the end of a run, as PPO's own steps are; less for what the body cannot do."""
        if not self._exchange.settings.guards.budget:
            return math.inf
        highest = max(self._ppo.lr_schedule(left) for left in np.linspace(1.0, 0.0, 101))
        fineness = self._ppo.policy.optimizer.param_groups[0]["lr"] / highest
        return fineness * self._exchange.settings.kl_budget * feasibility

    def _log(self, lessons: Lessons, outcome: CrossPhase) -> None:
        for pair in lessons.log:
            place = f"sharing/{pair.source}->{pair.learner}"
            for key in ("offered", "accepted", "support", "effect_error", "weight", "trust"):
                self.logger.record(f"{place}/{key}", getattr(pair, key))
        self.logger.record(f"sharing/{self._name}/kl", outcome.kl)
        self.logger.record(f"sharing/{self._name}/loss", outcome.loss)
        self.logger.record(f"sharing/{self._name}/cosine", outcome.cosine)
        self.logger.record(f"sharing/{self._name}/gradient_steps", outcome.gradient_steps)
