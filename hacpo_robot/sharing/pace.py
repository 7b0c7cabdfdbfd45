"""Who takes a turn: who is behind waits for the one ahead, and learns from it with steps to spare."""

from collections.abc import Sequence
from dataclasses import dataclass

from hacpo_robot.specs.training import PaceSettings


@dataclass(frozen=True)
class Standing:
    """How far one learner has come."""

    progress: float
    """Share of its steps that it has made, 0 to 1."""
    achieved: float
    """Mean return of its last episodes."""


def waits(me: Standing, heard: Sequence[Standing], settings: PaceSettings) -> bool:
    """Whether a learner leaves its turn to others.

    All train alike up to ``head_start``. From there, up to ``ripe``, it waits while another that is not
    ripe yet is ahead; whoever is ripe waits until all others are. So nobody waits for good: of
    those that are not ripe the best goes on, and when all are ripe everyone does.

    Args:
        me: The learner.
        heard: All others that it may learn from.
        settings: When all this begins and ends.
    """
    if me.progress < settings.head_start:
        return False
    unripe = [other for other in heard if other.progress < settings.ripe]
    if me.progress >= settings.ripe:
        return bool(unripe)
    enough = me.achieved + settings.clear_lead * abs(me.achieved)
    return any(other.achieved > enough for other in unripe)
