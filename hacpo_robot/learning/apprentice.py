"""A learner plays others' parts in worlds of its own, and takes over what is better than its own."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import VecEnv

from hacpo_robot.learning.adoption import adopt
from hacpo_robot.learning.foresight import expect_observations, expect_returns
from hacpo_robot.learning.model_view import ModelView
from hacpo_robot.learning.safety_net import SafetyNet
from hacpo_robot.learning.stage import Stage
from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.sharing.experience import Experience
from hacpo_robot.sharing.member import Member
from hacpo_robot.sharing.rehearsal import Part, Rehearsal
from hacpo_robot.sharing.teacher import Understudy
from hacpo_robot.specs.signature import FloatArray


class Apprentice:
    """Owner of a learner's stage and of its safety net: when parts are played, and what is adopted."""

    def __init__(
        self, exchange: Exchange, member: Member, env: VecEnv, model: PPO, generator: torch.Generator
    ) -> None:
        """Nothing tried yet.

        Args:
            exchange: Where others are found.
            member: The learner's side of it.
            env: Worlds apart from those that the learner trains in; their steps count in its budget.
            model: The learner; its policy is changed in place.
            generator: Of the batches of an adoption.
        """
        self._exchange, self._member, self._model = exchange, member, model
        self._view, self._generator = ModelView(model), generator
        self.stage = Stage(env, model, self._view)
        self.safety_net = SafetyNet()

    def look_back(self, log: Logger) -> None:
        """After a rollout: go back to before an adoption that cost success."""
        if self._exchange.settings.guards.safety_net:
            restored = self.safety_net.judge(self._model.policy, self._member.pool.success_rate)
            log.record(f"sharing/{self._member.name}/restored", int(restored))

    def rehearse(self, log: Logger) -> None:
        """Try what the most promising source would do here; adopt it where it is worth it."""
        settings = self._exchange.settings
        if self._model._current_progress_remaining < settings.rehearsal_end:
            return
        if settings.guards.share_cap and self.stage.share >= settings.rehearsal_share:
            return
        source = self._exchange.choose_rehearsal(self._member.name)
        if source is None or source.teacher is None or self._member.body is None:
            return
        rehearsal = self._try(Understudy(source.teacher, self._member.body).act)
        worthwhile = self._exchange.note_rehearsal(self._member.name, source.name, rehearsal)
        if worthwhile:
            self._adopt(*self._member.repertoire(source, settings.half_life))
        place = f"sharing/{source.name}->{self._member.name}"
        log.record(f"{place}/rehearsed", rehearsal.success.mean())
        log.record(f"{place}/trust", self._member.trust_in(source).level)
        log.record(f"{place}/adopted", int(worthwhile))

    def _try(self, part: Part) -> Rehearsal:
        """A teacher's part, round after round as long as it is worth it; beside it, once, the own part."""
        settings, name = self._exchange.settings, self._member.name
        rehearsal = self.stage.play(part, settings.rehearsal_std)
        if self._exchange.is_worthwhile(name, rehearsal):
            self._member.note_exam(self.stage.play_own())
        rounds = 1
        while rounds < settings.rehearsal_rounds and self._exchange.is_worthwhile(name, rehearsal):
            rehearsal = rehearsal.joined(self.stage.play(part, settings.rehearsal_std))
            rounds += 1
        return rehearsal

    def sit_exam(self, log: Logger) -> None:
        """Show what it can do, for those that have waited for it, when it comes to wait for them."""
        if not self._exchange.rehearses:
            return
        ripe = self._exchange.settings.pace.ripe
        before = 1.0 - self._model._current_progress_remaining  # SB3 moves it on after the rollout
        if before < ripe <= self._model.num_timesteps / self._model._total_timesteps:
            own = self.stage.play_own().joined(self.stage.play_own())
            self._member.note_exam(own)
            log.record(f"sharing/{self._member.name}/exam", own.success.mean())

    def _adopt(self, steps: Experience, freshness: FloatArray) -> None:
        """Take over what the own body did while others played it."""
        expect_returns(self._model, steps.returns)
        expect_observations(self._model, steps.observation)
        self.safety_net.spread(self._model.policy, self._member.pool.success_rate)
        adopt(
            self._model.policy,
            self._view.normalized(steps.observation.astype(np.float32)),
            torch.as_tensor(steps.action, dtype=torch.float32),
            torch.as_tensor(freshness, dtype=torch.float32),
            self._exchange.settings,
            self._generator,
        )

    def get_state(self) -> dict[str, NDArray[Any]]:
        """What was played, and what waits to be judged, as arrays."""
        parts = {"stage": self.stage.get_state(), "safety_net": self.safety_net.get_state()}
        return {f"{part}/{name}": array for part, arrays in parts.items() for name, array in arrays.items()}

    def set_state(self, state: dict[str, NDArray[Any]]) -> None:
        """Continue from what :meth:`get_state` returned."""
        for part, owner in (("stage", self.stage), ("safety_net", self.safety_net)):
            start = f"{part}/"
            owner.set_state({k.removeprefix(start): v for k, v in state.items() if k.startswith(start)})
