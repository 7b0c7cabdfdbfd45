"""Process-wide generators, kept apart."""

import numpy as np
import torch

from hacpo_robot.learning.randomness import Randomness


def seeded(seed):
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    return Randomness()


def throw():
    return float(torch.rand(1)), float(np.random.rand())  # noqa: NPY002


def test_learners_that_take_turns_throw_what_they_would_have_thrown_alone():
    alone = {}
    for seed in (1, 2):
        with seeded(seed).mine():
            alone[seed] = [throw() for _ in range(3)]
    randomness, turns = {seed: seeded(seed) for seed in (1, 2)}, {1: [], 2: []}
    for _ in range(3):
        for seed, each in randomness.items():
            with each.mine():
                turns[seed].append(throw())
    assert turns == alone


def test_the_callers_own_generators_are_put_back():
    randomness = seeded(1)
    seeded(7)
    expected = throw()
    seeded(7)
    with randomness.mine():
        throw()
    assert throw() == expected


def test_generators_are_put_back_after_an_error():
    randomness = seeded(1)
    seeded(7)
    expected = throw()
    seeded(7)
    try:
        with randomness.mine():
            throw()
            raise KeyError
    except KeyError:
        assert throw() == expected


def test_state_continues_the_throws(tmp_path):
    randomness = seeded(3)
    with randomness.mine():
        np.random.standard_normal()  # noqa: NPY002  keeps half a pair back
    np.savez(tmp_path / "randomness.npz", **randomness.get_state())
    with randomness.mine():
        expected = (*throw(), np.random.standard_normal())  # noqa: NPY002
    again = seeded(99)
    again.set_state(dict(np.load(tmp_path / "randomness.npz")))
    with again.mine():
        assert (*throw(), np.random.standard_normal()) == expected  # noqa: NPY002
