"""The bank of good episodes, and the experience in it."""

import numpy as np
import pytest

from hacpo_robot.sharing.experience import Experience, discounted_returns, split_episodes
from hacpo_robot.sharing.pool import ExperiencePool
from hacpo_robot.sharing.steps import concatenate


def episode(number, length=3):
    """Steps that tell where they come from."""
    mark = np.full((length, 2), number, float) + 0.1 * np.arange(length)[:, None]
    return Experience(mark, mark, mark, mark, mark, mark[:, 0], np.full(length, number, np.int64))


def numbers(episodes):
    return [int(each.episode[0]) for each in episodes]


def assert_same(one, other):
    for name, array in vars(one).items():
        np.testing.assert_array_equal(array, getattr(other, name), err_msg=name)


def test_pool_forgets_the_oldest_episode():
    pool = ExperiencePool(2)
    for number in (1, 2, 3):
        pool.add(episode(number))
    assert numbers(pool.episodes) == [2, 3]
    assert pool.version == 3


@pytest.mark.parametrize(("version", "fresh"), [(0, [3, 4, 5]), (2, [3, 4, 5]), (3, [4, 5]), (5, [])])
def test_since_gives_what_is_new_as_far_as_it_is_still_here(version, fresh):
    pool = ExperiencePool(3)
    for number in (1, 2, 3, 4, 5):
        pool.add(episode(number))
    assert numbers(pool.since(version)) == fresh


def test_success_rate_is_laplace_smoothed_over_the_window():
    pool = ExperiencePool(1)
    assert pool.success_rate == 0.5
    for success in (True, True, False):
        pool.note_outcome(success=success)
    assert pool.success_rate == 3 / 5
    for _ in range(pool.WINDOW):
        pool.note_outcome(success=False)
    assert pool.success_rate == 1 / (pool.WINDOW + 2)


def test_pool_state_restores_everything(tmp_path):
    pool = ExperiencePool(2)
    for number, length in ((4, 2), (5, 3), (6, 1)):
        pool.add(episode(number, length))
        pool.note_outcome(success=number == 5)
    np.savez(tmp_path / "pool.npz", **pool.get_state())
    again = ExperiencePool(2)
    again.set_state(dict(np.load(tmp_path / "pool.npz")))
    for one, other in zip(pool.episodes, again.episodes, strict=True):
        assert_same(one, other)
    assert list(again.outcomes) == list(pool.outcomes)
    assert (again.version, again.success_rate) == (3, pool.success_rate)


def test_freshness_halves_with_every_half_life_step_by_step():
    pool = ExperiencePool(2)
    for number, length in ((1, 9), (2, 2), (2, 1)):  # every rehearsal counts its episodes from one
        pool.add(episode(number, length))
        pool.grow_older()
    np.testing.assert_allclose(pool.freshness(half_life=2.0), [0.5, 0.5, 0.5**0.5])  # the first is forgotten
    again = ExperiencePool(2)
    again.set_state(pool.get_state())
    np.testing.assert_array_equal(again.freshness(2.0), pool.freshness(2.0))


def test_state_of_an_empty_pool_empties_another():
    pool = ExperiencePool(2)
    pool.add(episode(1))
    pool.set_state(ExperiencePool(2).get_state())
    assert (len(pool.episodes), pool.version, pool.success_rate) == (0, 0, 0.5)


def test_split_inverts_concatenate():
    episodes = [episode(7, 4), episode(3, 1), episode(9, 2)]
    for one, other in zip(episodes, split_episodes(concatenate(episodes)), strict=True):
        assert_same(one, other)


def test_discounted_returns_by_hand():
    returns = discounted_returns(np.array([1.0, 0.0, 2.0]), gamma=0.5, last_value=4.0)
    assert returns.tolist() == [2.0, 2.0, 4.0]  # 2 + 0.5*4, 0 + 0.5*4, 1 + 0.5*2
