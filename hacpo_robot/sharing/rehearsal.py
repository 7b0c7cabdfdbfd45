"""A pupil tries in its own worlds what a teacher would do there: the proof of every lesson."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.sharing.experience import Experience
from hacpo_robot.sharing.recorder import EpisodeRecorder, Step
from hacpo_robot.sharing.teacher import Body, Teacher, Understudy
from hacpo_robot.specs.signature import FloatArray


@dataclass(frozen=True)
class Rehearsal:
    """One episode of every world."""

    episodes: list[Experience]
    """In the pupil's own words; nothing in them is translated."""
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
            np.concatenate([self.success, other.success]),
            self.steps + other.steps,
            np.concatenate([self.returns, other.returns]),
        )

    @property
    def better_half(self) -> list[Experience]:
        """Half of the episodes, rounded up: those with the highest returns, in the order they ended."""
        best = np.sort(np.argsort(-self.returns, kind="stable")[: (len(self.episodes) + 1) // 2])
        return [self.episodes[k] for k in best]


def rehearse(
    env,  # noqa: ANN001
    teacher: Teacher,
    pupil: Body,
    *,
    gamma: float,
    noise: FloatArray,
    dice: np.random.Generator,
) -> Rehearsal:
    """Let a teacher act in the pupil's body for one episode per world.

    Args:
        env: Worlds of the pupil's own, apart from those it trains in; an SB3 ``VecEnv`` that is an
            :class:`~hacpo_robot.sharing.embodiment.Embodiment`.
        teacher: Whose policy acts.
        pupil: Whose body it is.
        gamma: Discount of the returns.
        noise: Spread of the noise in every other world, which shows how to recover: that of the
            pupil's own policy. Shape (action size,).
        dice: Of the noise.
    """
    env.seed(int(dice.integers(2**31)))
    observation, understudy = env.reset(), Understudy(teacher, pupil)
    recorder, n = EpisodeRecorder(env.num_envs), env.num_envs
    spread = noise * (np.arange(n) % 2)[:, None]
    running, success = np.ones(n, bool), np.zeros(n, bool)
    episodes: list[Experience] = []
    totals, returns = np.zeros(n), np.zeros(n)
    steps = 0
    while running.any():
        hub, world = env.hub_state()
        action = understudy.act(observation, hub, world)
        action = np.clip(action + spread * dice.standard_normal(action.shape), -1.0, 1.0)
        following, reward, ended, infos = env.step(action)
        steps += n
        totals += reward
        recorder.add(Step(observation, action, hub, world, env.effect(), reward, ended))
        for k in np.flatnonzero(ended & running):
            success[len(episodes)] = bool(infos[k].get("is_success", False))
            returns[len(episodes)] = totals[k]
            episodes.append(recorder.cut(k, gamma, 0.0))
        running &= ~ended
        observation = following
    return Rehearsal(episodes, success, steps, returns)
