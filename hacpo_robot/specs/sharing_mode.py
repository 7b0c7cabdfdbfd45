"""Who may learn from whom, and how: sharing itself, what it is compared with, and its controls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from hacpo_robot.errors import UnknownNameError

Sharing = Literal["none", "self", "hacpo", "one_way", "all", "shuffled", "oracle", "surrogate"]


@dataclass(frozen=True, kw_only=True)
class SharingMode:
    """What sets one condition apart from full sharing; the defaults are full sharing."""

    has_exchange: bool = True
    """Whether learners meet at all; else each is plain PPO."""
    hears_others: bool = True
    """Whether it learns from others; else from its own good episodes alone."""
    hears_later: bool = True
    """Whether also from those that are named after it in the fleet."""
    rehearses: bool = True
    """Whether it plays others' parts, and adopts what succeeds."""
    selects: bool = True
    """Whether by relevance, weight, trust and lead; else all of everybody's. Answers to questions count as
    far as the learner's body can do them in any case."""
    has_fitting_maps: bool = True
    """Whether its maps fit the hub; else their elements are exchanged, in every arm otherwise."""
    by_surrogate: bool = False
    """Whether lessons are HACPO's clipped surrogate, adapted, and not regression."""
    free_babble: int = 0
    """Steps of babble on top of those that count in the budget."""


MODES: Mapping[str, SharingMode] = {
    "none": SharingMode(has_exchange=False, hears_others=False, rehearses=False),
    "self": SharingMode(hears_others=False, rehearses=False),
    "hacpo": SharingMode(),
    "one_way": SharingMode(hears_later=False),
    "all": SharingMode(selects=False),
    "shuffled": SharingMode(has_fitting_maps=False),
    "oracle": SharingMode(free_babble=50_000),
    "surrogate": SharingMode(by_surrogate=True, rehearses=False),
}
"""By the name that ``--sharing`` takes."""


def mode_of(sharing: str) -> SharingMode:
    """What a name stands for.

    Raises:
        UnknownNameError: nothing; the message lists the names that exist.
    """
    if sharing not in MODES:
        raise UnknownNameError("sharing", sharing, MODES)
    return MODES[sharing]


def has_effect(setting: str, sharing: str) -> bool:
    """Whether a setting, such as ``hacpo.max_sources``, counts.

    Learners that never meet share nothing; who hears nobody needs no maps and waits for nobody; and who plays
    no parts adopts none.
    """
    mode = mode_of(sharing)
    idle = ("hacpo.",) * (not mode.has_exchange)
    idle += ("hacpo.schema.", "hacpo.pace.") * (not mode.hears_others)
    idle += ("hacpo.rehearsal_", "hacpo.last_", "hacpo.adoption_") * (not mode.rehearses)
    return not setting.startswith(idle)
