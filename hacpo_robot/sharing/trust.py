"""How much of another arm's skill survives in one's own body, from what was tried there."""

import numpy as np

from hacpo_robot.specs.signature import FloatArray

MEMORY = 0.5
"""Weight of all earlier rehearsals beside the newest: teachers change."""
PATIENCE = 10
"""Cross phases between two rehearsals with one source."""


class Trust:
    """A learner's trust in one source: share of the source's successes that it can repeat, in (0, 1].

    One half while nothing is known. A rehearsal no better than what the learner does already
    doubles the wait before the next.
    """

    def __init__(self) -> None:
        """Nothing tried yet."""
        self._expected = self._done = 0.0
        self._wait = self._left = 0

    @property
    def level(self) -> float:
        """Successes per success expected, smoothed by one of each two."""
        return min(1.0, (self._done + 1.0) / (self._expected + 2.0))

    @property
    def tried(self) -> bool:
        """Whether there has been a rehearsal."""
        return self._wait > 0

    @property
    def proven(self) -> float:
        """The level, but 0 while nothing was tried."""
        return self.level if self.tried else 0.0

    @property
    def rested(self) -> bool:
        """Whether another rehearsal may be tried."""
        return self._left == 0

    def rest(self) -> None:
        """Let one cross phase pass."""
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
        self._wait = PATIENCE if worthwhile else 2 * max(self._wait, PATIENCE)
        self._left = self._wait

    def get_state(self) -> dict[str, FloatArray]:
        """Four numbers as one array."""
        return {"numbers": np.array([self._expected, self._done, self._wait, self._left], float)}

    def set_state(self, state: dict[str, FloatArray]) -> None:
        """Continue from what :meth:`get_state` returned."""
        self._expected, self._done, wait, left = map(float, state["numbers"])
        self._wait, self._left = int(wait), int(left)
