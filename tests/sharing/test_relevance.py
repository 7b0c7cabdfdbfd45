"""Laws of relevance and weights."""

import numpy as np
import pytest

from hacpo_robot.sharing.relevance import (
    EFFECT_TOLERANCE,
    calculate_relevance,
    feasibility,
    select_top_k,
)
from hacpo_robot.sharing.weighting import CAPABILITY_RANGE, agreement, capability_ratio, weight_experiences


def test_relevance_lies_between_zero_and_one(rng):
    support, error = rng.exponential(3.0, (2, 1000))
    relevance = calculate_relevance(support, error, 5 * rng.standard_normal(1000))
    assert ((relevance >= 0) & (relevance <= 1)).all()
    assert calculate_relevance(np.zeros(1), np.zeros(1), np.array([9.0])) == [1.0]


def test_relevance_is_zero_without_advantage():
    advantage = np.array([-1.0, 0.0, 1e-6])
    relevance = calculate_relevance(np.zeros(3), np.zeros(3), advantage)
    assert (relevance > 0).tolist() == [False, False, True]


def test_relevance_falls_with_distance_and_missed_effect():
    steps, ones = np.linspace(0.0, 5.0, 30), np.ones(30)
    by_support = calculate_relevance(steps, 0.3 * ones, ones)
    by_error = calculate_relevance(0.5 * ones, 0.3 * steps, ones)
    assert (np.diff(by_support) <= 0).all()
    assert by_support[0] > 2 * by_support[-1]
    assert (np.diff(by_error) < 0).all()


def test_relevance_by_hand():
    relevance = calculate_relevance(np.array([2.0]), np.array([EFFECT_TOLERANCE]), np.array([0.5]))
    assert relevance == pytest.approx([np.exp(-1) * np.exp(-1) * 0.5])


def test_feasibility_is_one_for_what_the_body_does_itself():
    np.testing.assert_array_equal(feasibility(np.array([0.0, 1.0]), np.zeros(2)), [1, 1])
    assert feasibility(np.array([1.1]), np.zeros(1)) < 1


def sorting_loop(relevance, k):
    """Slow and plain."""
    kept = []
    for _ in range(k):
        left = [i for i in range(len(relevance)) if i not in kept and relevance[i] > 0]
        if left:
            kept.append(max(left, key=lambda i: (relevance[i], -i)))
    return kept


@pytest.mark.parametrize("k", [0, 1, 7, 20, 50])
def test_top_k_equals_a_sorting_loop_and_never_takes_the_irrelevant(rng, k):
    relevance = np.round(rng.uniform(-0.5, 1.0, 20).clip(min=0), 1)  # with ties and zeros
    assert (relevance == 0).any()
    kept = select_top_k(relevance, k)
    assert kept.tolist() == sorting_loop(relevance, k)
    assert (relevance[kept] > 0).all()


def test_agreement_is_one_at_the_own_mean_and_falls_away_from_it(rng):
    mean, std = rng.standard_normal((5, 3)), np.array([0.2, 0.5, 1.0])
    np.testing.assert_array_equal(agreement(mean, mean, std), np.ones(5))
    near, far = agreement(mean + 0.5 * std, mean, std), agreement(mean + 2 * std, mean, std)
    np.testing.assert_allclose(near, np.exp(-0.125))
    assert (far < near).all()


def test_agreement_does_not_depend_on_the_number_of_joints():
    std = np.full(7, 0.3)
    six, seven = (agreement(np.full((1, n), 0.4), np.zeros((1, n)), std[:n]) for n in (6, 7))
    np.testing.assert_allclose(six, seven)


def test_capability_is_the_ratio_of_success_within_bounds():
    assert capability_ratio(0.6, 0.5) == pytest.approx(1.2)
    assert capability_ratio(0.5, 0.5) == 1
    assert (capability_ratio(0.01, 0.9), capability_ratio(0.9, 0.01)) == CAPABILITY_RANGE


def test_a_learner_that_fails_weighs_by_relevance_alone():
    relevance, likeness = np.array([0.2, 0.9]), np.array([0.01, 1.0])
    failing = weight_experiences(relevance, likeness, capability=1.0, success_rate=0.0)
    np.testing.assert_array_equal(failing, relevance)
    master = weight_experiences(relevance, likeness, capability=1.0, success_rate=1.0)
    np.testing.assert_allclose(master, relevance * np.sqrt(likeness))
