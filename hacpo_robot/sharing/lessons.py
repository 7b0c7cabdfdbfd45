"""What a learner is given to learn from in one iteration, and where it came from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.sharing.relevance import feasibility
from hacpo_robot.sharing.steps import concatenate
from hacpo_robot.sharing.translation import Translation
from hacpo_robot.specs.signature import FloatArray


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
    trust: float
    """How much of the source's skill survived in the learner's body."""


@dataclass(frozen=True)
class Lessons:
    """Weighted regression targets of one learner."""

    observation: NDArray[np.float32]
    """Raw. Shape (n, observation size)."""
    action: NDArray[np.float32]
    """Shape (n, action size)."""
    weight: FloatArray
    """Shape (n,). Under ``surrogate`` advantage times capability, of either sign."""
    feasibility: float
    """How well the learner's body can do all this, 0 to 1."""
    teacher: str
    """Whose answers on the learner's own states are among them; empty where nobody's."""
    log: tuple[PairLog, ...]


Part = tuple[Translation, FloatArray]
"""Steps that are worth learning from, and the weight of each."""


def compose_lessons(parts: Sequence[Part], teacher: str, log: Sequence[PairLog]) -> Lessons | None:
    """All parts as one, or nothing where no step is in them.

    Args:
        parts: Any number of them.
        teacher: Whose answers one of them is; empty where nobody's.
        log: What was taken of whom.
    """
    if not any(len(weight) for _, weight in parts):
        return None
    steps = concatenate([chosen for chosen, _ in parts])
    return Lessons(
        steps.observation,
        steps.action,
        np.concatenate([weight for _, weight in parts]),
        float(feasibility(steps.support, steps.effect_error).mean()),
        teacher,
        tuple(log),
    )


def log_pair(
    source: str, learner: str, offered: int, chosen: Translation, weight: FloatArray, trust: float
) -> PairLog:
    """Medians and means of what was chosen of a source.

    Args:
        source: Its name.
        learner: The learner's.
        offered: Steps that there were to choose from.
        chosen: What was kept of them.
        weight: Of every kept step. Shape (n,).
        trust: Of the learner in the source.
    """
    some = len(chosen) > 0
    return PairLog(
        source=source,
        learner=learner,
        offered=offered,
        accepted=len(chosen),
        support=float(np.median(chosen.support)) if some else 0.0,
        effect_error=float(np.median(chosen.effect_error)) if some else 0.0,
        weight=float(weight.mean()) if some else 0.0,
        trust=trust,
    )
