"""One arm's bank of good episodes."""

from collections import deque

import numpy as np

from hacpo_robot.sharing.experience import Experience, concatenate, split_episodes


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

    def note_outcome(self, *, success: bool) -> None:
        """Count an ended episode."""
        self.outcomes.append(success)

    def add(self, episode: Experience) -> None:
        """Keep a successful episode; the oldest makes room."""
        self.episodes.append(episode)
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
        """Episodes one after the other, outcomes and version as arrays."""
        steps = vars(concatenate(list(self.episodes))) if self.episodes else {}
        return {**steps, "outcomes": np.array(self.outcomes, bool), "version": np.array(self.version)}

    def set_state(self, state: dict[str, np.ndarray]) -> None:
        """Continue from what :meth:`get_state` returned."""
        columns = {name: array for name, array in state.items() if name not in ("outcomes", "version")}
        self.episodes.clear()
        self.episodes.extend(split_episodes(Experience(**columns)) if columns else [])
        self.outcomes.clear()
        self.outcomes.extend(state["outcomes"].tolist())
        self.version = int(state["version"])
