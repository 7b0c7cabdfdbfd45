"""The meeting place of a fleet: who offers what, and what each learner makes of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.sharing.body_schema import BodySchema
from hacpo_robot.sharing.embodiment import Embodiment
from hacpo_robot.sharing.experience import Experience
from hacpo_robot.sharing.pool import ExperiencePool
from hacpo_robot.sharing.relevance import calculate_relevance, feasibility, select_top_k
from hacpo_robot.sharing.translation import Translation, ask_teacher, own_words, translate
from hacpo_robot.sharing.trust import Trust
from hacpo_robot.sharing.weighting import agreement, capability_ratio, weight_experiences
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.training import SharingSettings

PolicyView = Callable[[NDArray[np.float32]], tuple[FloatArray, FloatArray, FloatArray]]
"""Raw observations to the learner's action mean, its value in raw reward units, and its action std."""


@dataclass
class Member:
    """One learner's side of the exchange: what it offers and what it has translated."""

    name: str
    embodiment: Embodiment
    pool: ExperiencePool
    schema: BodySchema | None = None
    """``None`` until calibrated and ready: such a learner gives but does not take."""
    trust: Trust = field(default_factory=Trust)
    """In what others teach it."""
    view: PolicyView | None = None
    """Its present policy, for others to ask; ``None`` before training starts."""
    _translated: dict[str, list[Translation]] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)

    def lessons_of(self, source: "Member") -> Translation | None:
        """The source's bank in this learner's words; only new episodes are translated."""
        fresh = source.pool.since(self._seen.get(source.name, 0))
        kept = self._translated.setdefault(source.name, [])
        for episode in fresh:
            if source is self:
                kept.append(own_words(episode))
            elif self.schema is not None:
                kept.append(translate(episode, self.schema, self.embodiment))
        del kept[: -len(source.pool.episodes)]
        self._seen[source.name] = source.pool.version
        return _join(kept) if kept else None


@dataclass(frozen=True)
class PairLog:
    """What one learner took from one source in one iteration."""

    source: str
    learner: str
    offered: int
    accepted: int
    support: float
    """Median distance to the learner's own states, in support radii."""
    effect_error: float
    """Median missed effect, in standard deviations of the learner's own effects."""
    weight: float
    """Mean weight of accepted steps."""


@dataclass(frozen=True)
class Lessons:
    """Weighted regression targets of one learner."""

    observation: NDArray[np.float32]
    """Raw. Shape (n, observation size)."""
    action: NDArray[np.float32]
    """Shape (n, action size)."""
    weight: FloatArray
    """Shape (n,)."""
    feasibility: float
    """How well the learner's body can do all this, 0 to 1."""
    teacher: str
    """Whose answers on the learner's own states are among them; empty where nobody's."""
    log: tuple[PairLog, ...]


