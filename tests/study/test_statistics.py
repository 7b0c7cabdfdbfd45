"""Statistics of group seeds: by hand, against published figures, and against rliable."""

import numpy as np
import pytest

from hacpo_robot.study.statistics import (
    area_under_curve,
    completion_at,
    estimate,
    holm,
    interval,
    iqm,
    iqm_difference,
    mean,
    mean_difference,
    negative_transfer_rate,
    probability_of_improvement,
    resample,
    restricted_mean,
    sign_flip_p,
    steps_to,
    worst_column,
)


def test_iqm_is_the_mean_of_the_middle_half():
    assert iqm(np.array([[100.0, 3.0], [1.0, -50.0]])) == 2.0
    # Nine values: two are cut off at either end, as by scipy's trim_mean.
    assert iqm(np.array([[9.0, 1.0, 2.0], [3.0, 4.0, 5.0], [6.0, 7.0, 8.0]])) == 5.0


def test_darwins_maize_gets_the_p_that_fisher_counted():
    # Fisher, The Design of Experiments, 1935, section 21: crossed less self-fertilised plants, eighths of an
    # inch. Of 2**15 signs, 863 give a sum of at least 314, so that p is 1726 / 32768.
    darwin = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], float)
    assert sign_flip_p(darwin[:, None]) == 1726 / 32768


@pytest.mark.parametrize(("n_seeds", "p"), [(5, 0.0625), (6, 0.03125), (8, 0.0078125), (10, 2 / 1024)])
def test_sign_flips_cannot_say_more_than_the_number_of_seeds_allows(n_seeds, p, rng):
    assert sign_flip_p(rng.random((n_seeds, 4)) + 0.1) == p


def test_sign_flips_are_drawn_where_they_are_too_many_to_count(rng):
    differences = rng.normal(0.3, 1.0, (16, 1))
    drawn = sign_flip_p(np.append(differences, [[0.0]], axis=0))  # 17 seeds, of which one cannot matter
    assert drawn == pytest.approx(sign_flip_p(differences), abs=0.01)


def test_sign_flips_do_not_count_the_arms_of_a_group_as_seeds(rng):
    per_seed = rng.normal(0.2, 1.0, (6, 1))
    assert sign_flip_p(per_seed) == sign_flip_p(np.repeat(per_seed, 4, axis=1))


def test_holm_equals_the_textbook():
    # As given by p.adjust in R.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([0.9, 0.8]) == (1.0, 1.0)


def test_probability_of_improvement_counts_pairs_and_halves_ties():
    ours, theirs = np.array([[0.5, 1.0], [0.7, 0.0]]), np.array([[0.5, 0.2], [0.6, 0.1]])
    # First arm: 0.5 ties once and loses once, 0.7 wins twice. Second arm: 1.0 wins twice, 0.0 never.
    assert probability_of_improvement(ours, theirs) == ((2.5 / 4) + (2 / 4)) / 2


def test_differences_are_paired_by_seed_and_arm():
    ours = np.array([[0.9, 0.5], [0.7, 0.3]])
    theirs = np.array([[0.5, 0.58], [0.6, 0.32]])
    assert mean_difference(ours, theirs) == pytest.approx((0.4 - 0.08 + 0.1 - 0.02) / 4)
    assert worst_column(ours, theirs) == 1
    assert negative_transfer_rate(ours, theirs) == 0.25
    five_less = np.arange(95) / 100, np.arange(5, 100) / 100
    assert negative_transfer_rate(*five_less) == 0, "five points are not more than five"
    assert iqm_difference(ours, theirs) == pytest.approx((0.5 + 0.7) / 2 - (0.5 + 0.58) / 2)


def test_a_constant_gain_has_no_uncertainty(rng):
    theirs = rng.random((5, 3))
    found = estimate(mean_difference, theirs + 0.25, theirs, n_resamples=100)
    assert (found.value, found.low, found.high) == pytest.approx((0.25, 0.25, 0.25))


def test_arms_of_one_group_do_not_narrow_the_interval(rng):
    one = rng.random((8, 1))
    alone, together = estimate(mean, one), estimate(mean, np.repeat(one, 4, axis=1))
    assert vars(alone) == pytest.approx(vars(together))


def test_interval_of_a_mean_is_as_wide_as_theory_says(rng):
    scores = rng.normal(0.0, 1.0, (200, 1))
    low, high = interval(resample(mean, scores))
    assert high - low == pytest.approx(2 * 1.96 * scores.std() / np.sqrt(200), rel=0.05)


def test_learning_curve_starts_at_zero_and_stays_where_it_ended():
    steps, success = np.array([100.0, 200.0]), np.array([0.4, 0.8])
    np.testing.assert_allclose(
        completion_at(steps, success, np.array([0, 50, 150, 500])), [0.0, 0.2, 0.6, 0.8]
    )
    # Triangle, trapezoid, rectangle: 20 + 60 + 80 * 2 of 400.
    assert area_under_curve(steps, success, 400.0) == pytest.approx((20 + 60 + 160) / 400)
    assert area_under_curve(steps, success, 150.0) == pytest.approx((20 + 25) / 150)


def test_steps_to_a_threshold_are_never_for_those_that_do_not_reach_it():
    steps, success = np.array([100.0, 200.0, 300.0]), np.array([0.4, 0.8, 0.7])
    assert steps_to(steps, success, 0.8) == 200.0
    assert steps_to(steps, success, 0.6) == pytest.approx(150.0)
    assert steps_to(steps, success, 0.2) == pytest.approx(50.0)
    assert steps_to(steps, success, 0.9) == np.inf
    assert restricted_mean(np.array([100.0, np.inf]), 400.0) == 250.0


def test_equals_rliable_where_both_say_the_same(rng):
    library = pytest.importorskip("rliable.library", reason="rliable is not installed", exc_type=ImportError)
    metrics = pytest.importorskip("rliable.metrics")
    ours, theirs = rng.random((8, 3)).round(1), rng.random((6, 3)).round(1)  # rounded, so that some tie
    assert iqm(ours) == pytest.approx(metrics.aggregate_iqm(ours))
    assert probability_of_improvement(ours, theirs) == pytest.approx(
        metrics.probability_of_improvement(ours, theirs)
    )
    # With one task rliable resamples what we resample. It draws from numpy's global generator.
    np.random.seed(0)  # noqa: NPY002
    alone = rng.random((8, 1))
    _, bounds = library.get_interval_estimates(
        {"x": alone}, lambda x: np.array([metrics.aggregate_mean(x)]), reps=10_000
    )
    np.testing.assert_allclose(interval(resample(mean, alone)), bounds["x"][:, 0], atol=0.01)
