"""Cuts the steps of a vector environment into episodes that can be published."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.sharing.experience import Experience, discounted_returns
from hacpo_robot.specs.signature import FloatArray


@dataclass(frozen=True)
class Step:
    """One step of all worlds, raw units. Shape (n_envs, ·) or (n_envs,)."""

    observation: FloatArray
    action: FloatArray
    body: FloatArray
    world: FloatArray
    effect: FloatArray
    reward: FloatArray
    ended: NDArray[np.bool_]
    """Whether the episode ended with this step."""


class EpisodeRecorder:
    """Remembers the steps of running episodes; forgets what no running episode needs."""

    def __init__(self, n_envs: int) -> None:
        """Nothing seen yet."""
        self._steps: list[Step] = []
        self._length = np.zeros(n_envs, int)
        self._n_episodes = 0

    def add(self, step: Step) -> None:
        """Note one step of all worlds; cut the episodes it ended before adding the next."""
        self._length[self._ended] = 0
        self._steps.append(step)
        self._length += 1

    @property
    def _ended(self) -> NDArray[np.bool_]:
        return self._steps[-1].ended if self._steps else np.zeros(len(self._length), bool)

    def cut(self, world: int, gamma: float, last_value: float) -> Experience:
        """The episode that ended with the last step in one world.

        Args:
            world: Its number.
            gamma: Discount of the returns.
            last_value: Value of what comes after the last step, raw reward units.
        """
        steps = self._steps[-self._length[world] :]
        self._n_episodes += 1
        columns = {name: np.stack([getattr(step, name)[world] for step in steps]) for name in COLUMNS}
        returns = discounted_returns(np.stack([step.reward[world] for step in steps]), gamma, last_value)
        return Experience(**columns, returns=returns, episode=np.full(len(steps), self._n_episodes, np.int64))

    def rollout(self, n_steps: int) -> Experience:
        """The last steps of all worlds, world after world.

        ``episode`` tells unbroken runs apart; ``returns`` holds plain rewards.
        """
        steps = self._steps[-n_steps:]

        def column(name: str) -> FloatArray:
            stacked = np.stack([getattr(step, name) for step in steps], axis=1)
            return stacked.reshape(-1, *stacked.shape[2:])  # (n_envs * n_steps, ·)

        ended = column("ended").astype(np.int64).reshape(-1, len(steps))
        runs = np.cumsum(ended, axis=1) - ended + (n_steps + 1) * np.arange(len(ended))[:, None]
        columns = {name: column(name) for name in COLUMNS}
        return Experience(**columns, returns=column("reward"), episode=runs.reshape(-1))

    def forget(self, n_steps: int) -> None:
        """Drop steps that neither a running episode nor the last ``n_steps`` need."""
        needed = max(int(self._length.max()), n_steps)
        del self._steps[: max(0, len(self._steps) - needed)]

    def get_state(self) -> dict[str, np.ndarray]:
        """All remembered steps, time first, and the counters."""
        steps = {
            f.name: np.stack([getattr(s, f.name) for s in self._steps]) for f in fields(Step) if self._steps
        }
        return {**steps, "length": self._length.copy(), "n_episodes": np.array(self._n_episodes)}

    def set_state(self, state: dict[str, np.ndarray]) -> None:
        """Continue from what :meth:`get_state` returned."""
        columns = [state[f.name] for f in fields(Step) if f.name in state]
        self._steps = [Step(*row) for row in zip(*columns, strict=True)]
        self._length = state["length"].copy()
        self._n_episodes = int(state["n_episodes"])


COLUMNS = ("observation", "action", "body", "world", "effect")
