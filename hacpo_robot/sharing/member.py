"""One learner's side of the exchange: what it offers, its body, what it made of others' experience."""

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from hacpo_robot.sharing.body_memory import BodyData, BodyMemory, scramble
from hacpo_robot.sharing.body_schema import BodySchema
from hacpo_robot.sharing.embodiment import Anatomy, Embodiment
from hacpo_robot.sharing.experience import Experience
from hacpo_robot.sharing.fitting import refine_schema
from hacpo_robot.sharing.pool import ExperiencePool
from hacpo_robot.sharing.rehearsal import Rehearsal
from hacpo_robot.sharing.state import flatten
from hacpo_robot.sharing.steps import concatenate
from hacpo_robot.sharing.teacher import Body, Teacher
from hacpo_robot.sharing.translation import Translation, own_words, translate
from hacpo_robot.sharing.trust import Trust
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.training import SchemaSettings

REHEARSED = 96
"""Rehearsed episodes that are kept per source."""
EXAM_LASTS = 8
"""Iterations for which what a learner showed in its own part counts: policies change."""


class PolicyView(Protocol):
    """A learner's present policy."""

    def __call__(self, observation: NDArray[np.float32], /) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Action mean, value in raw reward units, and action std of raw observations.

        Args:
            observation: Shape (n, observation size).

        Returns:
            Shapes (n, action size), (n,) and (action size,).
        """
        ...

    def mean(self, observation: NDArray[np.float32], /) -> FloatArray:
        """The first of these alone."""
        ...


@dataclass
class Member:
    """One learner's side of the exchange: what it offers and what it has translated."""

    name: str
    embodiment: Embodiment
    pool: ExperiencePool
    scrambled: int | None = None
    """A control: its maps are fitted to effects and hub states of the wrong elements, as this seed says."""
    schema: BodySchema | None = None
    """``None`` until calibrated and ready: such a learner gives but does not take."""
    memory: BodyMemory | None = None
    """What its schema is fitted to."""
    trust: dict[str, Trust] = field(default_factory=dict)
    """In every source, by name."""
    rehearsed: dict[str, ExperiencePool] = field(default_factory=dict)
    """Good episodes of its own body that played another's part, by the other's name."""
    own_success: float = 0.0
    """Share of successes when it last played its own part, without noise; 0 when that was long ago."""
    own_returns: FloatArray | None = None
    """Returns of those episodes. Shape (n_episodes,); ``None`` before, and when that was long ago."""
    _exam_left: int = 0
    view: PolicyView | None = None
    """Its present policy, for others to ask; ``None`` before training starts."""
    _translated: dict[str, list[Translation]] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)

    @property
    def skill(self) -> float:
        """How often it succeeds, as far as was seen; training shows it through the noise of exploration."""
        return max(self.pool.success_rate, self.own_success)

    @property
    def body(self) -> Body | None:
        """What it senses and does, once it knows its maps."""
        return None if self.schema is None else Body(self.schema, self.embodiment)

    @property
    def teacher(self) -> Teacher | None:
        """Itself as others see it, once it has maps and a policy."""
        body, view = self.body, self.view
        if body is None or view is None:
            return None
        return Teacher(body, view.mean)

    def refine(self, settings: SchemaSettings, seed: int) -> None:
        """Bring the schema up to date with what the body did since, if that is much."""
        if self.schema is None or self.memory is None or self.memory.fresh < settings.refine_after:
            return
        refine_schema(self.schema, self.memory, settings, torch.Generator().manual_seed(seed))
        self._translated.clear()
        self._seen.clear()

    def note_steps(self, steps: Experience) -> None:
        """Remember what its body did, for its maps."""
        if self.memory is not None:
            self.memory.note(self.own_view(BodyData.of(steps, Anatomy.of(self.embodiment))))

    def own_view(self, data: BodyData) -> BodyData:
        """Data as its maps are fitted to."""
        return data if self.scrambled is None else scramble(data, Anatomy.of(self.embodiment), self.scrambled)

    def get_state(self) -> dict[str, NDArray[Any]]:
        """Everything but the schema and what can be translated again, as arrays."""
        parts = {"pool": self.pool.get_state()}
        if self.own_returns is not None:
            parts["own"] = {
                "success": np.array(self.own_success),
                "returns": self.own_returns,
                "left": np.array(self._exam_left),
            }
        parts |= {f"trust/{source}": trust.get_state() for source, trust in self.trust.items()}
        parts |= {f"rehearsed/{source}": played.get_state() for source, played in self.rehearsed.items()}
        if self.memory is not None:
            parts["memory"] = self.memory.get_state()
        return flatten(parts)

    def set_state(self, state: dict[str, NDArray[Any]]) -> None:
        """Continue from what :meth:`get_state` returned."""
        parts: dict[str, dict[str, NDArray[Any]]] = {}
        for key, array in state.items():
            part, name = key.rsplit("/", 1)
            parts.setdefault(part, {})[name] = array
        self.pool.set_state(parts.pop("pool"))
        own = parts.pop("own", {"success": np.array(0.0), "returns": None, "left": np.array(0)})
        self.own_success, self.own_returns = float(own["success"]), own["returns"]
        self._exam_left = int(own["left"])
        memory = parts.pop("memory", None)
        self.memory = None if memory is None else BodyMemory.from_state(memory)
        self.trust, self.rehearsed = {}, {}
        for part, arrays in parts.items():
            kind, source = part.split("/", 1)
            owner = self._trust_of(source) if kind == "trust" else self._rehearsed_with(source)
            owner.set_state(arrays)

    def _trust_of(self, source: str) -> Trust:
        return self.trust.setdefault(source, Trust())

    def _rehearsed_with(self, source: str) -> ExperiencePool:
        return self.rehearsed.setdefault(source, ExperiencePool(REHEARSED))

    def note_rehearsal(self, source: "Member", rehearsal: Rehearsal, *, worthwhile: bool) -> None:
        """Move trust by what it saw, keep what was good, and remember what its body did."""
        self._trust_of(source.name).note_rehearsal(
            int(rehearsal.success.sum()),
            len(rehearsal.success),
            source_rate=source.skill,
            worthwhile=worthwhile,
        )
        if worthwhile:
            for episode in rehearsal.better_half:
                self._rehearsed_with(source.name).add(episode)
        self.note_steps(concatenate(rehearsal.episodes))

    def rest(self) -> None:
        """Let one iteration pass: sources come nearer to another trial, and its last exam to an end."""
        for trust in self.trust.values():
            trust.rest()
        self._exam_left = max(0, self._exam_left - 1)
        if self._exam_left == 0:
            self.own_success, self.own_returns = 0.0, None

    def is_outdone_by(self, exam: Rehearsal) -> bool:
        """Whether an exam succeeded more often than its own last one, or as often with higher returns."""
        if self.own_returns is None:
            return True
        shown = float(exam.success.mean()), float(exam.returns.mean())
        return shown > (self.own_success, float(self.own_returns.mean()))

    def note_exam(self, own: Rehearsal) -> None:
        """Take in how often it succeeds in the worlds of its rehearsals, and what its body did."""
        self.own_success, self.own_returns = float(own.success.mean()), own.returns
        self._exam_left = EXAM_LASTS
        self.note_steps(concatenate(own.episodes))

    def grow_older(self) -> None:
        """Let one rollout pass: what it keeps of before counts less."""
        for pool in (self.pool, *self.rehearsed.values()):
            pool.grow_older()

    def repertoire(self, source: "Member", half_life: float) -> tuple[Experience, FloatArray]:
        """All that is worth adopting of what was rehearsed with a source, and how fresh every step is."""
        rehearsed = self.rehearsed[source.name]
        return concatenate(list(rehearsed.episodes)), rehearsed.freshness(half_life)

    def trust_in(self, source: "Member") -> Trust:
        """Directed, from this learner to a source."""
        return self._trust_of(source.name)

    def hope(self, source: "Member") -> float:
        """How often this learner would succeed if it did what the source does."""
        return self.trust_in(source).level * source.skill

    def lessons_of(self, source: "Member") -> Translation | None:
        """The bank of a source in its own words, of which only new episodes are translated."""
        fresh = source.pool.since(self._seen.get(source.name, 0))
        kept = self._translated.setdefault(source.name, [])
        for episode in fresh:  # one by one: sums in float32 depend on the company, and a resumed run must not
            if source is self:
                kept.append(own_words(episode))
            elif self.schema is not None:
                kept.append(translate(episode, self.schema, self.embodiment))
        del kept[: -len(source.pool.episodes)]
        self._seen[source.name] = source.pool.version
        return concatenate(kept) if kept else None
