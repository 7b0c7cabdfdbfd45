"""Intervals of shares, against the tables they were published with."""

import pytest

from hacpo_robot.learning.proportion import newcombe_interval, wilson_interval


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_interval_equals_the_published_table(successes, trials, low, high):
    # Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17, 1998,
    # table I, method 3.
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("successes", "trials"), [(0, 5), (5, 5), (3, 7), (500, 1000)])
def test_wilson_interval_holds_the_share_within_zero_and_one(successes, trials):
    low, high = wilson_interval(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1
    assert high - low < 2 / trials**0.5


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_interval_equals_the_published_table(counts, low, high):
    # Newcombe, Interval estimation for the difference between independent proportions, Statistics in
    # Medicine 17, 1998, table II, method 10.
    assert newcombe_interval(*counts) == pytest.approx((low, high), abs=5e-5)


def test_newcombe_interval_turns_around_with_its_sides():
    low, high = newcombe_interval(7, 20, 11, 30)
    assert newcombe_interval(11, 30, 7, 20) == pytest.approx((-high, -low))
