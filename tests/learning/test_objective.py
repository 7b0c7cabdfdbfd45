"""Both objectives of the cross phase against arithmetic by hand."""

import math

import pytest
import torch

from hacpo_robot.learning.objective import DELTA, DELTA_STEP, hacpo_surrogate, weighted_regression

TWO_LESSONS = torch.tensor([[1.0, 3.0], [2.0, 0.0]])


def one(missed, before, weight, minibatch=0):
    """The surrogate of one lesson with one action element."""
    rows = (torch.tensor([[value]], dtype=torch.float64) for value in (missed, before))
    return float(hacpo_surrogate(*rows, torch.tensor([weight], dtype=torch.float64), minibatch))


def test_regression_is_the_weighted_mean_of_half_the_squares():
    loss = weighted_regression(TWO_LESSONS, TWO_LESSONS, torch.tensor([1.0, 0.5]), 0)
    assert float(loss) == pytest.approx((1.0 * 0.5 * (1 + 9) / 2 + 0.5 * 0.5 * (4 + 0) / 2) / 2)


def test_the_surrogate_starts_at_the_weights_whatever_the_distance():
    for distance in (0.0, 1.0, 5.0):
        assert one(distance, distance, 0.7) == pytest.approx(-0.7)


def test_the_surrogate_is_the_clipped_ratio_to_the_power_of_two():
    ratio = math.exp(0.5 * (1.0 - 1.2**2))
    assert one(1.2, 1.0, 2.0) == pytest.approx(-2.0 * ratio**2)
    assert one(9.0, 1.0, 2.0) == pytest.approx(-2.0 * (1 - DELTA) ** 2)
    assert one(9.0, 1.0, 2.0, minibatch=4) == pytest.approx(-2.0 * (1 - DELTA + 4 * DELTA_STEP) ** 2)
    assert one(0.1, 1.0, 2.0) == pytest.approx(-2.0)


@pytest.mark.parametrize(("weight", "direction"), [(1.0, 1.0), (-1.0, -1.0)])
def test_the_surrogate_goes_towards_good_lessons_and_away_from_bad_ones(weight, direction):
    missed = torch.tensor([[1.2]], requires_grad=True)
    hacpo_surrogate(missed, torch.tensor([[1.1]]), torch.tensor([weight]), 0).backward()
    assert missed.grad is not None
    assert float(missed.grad) * direction > 0


def test_a_ratio_outside_its_window_moves_nothing():
    for distance in (0.1, 9.0):
        missed = torch.tensor([[distance]], requires_grad=True)
        hacpo_surrogate(missed, torch.tensor([[1.0]]), torch.tensor([1.0]), 0).backward()
        assert missed.grad is not None
        assert float(missed.grad) == 0
