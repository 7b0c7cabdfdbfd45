"""Motor babbling: smooth random actions that show an arm what its own body does."""

from dataclasses import dataclass

import numpy as np

from hacpo_robot.sharing.body_memory import BodyData
from hacpo_robot.sharing.embodiment import Anatomy, EmbodiedVecEnv
from hacpo_robot.specs.signature import FloatArray

HOLD = (2, 8)
"""Babbled actions move to a new random goal after so many steps: the first, or more, but not the second."""


@dataclass(frozen=True)
class Starts:
    """How a body's own episodes begin. Raw units, shape (n, ·) each."""

    senses: FloatArray
    """Body part of the observation."""
    hub: FloatArray
    """Body part of ``z``."""


def note_starts(env: EmbodiedVecEnv, rounds: int = 4) -> Starts:
    """Reset all worlds ``rounds`` times and look.

    Args:
        env: The learner's own.
        rounds: Resets per world.
    """
    anatomy = Anatomy.of(env)
    seen = [(env.reset()[:, anatomy.body], env.hub_state()[0]) for _ in range(rounds)]
    return Starts(*(np.concatenate(column) for column in zip(*seen, strict=True)))


def babble(env: EmbodiedVecEnv, n_steps: int, rng: np.random.Generator) -> BodyData:
    """Move at random for ``n_steps`` environment steps (all worlds together).

    Args:
        env: Of the body, best started in wide postures.
        n_steps: Steps to spend; they count in the learner's budget.
        rng: Of the babbling.

    Returns:
        One row per step, in time order, worlds interleaved.
    """
    anatomy = Anatomy.of(env)
    n_envs = env.num_envs
    mover = _SmoothActions(n_envs, anatomy.action_size, rng)
    rows: list[tuple[FloatArray, ...]] = []
    observation = env.reset()
    for _ in range(max(1, n_steps // n_envs)):
        hub, _ = env.hub_state()
        action = mover.next()
        following, _, ended, infos = env.step(action)
        final = following.copy()
        for world in np.flatnonzero(ended):
            final[world] = infos[world]["terminal_observation"]
        senses, after = observation[:, anatomy.body], final[:, anatomy.body]
        rows.append((senses, action, hub, env.effect().copy(), after))
        observation = following
        mover.forget(np.flatnonzero(ended))
    return BodyData(*(np.concatenate(column) for column in zip(*rows, strict=True)))


class _SmoothActions:
    """Smooth random walks in [-1, 1]^d; some worlds move gently, some at full speed.

    Every step goes half of what is left to a goal.
    """

    def __init__(self, n_envs: int, size: int, rng: np.random.Generator) -> None:
        self._rng, self._shape = rng, (n_envs, size)
        self._now = np.zeros(self._shape)
        self._goal = np.zeros(self._shape)
        self._left = np.zeros(n_envs, int)
        self._size = np.ones((n_envs, 1))
        self.forget(np.arange(n_envs))

    def forget(self, worlds: np.ndarray) -> None:
        """A new temper for some worlds."""
        self._size[worlds] = self._rng.uniform(0.15, 1.0, (len(worlds), 1))
        self._left[worlds] = 0

    def next(self) -> FloatArray:
        due = np.flatnonzero(self._left <= 0)
        goals = self._rng.uniform(-1.0, 1.0, (len(due), self._shape[1]))
        goals[:, :-1] *= self._size[due]
        self._goal[due] = goals
        self._left[due] = self._rng.integers(*HOLD, len(due))
        self._left -= 1
        self._now = self._now + 0.5 * (self._goal - self._now)
        return self._now.copy()
