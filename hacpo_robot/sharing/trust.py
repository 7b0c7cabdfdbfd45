"""How much of another arm's skill survives in one's own body, from what was tried there."""

import numpy as np

from hacpo_robot.specs.signature import FloatArray

MEMORY = 0.5
"""Weight of all earlier rehearsals beside the newest: teachers change."""
FIRST_WAIT = 6
"""Half of the iterations that pass after a first rehearsal in vain; with each further one they double."""
PRACTICE = 16
"""Iterations after a rehearsal that was adopted: a skill is practised before it is replaced."""
BETTER = 0.2
"""How much more often a source must succeed than last time to be worth a rehearsal before that."""
UNKNOWN = 0.5
"""Trust in whom nothing is known of."""
EXPECTED = 2.0
"""Successes expected before anything was tried: how firmly trust begins where it does. They are forgotten as
everything is, or who claims much could teach for good, though it was tried in vain."""


class Trust:
    """A learner's trust in one source: share of the source's successes that it can repeat, in (0, 1].

    One half while nothing is known. A rehearsal no better than what the learner does already
    doubles the wait before the next, which a source that has become better ends.
    """

    def __init__(self) -> None:
        """Nothing tried yet."""
        self._expected, self._done = EXPECTED, EXPECTED * UNKNOWN
        self._known_rate = 0.0
        self._wait = self._left = 0

    @property
    def level(self) -> float:
        """Successes per success expected."""
        return min(1.0, self._done / self._expected)

    @property
    def tried(self) -> bool:
        """Whether there has been a rehearsal."""
        return self._wait > 0

    @property
    def proven(self) -> float:
        """The level, but 0 while nothing was tried."""
        return self.level if self.tried else 0.0

    def promise(self, source_rate: float) -> float:
        """How often the learner may hope to succeed by doing what the source does.

        What was tried counts as far as it survived; what is new in the source, in full. Once another trial
        is due, half of it at least: few episodes were tried, and both bodies know more since.
        """
        tried = min(source_rate, self._known_rate)
        level = self.level if self._left else max(self.level, UNKNOWN)
        return level * tried + (source_rate - tried)

    def is_due(self, source_rate: float) -> bool:
        """Whether another rehearsal may be tried, now that the source succeeds so often."""
        return self._left == 0 or source_rate >= self._known_rate + BETTER

    def rest(self) -> None:
        """Let one iteration pass."""
        self._left = max(0, self._left - 1)

    def note_rehearsal(self, successes: int, episodes: int, *, source_rate: float, worthwhile: bool) -> None:
        """Take in what a rehearsal showed.

        Args:
            successes: Episodes that ended in success.
            episodes: Episodes tried.
            source_rate: Success rate of the source in its own body.
            worthwhile: Whether it was clearly better than what the learner does by itself.
        """
        self._expected = MEMORY * self._expected + episodes * source_rate
        self._done = MEMORY * self._done + successes
        self._known_rate = source_rate
        self._wait = FIRST_WAIT if worthwhile else 2 * max(self._wait, FIRST_WAIT)
        self._left = PRACTICE if worthwhile else self._wait

    def get_state(self) -> dict[str, FloatArray]:
        """Five numbers as one array."""
        numbers = (self._expected, self._done, self._known_rate, self._wait, self._left)
        return {"numbers": np.array(numbers, float)}

    def set_state(self, state: dict[str, FloatArray]) -> None:
        """Continue from what :meth:`get_state` returned."""
        self._expected, self._done, self._known_rate, wait, left = map(float, state["numbers"])
        self._wait, self._left = int(wait), int(left)
