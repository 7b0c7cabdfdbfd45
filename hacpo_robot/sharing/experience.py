"""What arms publish: hub experience in raw units, free of any body."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.specs.signature import FloatArray


@dataclass(frozen=True)
class Experience:
    """Steps of one arm. Shape (n, ·) or (n,); raw units, so that anyone may normalise."""

    observation: FloatArray
    """What the source sensed; only the source itself can use it."""
    action: FloatArray
    """What the source did, clipped to [-1, 1]; only the source itself can use it."""
    body: FloatArray
    """Body part of ``z``."""
    world: FloatArray
    """World part of ``z``."""
    effect: FloatArray
    returns: FloatArray
    """Discounted raw reward to the end of the episode, plus the source's value there."""
    episode: NDArray[np.int64]
    """Number of the episode, counted by the source."""

    def __len__(self) -> int:
        """Number of steps."""
        return len(self.episode)

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> "Experience":
        """Some of the steps."""
        return Experience(*(getattr(self, item.name)[rows] for item in fields(self)))


def concatenate(parts: list[Experience]) -> Experience:
    """One after the other; ``parts`` must not be empty."""
    return Experience(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Experience)))


def split_episodes(steps: Experience) -> list[Experience]:
    """The episodes of steps in time order; inverse of :func:`concatenate`."""
    starts = np.flatnonzero(np.diff(steps.episode, prepend=steps.episode[0] - 1))
    ends = np.append(starts[1:], len(steps))
    return [steps.take(slice(start, end)) for start, end in zip(starts, ends, strict=True)]


def discounted_returns(reward: FloatArray, gamma: float, last_value: float) -> FloatArray:
    """Return to go of one episode. ``reward`` has shape (n,)."""
    returns = np.empty(len(reward))
    value = last_value
    for step in range(len(reward) - 1, -1, -1):
        value = reward[step] + gamma * value
        returns[step] = value
    return returns
