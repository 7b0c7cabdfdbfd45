"""The meeting place of a fleet: who offers what, and what each learner makes of it."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.sharing.embodiment import Embodiment, check_embodiment
from hacpo_robot.sharing.experience import Experience
from hacpo_robot.sharing.lessons import Lessons, PairLog, Part, compose_lessons, log_pair
from hacpo_robot.sharing.member import Member, PolicyView
from hacpo_robot.sharing.pace import Standing, waits
from hacpo_robot.sharing.pool import ExperiencePool
from hacpo_robot.sharing.rehearsal import Rehearsal
from hacpo_robot.sharing.relevance import calculate_relevance, feasibility, select_top_k
from hacpo_robot.sharing.teacher import ask_teacher
from hacpo_robot.sharing.topology import candidates
from hacpo_robot.sharing.translation import Translation
from hacpo_robot.sharing.weighting import agreement, capability_ratio, weight_experiences
from hacpo_robot.specs.sharing_mode import Sharing, mode_of
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.training import Guards, SharingSettings


class Exchange:
    """All members of a fleet, and who teaches whom among them."""

    def __init__(self, sharing: Sharing, settings: SharingSettings, seed: int = 0) -> None:
        """An empty meeting place; learners join it.

        Args:
            sharing: Who may learn from whom.
            settings: What is shared, and how hard it is learned from.
            seed: Of everything that is drawn here.

        Raises:
            UnknownNameError: no such kind of sharing.
        """
        self.mode, self.settings = mode_of(sharing), settings
        self.rng = np.random.default_rng(seed)
        self.members: dict[str, Member] = {}

    def join(self, name: str, embodiment: Embodiment) -> Member:
        """Add a learner.

        Raises:
            InvalidSpecError: there is one of that name; the environment tells too little, or has another hub.
        """
        if name in self.members:
            raise InvalidSpecError(f"two learners of one name: {name}")
        check_embodiment(embodiment)
        for other in self.members.values():
            for part in ("body_signature", "world_signature", "effect_signature"):
                if getattr(embodiment, part) != getattr(other.embodiment, part):
                    raise InvalidSpecError(f"{name} and {other.name} share no hub: each has its own {part}")
        pool = ExperiencePool(self.settings.bank_episodes)
        scrambled = None if self.mode.has_fitting_maps else len(self.members)
        self.members[name] = Member(name, embodiment, pool, scrambled)
        return self.members[name]

    def sources_of(self, learner: str) -> list[Member]:
        """Whom a learner learns from now, best first.

        Where it hears nobody else, itself; else those whose skill, as far as it survives
        in the learner's body, succeeds clearly more often: the few lucky episodes of others would only
        distract it.
        """
        me = self.members[learner]
        if not self.mode.hears_others or len(self.members) == 1:
            return [me]
        enough = me.skill + self.settings.min_lead
        able = [m for m in self._heard_by(me) if not self._guards.mastery or self._hope(me, m) >= enough]
        return sorted(able, key=lambda member: -self._hope(me, member))[: self.settings.max_sources]

    @property
    def _guards(self) -> Guards:
        guards = self.settings.guards
        return guards if self.mode.selects else replace(guards, trust=False, mastery=False)

    def _hope(self, learner: Member, source: Member) -> float:
        return learner.hope(source) if self._guards.trust else source.skill

    def _promise(self, learner: Member, source: Member) -> float:
        rate = source.skill
        return learner.trust_in(source).promise(rate) if self._guards.trust else rate

    def _heard_by(self, learner: Member) -> list[Member]:
        """Whom the topology lets a learner hear."""
        names = list(self.members)
        if not self.mode.hears_later:
            names = names[: names.index(learner.name) + 1]
        heard = candidates(
            learner.name,
            names,
            lambda one, other: self.members[one].trust_in(self.members[other]).proven,
            lambda name: self.members[name].skill,
        )
        return [self.members[name] for name in heard]

    def turns(self, standings: Mapping[str, Standing]) -> list[str]:
        """Who goes on now, in the order given; see :func:`~hacpo_robot.sharing.pace.waits`.

        Args:
            standings: Of all who have steps left to make.
        """
        if not self.mode.hears_others:
            return list(standings)
        going = []
        for name, standing in standings.items():
            heard = [standings[m.name] for m in self._heard_by(self.members[name]) if m.name in standings]
            if not waits(standing, heard, self.settings.pace):
                going.append(name)
        return going

    @property
    def rehearses(self) -> bool:
        """Whether anybody plays another's part."""
        return self.mode.rehearses and len(self.members) > 1

    def choose_rehearsal(self, learner: str) -> Member | None:
        """Whose part the learner should try now: the most promising of those far ahead.

        Nobody, where nobody is far ahead or all have been tried lately. The maps of both sides are
        refined first.
        """
        me = self.members[learner]
        ahead = self._ahead_of(me.skill)
        able = [m for m in self._playable(me) if self._promise(me, m) >= ahead]
        due = [m for m in able if me.trust_in(m).is_due(m.skill)]
        best = max(due, key=lambda member: self._promise(me, member), default=None)
        return None if best is None else self._refined(me, [best])[0]

    def last_sources(self, learner: str) -> list[Member]:
        """Whose parts the learner tries last: those that do far better, most promising first.

        Better in their own bodies, as all are at their best now, than the learner in its last exam. Who
        promises next to nothing is left out, whatever it claims. All maps are refined first.
        """
        me = self.members[learner]
        ahead = self._ahead_of(me.skill if me.own_returns is None else me.own_success)
        able = [m for m in self._playable(me) if m.skill >= ahead]
        hoped = [m for m in able if self._promise(me, m) >= self.settings.least_success]
        best = sorted(hoped, key=lambda member: -self._promise(me, member))
        return self._refined(me, best[: self.settings.max_sources])

    def _ahead_of(self, rate: float) -> float:
        """From which rate of success on another is far ahead."""
        return rate + self.settings.rehearsal_lead if self._guards.mastery else 0.0

    def _playable(self, learner: Member) -> list[Member]:
        """Whose parts a learner can play at all."""
        if not self.rehearses or learner.body is None:
            return []
        return [m for m in self._heard_by(learner) if m is not learner and m.teacher is not None]

    def _refined(self, me: Member, sources: list[Member]) -> list[Member]:
        """The sources, after their maps and the learner's were refined."""
        for member in (me, *sources):
            member.refine(self.settings.schema, int(self.rng.integers(2**31)))
        return sources

    def is_worthwhile(self, learner: str, rehearsal: Rehearsal) -> bool:
        """Whether a part succeeds as often as the learner, and, where that is known, returns clearly more."""
        if not self._guards.trust:
            return True
        me = self.members[learner]
        enough = max(me.skill, self.settings.least_success)
        return bool(rehearsal.success.mean() >= enough) and (
            me.own_returns is None or rehearsal.beats(me.own_returns)
        )

    def is_better(self, learner: str, exam: Rehearsal) -> bool:
        """Whether a policy that was just adopted, in its exam, does better than the one before."""
        return not self._guards.trust or self.members[learner].is_outdone_by(exam)

    def share_experiences(self, learner: str, view: PolicyView, rollout: Experience) -> Lessons | None:
        """Everything that a learner should learn from now, or nothing.

        Two channels: good episodes of every source, and what the best source would do in the
        learner's own last states. Both end with the first part that was rehearsed and adopted: from there
        the learner's own practice knows better.

        Args:
            learner: Its name.
            view: The learner's present policy.
            rollout: The learner's last steps; ``episode`` tells unbroken runs apart.
        """
        me = self.members[learner]
        if me.rehearsed:
            return None
        banks, log = self._read_banks(me, view)
        teacher = self._teacher_of(me)
        answers = [] if teacher is None else self._ask(teacher, me, rollout)
        return compose_lessons([*banks, *answers], "" if teacher is None else teacher.name, log)

    def _read_banks(self, learner: Member, view: PolicyView) -> tuple[list[Part], list[PairLog]]:
        """The good episodes of every source that the learner can read, and what it took of each."""
        parts, log = [], []
        for source in self.sources_of(learner.name):
            offered, freshness = self._offer(learner, source)
            if offered is None:
                continue
            chosen, weight = self._select(offered, freshness, view, learner.pool, source.pool)
            parts.append((chosen, weight))
            trust = learner.trust_in(source).level
            log.append(log_pair(source.name, learner.name, len(offered), chosen, weight, trust))
        return parts, log

    def _offer(self, learner: Member, source: Member) -> tuple[Translation | None, FloatArray]:
        """Steps drawn from the source's bank, in the learner's words, and how fresh each is."""
        offered, freshness = learner.lessons_of(source), source.pool.freshness(self.settings.half_life)
        if offered is None or len(offered) <= self.settings.offered_steps:
            return offered, freshness
        rows = self.rng.choice(len(offered), self.settings.offered_steps, replace=False)
        return offered.take(rows), freshness[rows]

    def _select(
        self,
        offered: Translation,
        freshness: FloatArray,
        view: PolicyView,
        own: ExperiencePool,
        source: ExperiencePool,
    ) -> tuple[Translation, FloatArray]:
        if not self.mode.selects:
            return offered, np.ones(len(offered))
        mean, value, std = view(offered.observation)
        gain = offered.returns - value
        advantage = gain / max(float(offered.returns.std()), 1e-6)
        capability = capability_ratio(source.success_rate, own.success_rate)
        if self.mode.by_surrogate:
            return offered, capability * advantage
        relevance = calculate_relevance(offered.support, offered.effect_error, advantage)
        kept = select_top_k(relevance, int(self.settings.top_fraction * len(offered)))
        likeness = agreement(offered.action[kept], mean[kept], np.maximum(std, self.settings.std_floor))
        weight = weight_experiences(
            relevance[kept] * freshness[kept],
            likeness,
            capability=capability,
            success_rate=own.success_rate,
        )
        return offered.take(kept), weight

    def _teacher_of(self, learner: Member) -> Member | None:
        """The best source, if both bodies are known."""
        if learner.schema is None or self.mode.by_surrogate:
            return None
        able = [s for s in self.sources_of(learner.name) if s is not learner and s.teacher is not None]
        return able[0] if able else None

    def _ask(self, source: Member, learner: Member, rollout: Experience) -> list[Part]:
        """What a source would do in the learner's own states."""
        if source.teacher is None or learner.body is None:
            return []
        answers = ask_teacher(rollout, source.teacher, learner.body)
        return [(answers, feasibility(answers.support, answers.effect_error))]
