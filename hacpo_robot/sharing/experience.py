"""What arms publish: hub experience in raw units, free of any body."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.sharing.steps import Steps
from hacpo_robot.specs.signature import FloatArray


@dataclass(frozen=True)
class Experience(Steps):
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


def split_episodes(steps: Experience) -> list[Experience]:
    """The episodes of steps in time order; inverse of :func:`~hacpo_robot.sharing.steps.concatenate`."""
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