class Exchange:
    """All members of a fleet. ``sharing`` decides who teaches whom."""

    def __init__(self, sharing: str, settings: SharingSettings, seed: int = 0) -> None:
        """An empty meeting place; learners join it."""
        self.sharing, self.settings = sharing, settings
        self.dice = np.random.default_rng(seed)
        self.members: dict[str, Member] = {}

    def join(self, name: str, embodiment: Embodiment) -> Member:
        """Add a learner."""
        self.members[name] = Member(name, embodiment, ExperiencePool(self.settings.bank_episodes))
        return self.members[name]

    def sources_of(self, learner: str) -> list[Member]:
        """Whom a learner learns from now, best first.

        Under ``self`` itself; under ``hacpo`` everyone who succeeds clearly more often, for the
        few lucky episodes of those who do not would only distract it.
        """
        me = self.members[learner]
        if self.sharing == "self":
            return [me]
        enough = me.pool.success_rate + self.settings.min_lead
        ahead = [member for member in self.members.values() if member.pool.success_rate >= enough]
        return sorted(ahead, key=lambda member: -member.pool.success_rate)

    def lag(self, learner: str) -> float:
        """How much more often the best source succeeds, or for ``self`` how often the learner fails."""
        own = self.members[learner].pool.success_rate
        if self.sharing == "self":
            return 1 - own
        return max([0.0, *(source.pool.success_rate - own for source in self.sources_of(learner))])

    def share_experiences(self, learner: str, view: PolicyView, rollout: Experience) -> Lessons | None:
        """Everything that a learner should learn from now, or nothing.

        Two channels: good episodes of every source, and what the best source would do in the
        learner's own last states, while the learner lags behind it.

        Args:
            learner: Its name.
            view: The learner's present policy.
            rollout: The learner's last steps; ``episode`` tells unbroken runs apart.
        """
        me = self.members[learner]
        parts: list[tuple[Translation, FloatArray]] = []
        log: list[PairLog] = []
        for source in self.sources_of(learner):
            offered = self._offer(me, source)
            if offered is None:
                continue
            chosen, weight = self._select(offered, view, me.pool, source.pool)
            parts.append((chosen, weight))
            log.append(_log_pair(source.name, learner, len(offered), chosen, weight))
        teacher = self._teacher_of(me)
        if teacher is not None:
            parts.append(self._ask(teacher, me, rollout))
        if sum(len(weight) for _, weight in parts) == 0:
            return None
        feasible = [feasibility(t.support, t.effect_error) for t, _ in parts]
        return Lessons(
            np.concatenate([t.observation for t, _ in parts]),
            np.concatenate([t.action for t, _ in parts]),
            np.concatenate([weight for _, weight in parts]),
            float(np.concatenate(feasible).mean()),
            "" if teacher is None else teacher.name,
            tuple(log),
        )

    def _offer(self, learner: Member, source: Member) -> Translation | None:
        """Steps drawn from the source's bank, in the learner's words."""
        offered = learner.lessons_of(source)
        if offered is None or len(offered) <= self.settings.offered_steps:
            return offered
        return offered.take(self.dice.choice(len(offered), self.settings.offered_steps, replace=False))

    def _teacher_of(self, learner: Member) -> Member | None:
        """The best source, if both bodies are known."""
        if learner.schema is None:
            return None
        able = [s for s in self.sources_of(learner.name) if s is not learner and s.schema and s.view]
        return able[0] if able else None

    def _ask(self, teacher: Member, learner: Member, rollout: Experience) -> tuple[Translation, FloatArray]:
        assert teacher.schema is not None
        assert teacher.view is not None
        assert learner.schema is not None
        view = teacher.view
        answers = ask_teacher(
            rollout,
            (teacher.schema, teacher.embodiment, lambda observation: view(observation)[0]),
            (learner.schema, learner.embodiment),
        )
        return answers, feasibility(answers.support, answers.effect_error)

    def _select(
        self, offered: Translation, view: PolicyView, own: ExperiencePool, source: ExperiencePool
    ) -> tuple[Translation, FloatArray]:
        mean, value, std = view(offered.observation)
        gain = offered.returns - value
        advantage = gain / max(float(offered.returns.std()), 1e-6)
        relevance = calculate_relevance(offered.support, offered.effect_error, advantage)
        kept = select_top_k(relevance, int(self.settings.top_fraction * len(offered)))
        likeness = agreement(offered.action[kept], mean[kept], np.maximum(std, self.settings.std_floor))
        capability = capability_ratio(source.success_rate, own.success_rate)
        weight = weight_experiences(
            relevance[kept], likeness, capability=capability, success_rate=own.success_rate
        )
        return offered.take(kept), weight


def _join(parts: list[Translation]) -> Translation:
    return Translation(*(np.concatenate([getattr(p, name) for p in parts]) for name in vars(parts[0])))


def _log_pair(source: str, learner: str, offered: int, chosen: Translation, weight: FloatArray) -> PairLog:
    some = len(chosen) > 0
    return PairLog(
        source=source,
        learner=learner,
        offered=offered,
        accepted=len(chosen),
        support=float(np.median(chosen.support)) if some else 0.0,
        effect_error=float(np.median(chosen.effect_error)) if some else 0.0,
        weight=float(weight.mean()) if some else 0.0,
    )
