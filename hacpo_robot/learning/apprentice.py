"""A learner plays others' parts in worlds of its own, and takes over what is better than its own."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger

from hacpo_robot.learning.adoption import adopt
from hacpo_robot.learning.foresight import expect_observations, expect_returns
from hacpo_robot.learning.model_view import ModelView
from hacpo_robot.learning.rehearsal_worlds import RehearsalWorlds
from hacpo_robot.learning.safety_net import SafetyNet
from hacpo_robot.sharing.embodiment import EmbodiedVecEnv
from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.sharing.experience import Experience
from hacpo_robot.sharing.member import Member
from hacpo_robot.sharing.rehearsal import Rehearsal
from hacpo_robot.sharing.state import flatten, part_of
from hacpo_robot.sharing.steps import concatenate
from hacpo_robot.sharing.teacher import Understudy
from hacpo_robot.specs.signature import FloatArray

EXAM_ROUNDS = 2
"""Rounds of the own part by which a policy is judged."""


class Apprentice:
    """Owner of a learner's rehearsal worlds and safety net: when parts are played, and what is adopted."""

    def __init__(
        self, exchange: Exchange, member: Member, env: EmbodiedVecEnv, model: PPO, generator: torch.Generator
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
        self.worlds = RehearsalWorlds(env, model, self._view)
        self.safety_net = SafetyNet()
        self._last_is_due = False

    def look_back(self, log: Logger) -> None:
        """After a rollout: go back to before an adoption that cost success."""
        if self._exchange.settings.guards.safety_net:
            restored = self.safety_net.judge(self._model.policy, self._member.pool.success_rate)
            log.record(f"sharing/{self._member.name}/restored", int(restored))

    def rehearse(self, log: Logger) -> None:
        """Try what others would do here, where it is time for that; adopt it where it is worth it."""
        settings = self._exchange.settings
        last_is_due, self._last_is_due = self._last_is_due, False
        if not last_is_due:  # until then its last exam counts, with which what it tries is compared
            self._member.rest()
        if settings.guards.share_cap and self.worlds.share >= settings.rehearsal_share:
            return
        if last_is_due:
            self._rehearse_last(log)
        elif self._model._current_progress_remaining >= settings.rehearsal_end:
            self._rehearse_next(log)

    def _rehearse_next(self, log: Logger) -> None:
        """The most promising part, as long as it is worth it; beside it, once, the own part."""
        name, settings = self._member.name, self._exchange.settings
        source = self._exchange.choose_rehearsal(name)
        if source is None:
            return
        rehearsal = self._play(source, settings.rehearsal_std)
        if self._exchange.is_worthwhile(name, rehearsal):
            self._note_exam(self.worlds.play_own(), log)
        rounds = 1
        while rounds < settings.rehearsal_rounds and self._exchange.is_worthwhile(name, rehearsal):
            rehearsal = rehearsal.joined(self._play(source, settings.rehearsal_std))
            rounds += 1
        worthwhile = self._exchange.is_worthwhile(name, rehearsal)
        self._note(source, rehearsal, log, adopted=worthwhile)
        if worthwhile:
            self._adopt(*self._member.repertoire(source, settings.half_life))

    def _rehearse_last(self, log: Logger) -> None:
        """The part that does best here of all, adopted for good if an exam says that this is better.

        What is adopted now is not practised any more, so it is not the part that is compared but what the
        policy makes of it. Nothing happens where the steps that are left do not suffice.
        """
        settings = self._exchange.settings
        sources = self._exchange.last_sources(self._member.name)
        while sources and not self.worlds.has_room_for(len(sources) + settings.last_rounds - 1 + EXAM_ROUNDS):
            sources.pop()
        if not sources:
            return
        played = [self._play(source, settings.last_std) for source in sources]
        best = max(range(len(sources)), key=lambda k: played[k].returns.mean())
        better = played[best].success.mean() >= settings.least_success
        if better:
            for _ in range(settings.last_rounds - 1):
                played[best] = played[best].joined(self._play(sources[best], settings.last_std))
            better = self._adopt_for_good(played[best], log)
        for k, (source, rehearsal) in enumerate(zip(sources, played, strict=True)):
            self._note(source, rehearsal, log, adopted=better and k == best)

    def _adopt_for_good(self, rehearsal: Rehearsal, log: Logger) -> bool:
        """Adopt a part, and go back where an exam says that this is no better; whether it is."""
        steps = concatenate(rehearsal.better_half)
        self._adopt(steps, np.ones(len(steps.returns)))
        exam = self._play_exam()
        better = self._exchange.is_better(self._member.name, exam)
        if better:
            self.safety_net.forget()  # an exam tells more than the training episodes that are left
            self._note_exam(exam, log)
        else:
            self.safety_net.go_back(self._model.policy)
        return better

    def _play(self, source: Member, most_noise: float) -> Rehearsal:
        """One round of a source's part, lived anew from its beginning."""
        assert source.teacher is not None
        assert self._member.body is not None
        part = Understudy(source.teacher, self._member.body)
        return self.worlds.play(part.act, most_noise)

    def sit_exam(self, log: Logger) -> None:
        """Show what it can do, for those that have waited for it, when it comes to wait for them."""
        if not self._exchange.rehearses:
            return
        settings = self._exchange.settings
        before = 1.0 - self._model._current_progress_remaining  # SB3 moves it on after the rollout
        if before < settings.pace.ripe <= self._model.num_timesteps / self._model._total_timesteps:
            self._note_exam(self._play_exam(), log)
            self._last_is_due = settings.last_rounds > 0

    def _play_exam(self) -> Rehearsal:
        exam = self.worlds.play_own()
        for _ in range(EXAM_ROUNDS - 1):
            exam = exam.joined(self.worlds.play_own())
        return exam

    def _note_exam(self, exam: Rehearsal, log: Logger) -> None:
        self._member.note_exam(exam)
        log.record(f"sharing/{self._member.name}/exam", exam.success.mean())

    def _note(self, source: Member, rehearsal: Rehearsal, log: Logger, *, adopted: bool) -> None:
        self._member.note_rehearsal(source, rehearsal, worthwhile=adopted)
        place = f"sharing/{source.name}->{self._member.name}"
        log.record(f"{place}/rehearsed", rehearsal.success.mean())
        log.record(f"{place}/trust", self._member.trust_in(source).level)
        log.record(f"{place}/adopted", int(adopted))

    def _adopt(self, steps: Experience, freshness: FloatArray) -> None:
        """Take over what the own body did while others played it."""
        expect_returns(self._model, steps.returns)
        expect_observations(self._model, steps.observation)
        self.safety_net.remember(self._model.policy, self._member.pool.success_rate)
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
        parts = {"worlds": self.worlds.get_state(), "safety_net": self.safety_net.get_state()}
        return flatten(parts) | {"last_is_due": np.array(self._last_is_due)}

    def set_state(self, state: dict[str, NDArray[Any]]) -> None:
        """Continue from what :meth:`get_state` returned."""
        self._last_is_due = bool(state["last_is_due"])
        self.worlds.set_state(part_of(state, "worlds"))
        self.safety_net.set_state(part_of(state, "safety_net"))
