"""The learning rate, by hand."""

import pytest

from hacpo_robot.learning.learner import learning_rate_schedule


def test_the_learning_rate_is_constant_then_falls_to_zero():
    rate = learning_rate_schedule(1e-3, 0.5)
    rates = [rate(remaining) for remaining in (1.0, 0.5, 0.25, 0.0, -0.01)]
    assert rates == pytest.approx([1e-3, 1e-3, 5e-4, 0.0, 0.0])


def test_no_decay_keeps_the_learning_rate():
    assert learning_rate_schedule(1e-3, 0.0)(0.0) == 1e-3
