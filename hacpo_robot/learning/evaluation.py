"""Completion on held-out episodes, with its interval."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

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


def evaluate(env: VecEnv, act: Act, n_episodes: int) -> tuple[Evaluation, NDArray[np.float32]]:
    """Run the first episode of each world until ``n_episodes`` have ended.

    Args:
        env: As many worlds as episodes are wanted at once; must offer ``last_success``.
        act: The policy, deterministic.
        n_episodes: At most ``env.num_envs``.

    Returns:
        The outcome, and the observations met on the way, shape (n, observation size).
    """
    observation = env.reset()
    running = np.arange(env.num_envs) < n_episodes
    once, at_end = np.zeros(env.num_envs, bool), np.zeros(env.num_envs, bool)
    rewards = np.zeros(env.num_envs)
    seen: list[FloatArray] = []
    while running.any():
        seen.append(observation[running])
        observation, reward, ended, infos = env.step(act(observation))
        rewards += np.where(running, reward, 0.0)
        once |= env.get_attr("last_success", [0])[0] & running
        for world in np.flatnonzero(ended & running):
            at_end[world] = infos[world]["is_success"]
        running &= ~ended
    low, high = wilson_interval(int(at_end.sum()), n_episodes)
    evaluation = Evaluation(
        n_episodes=n_episodes,
        n_success=int(at_end.sum()),
        pc_success=100 * at_end.sum() / n_episodes,
        pc_success_ci95=(100 * low, 100 * high),
        success_once=100 * once.sum() / n_episodes,
        success_at_end=100 * at_end.sum() / n_episodes,
        avg_sum_reward=float(rewards[:n_episodes].mean()),
    )
    return evaluation, np.concatenate(seen)


def wilson_interval(successes: int, trials: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); 9 of 10 gives 0.5958 to 0.9821."""
    share = successes / trials
    centre = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * np.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))
