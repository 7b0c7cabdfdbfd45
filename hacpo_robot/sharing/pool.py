"""One arm's bank of good episodes."""

from collections import deque

import numpy as np

from hacpo_robot.sharing.experience import Experience
from hacpo_robot.sharing.steps import concatenate
from hacpo_robot.specs.signature import FloatArray


class ExperiencePool:
    """The newest successful episodes of one arm, and how often it succeeds.

    ``version`` grows with every episode kept, so that readers can tell what is new to them.
    """

    WINDOW = 64
    """Episodes that the success rate looks back on."""

    def __init__(self, capacity: int) -> None:
        """An empty bank of at most ``capacity`` episodes."""
        self.episodes: deque[Experience] = deque(maxlen=capacity)
        self.outcomes: deque[bool] = deque(maxlen=self.WINDOW)
        self.version = 0
        self._ages: deque[int] = deque(maxlen=capacity)

    def grow_older(self) -> None:
        """Let one rollout pass."""
        self._ages = deque((age + 1 for age in self._ages), self._ages.maxlen)

    def freshness(self, half_life: float) -> FloatArray:
        """Of every step kept, oldest episode first: 1 when new, halved with every ``half_life`` rollouts.

        What was good may be so no longer: bodies wear, tasks change, policies move on. Shape (n steps,).
        """
        return np.repeat(0.5 ** (np.array(self._ages) / half_life), [len(each) for each in self.episodes])

    def note_outcome(self, *, success: bool) -> None:
        """Count an ended episode."""
        self.outcomes.append(success)

    def add(self, episode: Experience) -> None:
        """Keep a successful episode; the oldest makes room."""
        self.episodes.append(episode)
        self._ages.append(0)
        self.version += 1

    def since(self, version: int) -> list[Experience]:
        """Episodes kept after ``version``, oldest first, as far as they are still here."""
        fresh = min(self.version - version, len(self.episodes))
        return list(self.episodes)[len(self.episodes) - fresh :]

    @property
    def success_rate(self) -> float:
        """Laplace-smoothed share of successes, (s + 1) / (n + 2): 0.5 while nothing is known."""
        return (sum(self.outcomes) + 1) / (len(self.outcomes) + 2)

    def get_state(self) -> dict[str, np.ndarray]:
        """Episodes one after the other, how long each is, outcomes and version as arrays.

        Lengths, since numbers do not tell them apart: every rehearsal counts its episodes from one.
        """
        steps = vars(concatenate(list(self.episodes))) if self.episodes else {}
        return {
            **steps,
            "lengths": np.array([len(episode) for episode in self.episodes], int),
            "ages": np.array(self._ages, int),
            "outcomes": np.array(self.outcomes, bool),
            "version": np.array(self.version),
        }

    def set_state(self, state: dict[str, np.ndarray]) -> None:
        """Continue from what :meth:`get_state` returned."""
        other = ("lengths", "ages", "outcomes", "version")
        columns = {name: array for name, array in state.items() if name not in other}
        ends = np.cumsum(state["lengths"])
        self.episodes.clear()
        for start, end in zip(ends - state["lengths"], ends, strict=True):
            self.episodes.append(Experience(**columns).take(slice(start, end)))
        self._ages.clear()
        self._ages.extend(state["ages"].tolist())
        self.outcomes.clear()
        self.outcomes.extend(state["outcomes"].tolist())
        self.version = int(state["version"])
