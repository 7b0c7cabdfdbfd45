"""Who waits for whom: nobody for good, nobody in the beginning, and never the best."""

import numpy as np
import pytest

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.sharing.pace import Standing, waits
from hacpo_robot.specs.training import PaceSettings

PACE = PaceSettings(head_start=0.3, ripe=0.75, clear_lead=0.5)


def test_only_a_clear_lead_is_waited_for():
    ahead = Standing(progress=0.5, achieved=1.6)
    assert waits(Standing(0.4, 1.0), [ahead], PACE)
    assert not waits(Standing(0.4, 1.1), [ahead], PACE)


def test_a_lead_is_a_lead_where_returns_are_negative():
    assert waits(Standing(0.4, -10.0), [Standing(0.4, -4.0)], PACE)
    assert not waits(Standing(0.4, -10.0), [Standing(0.4, -6.0)], PACE)


def test_nobody_waits_before_the_head_start_is_over():
    assert not waits(Standing(0.29, 0.0), [Standing(0.5, 9.0)], PACE)


def test_nobody_waits_for_one_that_is_ripe():
    assert not waits(Standing(0.4, 0.0), [Standing(0.75, 9.0)], PACE)


def test_the_ripe_wait_for_the_unripe_and_then_all_go_on():
    assert waits(Standing(0.8, 9.0), [Standing(0.74, 0.0)], PACE)
    assert not waits(Standing(0.8, 0.0), [Standing(0.75, 9.0)], PACE)


def test_a_lead_below_zero_is_refused():
    with pytest.raises(InvalidSpecError, match="clear_lead must not be negative"):
        PaceSettings(clear_lead=-0.1)


def test_without_ripeness_all_keep_step():
    assert not waits(Standing(0.4, 0.0), [Standing(0.4, 9.0)], PaceSettings(ripe=0.0))


@pytest.mark.parametrize("seed", range(20))
def test_all_make_all_their_steps_whatever_they_achieve(seed: int):
    rng = np.random.default_rng(seed)
    progress = np.zeros(5)
    for _ in range(5 * 20):
        standings = [Standing(float(p), float(rng.normal())) for p in progress]
        left = [k for k in range(5) if progress[k] < 1.0]
        going = [k for k in left if not waits(standings[k], [standings[j] for j in left if j != k], PACE)]
        assert going or not left
        progress[going] += 0.05
    assert (progress >= 1.0).all()
