"""A pupil tries in its own worlds what a teacher would do there: the proof of every lesson."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.sharing.embodiment import EmbodiedVecEnv
from hacpo_robot.sharing.experience import Experience
from hacpo_robot.sharing.recorder import EpisodeRecorder, Step
from hacpo_robot.specs.signature import FloatArray

Part = Callable[[FloatArray, FloatArray, FloatArray, FloatArray], FloatArray]
"""Raw observations of all worlds, body and world part of ``z``, and effect of the last step, to actions in
[-1, 1]."""


CLEAR = 1.0
"""Standard errors by which the returns of a part must exceed those of another to be better."""


@dataclass(frozen=True)
class Rehearsal:
    """One episode of every world."""

    episodes: list[Experience]
    """In the pupil's own words; nothing in them is translated."""
    intended: list[FloatArray]
    """What the part asked for in each of them, noise apart. Shape (length, action size) each."""
    success: NDArray[np.bool_]
    """Whether they ended in success. Shape (n_envs,)."""
    steps: int
    """Environment steps spent; they count in the pupil's budget."""
    returns: FloatArray
    """Undiscounted raw return of every episode. Shape (n_envs,)."""

    def joined(self, other: "Rehearsal") -> "Rehearsal":
        """These episodes, then those."""
        return Rehearsal(
            self.episodes + other.episodes,
            self.intended + other.intended,
            np.concatenate([self.success, other.success]),
            self.steps + other.steps,
            np.concatenate([self.returns, other.returns]),
        )

    def beats(self, own: FloatArray) -> bool:
        """Whether these episodes return clearly more than others in the same worlds.

        Returns tell sooner than successes: what lifts and then lowers again is half learned.

        Args:
            own: Undiscounted raw return of each of the others. Shape (m,), m > 1.
        """
        gain = self.returns.mean() - own.mean()
        error = np.sqrt(self.returns.var(ddof=1) / len(self.returns) + own.var(ddof=1) / len(own))
        return bool(gain > 0 and gain >= CLEAR * error)

    @property
    def better_half(self) -> list[Experience]:
        """Half of the episodes, rounded up: those with the highest returns, in the order they ended.

        Their actions are what was intended: where noise led is what shows how to recover from it, but the
        noise itself is nothing to learn (DART, arXiv 1703.09327).
        """
        best = np.sort(np.argsort(-self.returns, kind="stable")[: (len(self.episodes) + 1) // 2])
        return [replace(self.episodes[k], action=self.intended[k]) for k in best]


def rehearse(
    env: EmbodiedVecEnv,
    part: Part,
    *,
    gamma: float,
    noise: FloatArray,
    rng: np.random.Generator,
) -> Rehearsal:
    """Play a part in the pupil's body for one episode per world: a teacher's, or the pupil's own.

    Args:
        env: Worlds of the pupil's own, apart from those it trains in.
        part: What acts.
        gamma: Discount of the returns.
        noise: Spread of the noise on every action, which shows how to recover. Shape (action size,).
        rng: Of the noise.
    """
    env.seed(int(rng.integers(2**31)))
    observation = env.reset()
    recorder, n = EpisodeRecorder(env.num_envs), env.num_envs
    effect = np.zeros((n, env.effect_signature.size))
    running, success = np.ones(n, bool), np.zeros(n, bool)
    episodes: list[Experience] = []
    asked: list[FloatArray] = []
    intended: list[FloatArray] = []
    totals, returns = np.zeros(n), np.zeros(n)
    steps = 0
    while running.any():
        hub, world = env.hub_state()
        asked.append(np.clip(part(observation, hub, world, effect), -1.0, 1.0))
        action = np.clip(asked[-1] + noise * rng.standard_normal(asked[-1].shape), -1.0, 1.0)
        following, reward, ended, infos = env.step(action)
        steps += n
        totals += reward
        effect = env.effect()
        recorder.add(Step(observation, action, hub, world, effect, reward, ended))
        for k in np.flatnonzero(ended & running):
            success[len(episodes)] = bool(infos[k].get("is_success", False))
            returns[len(episodes)] = totals[k]
            episodes.append(recorder.cut(k, gamma, 0.0))
            intended.append(np.stack([actions[k] for actions in asked]))
        running &= ~ended
        observation = following
    return Rehearsal(episodes, intended, success, steps, returns)
