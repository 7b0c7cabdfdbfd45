"""Completion, and how sure it is."""

import numpy as np
import pytest

from hacpo_robot.learning.evaluation import evaluate, pool_evaluations, summarize, with_noise
from tests.sharing.toy import TWO, ToyVecEnv


def push(observation):
    """Mostly to the right, so that some episodes end early."""
    return np.tile([0.4, 0.2, 0.0], (len(observation), 1))


def first_episodes(env, act, n):
    """Slow and plain: success at the end, at any time, reward, length of each first episode."""
    observation, found = env.reset(), {}
    once, total = np.zeros(env.num_envs, bool), np.zeros(env.num_envs)
    for time in range(1, 100):
        observation, reward, ended, infos = env.step(act(observation))
        once |= env.last_success
        total += reward
        for world in range(n):
            if ended[world] and world not in found:
                found[world] = (infos[world]["is_success"], once[world], total[world], time)
    return [np.array(column) for column in zip(*(found[world] for world in range(n)), strict=True)]


def test_evaluation_counts_the_first_episode_of_each_world_only():
    at_end, once, reward, length = first_episodes(ToyVecEnv(TWO, 32, 3, radius=0.9), push, 20)
    held_out = evaluate(ToyVecEnv(TWO, 32, 3, radius=0.9), push, 20)
    assert len(set(length.tolist())) > 2, "all episodes are equally long"
    assert 0 < at_end.sum() < once.sum(), "an easy case proves nothing"
    np.testing.assert_array_equal(held_out.at_end, at_end)
    np.testing.assert_array_equal(held_out.lengths, length)
    assert held_out.evaluation.n_episodes == 20
    assert held_out.evaluation.n_success == at_end.sum()
    assert held_out.evaluation.success_once == pytest.approx(100 * once.mean())
    assert held_out.evaluation.avg_sum_reward == pytest.approx(reward.mean())
    assert len(held_out.observations) == length.sum()


def test_evaluation_tells_before_every_step():
    told = []
    held_out = evaluate(ToyVecEnv(TWO, 4), push, 4, lambda: told.append(1))
    assert len(told) == held_out.lengths.max()


def test_noise_has_the_spread_asked_for_and_stays_within_bounds():
    asked = np.full((20_000, 2), 0.1)
    noisy = with_noise(lambda _: asked, 0.2, np.random.default_rng(0))(np.zeros((20_000, 3), np.float32))
    np.testing.assert_allclose(noisy.mean(axis=0), 0.1, atol=0.005)
    np.testing.assert_allclose(noisy.std(axis=0), 0.2, atol=0.005)
    bounded = with_noise(lambda _: asked, 9.0, np.random.default_rng(0))(np.zeros((20_000, 3), np.float32))
    assert (bounded.min(), bounded.max()) == (-1.0, 1.0)


def test_pooled_evaluations_equal_one_of_all_episodes(rng):
    at_end, once, reward = rng.random(30) < 0.4, rng.random(30) < 0.7, rng.random(30)
    parts = [summarize(at_end[part], once[part], reward[part]) for part in (slice(0, 10), slice(10, 30))]
    whole = summarize(at_end, once, reward)
    assert vars(pool_evaluations(parts)) == {
        name: pytest.approx(value) for name, value in vars(whole).items()
    }
