"""Completion on held-out episodes, with its interval."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from hacpo_robot.learning.proportion import wilson_interval
from hacpo_robot.specs.signature import FloatArray

Act = Callable[[NDArray[np.float32]], NDArray[np.floating]]
"""Raw observations of all worlds to actions in [-1, 1]."""

HELD_OUT = 1_000_003
"""Added to a run's seed where episodes must never have been trained on."""


@dataclass(frozen=True)
class Evaluation:
    """Outcome of held-out episodes of one arm; shares in percent."""

    n_episodes: int
    n_success: int
    """Episodes that end in success."""
    pc_success: float
    pc_success_ci95: tuple[float, float]
    """Wilson interval."""
    success_once: float
    """Episodes with success at any step, per cent."""
    success_at_end: float
    """Same as ``pc_success``; named for what it means."""
    avg_sum_reward: float


@dataclass(frozen=True)
class HeldOut:
    """Held-out episodes of one policy."""

    evaluation: Evaluation
    observations: NDArray[np.float32]
    """Every raw observation met. Shape (n, observation size)."""
    at_end: NDArray[np.bool_]
    """Success at the last step. Shape (n_episodes,)."""
    lengths: NDArray[np.intp]
    """Steps. Shape (n_episodes,)."""

    @property
    def episodes(self) -> list[NDArray[np.float32]]:
        """The observations of each episode, in order. Shape (length, observation size) each."""
        running = np.arange(self.lengths.max())[:, None] < self.lengths  # (steps, n_episodes)
        owner = np.nonzero(running)[1]
        return [self.observations[owner == episode] for episode in range(len(self.lengths))]


def evaluate(
    env: VecEnv, act: Act, n_episodes: int, before_step: Callable[[], None] = lambda: None
) -> HeldOut:
    """Run the first episode of each of the first ``n_episodes`` worlds.

    Args:
        env: At least as many worlds; must offer ``last_success``.
        act: The policy, deterministic.
        n_episodes: At most ``env.num_envs``.
        before_step: Called before every step, to record.
    """
    observation = env.reset()
    running = np.arange(env.num_envs) < n_episodes
    once, at_end = np.zeros(env.num_envs, bool), np.zeros(env.num_envs, bool)
    rewards, lengths = np.zeros(env.num_envs), np.zeros(env.num_envs, int)
    seen: list[NDArray[np.float32]] = []
    while running.any():
        before_step()
        seen.append(np.asarray(observation)[running])
        observation, reward, ended, infos = env.step(act(np.asarray(observation)))
        rewards += np.where(running, reward, 0.0)
        lengths += running
        once |= env.get_attr("last_success", [0])[0] & running
        for world in np.flatnonzero(ended & running):
            at_end[world] = infos[world]["is_success"]
        running &= ~ended
    kept = slice(n_episodes)
    evaluation = summarize(at_end[kept], once[kept], rewards[kept])
    return HeldOut(evaluation, np.concatenate(seen), at_end[kept], lengths[kept])


def with_noise(act: Act, spread: float, rng: np.random.Generator) -> Act:
    """A policy whose every action is disturbed: does it stand that, or even need it?

    Args:
        act: The policy.
        spread: Standard deviation of the normal noise on actions in [-1, 1], which are clipped again.
        rng: Of the noise.
    """

    def noisy(observation: NDArray[np.float32]) -> FloatArray:
        action = act(observation)
        return np.clip(action + spread * rng.standard_normal(action.shape), -1.0, 1.0)

    return noisy


def summarize(at_end: NDArray[np.bool_], once: NDArray[np.bool_], rewards: FloatArray) -> Evaluation:
    """Shares and interval of some episodes. Shape (n_episodes,) each."""
    n, successes = len(at_end), int(at_end.sum())
    low, high = wilson_interval(successes, n)
    return Evaluation(
        n_episodes=n,
        n_success=successes,
        pc_success=100 * successes / n,
        pc_success_ci95=(100 * low, 100 * high),
        success_once=100 * float(once.mean()),
        success_at_end=100 * successes / n,
        avg_sum_reward=float(rewards.mean()),
    )


def pool_evaluations(evaluations: list[Evaluation]) -> Evaluation:
    """All episodes of some evaluations taken as one."""
    counts = [evaluation.n_episodes for evaluation in evaluations]
    n, successes = sum(counts), sum(evaluation.n_success for evaluation in evaluations)
    low, high = wilson_interval(successes, n)

    def mean(name: str) -> float:
        return float(np.average([getattr(e, name) for e in evaluations], weights=counts))

    return Evaluation(
        n_episodes=n,
        n_success=successes,
        pc_success=100 * successes / n,
        pc_success_ci95=(100 * low, 100 * high),
        success_once=mean("success_once"),
        success_at_end=mean("success_at_end"),
        avg_sum_reward=mean("avg_sum_reward"),
    )
