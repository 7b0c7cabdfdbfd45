"""Trust falls where lessons cost success, and never leaves (0, 1]."""

import pytest

from hacpo_robot.sharing.trust import BEGIN, PERIOD, Trust


def reviewed(trust, *rates):
    """Review every rate for one period."""
    for rate in rates:
        for _ in range(PERIOD):
            trust.review(rate)
    return trust


def test_trust_falls_by_half_where_success_fell():
    assert reviewed(Trust(), 0.5, 0.3, 0.3).level == pytest.approx(BEGIN / 2)


def test_trust_grows_where_success_rose_but_not_beyond_one():
    assert reviewed(Trust(), 0.1, 0.3, 0.3).level == pytest.approx(1.5 * BEGIN)
    assert reviewed(Trust(), *(0.1 * i for i in range(9))).level == 1.0


def test_trust_stays_where_nothing_notable_happened():
    assert reviewed(Trust(), 0.50, 0.51, 0.49, 0.5).level == BEGIN


def test_a_restored_trust_goes_on_alike():
    trust, copy = reviewed(Trust(), 0.5, 0.2), Trust()
    copy.set_state(trust.get_state())
    assert reviewed(copy, 0.6, 0.6).level == reviewed(trust, 0.6, 0.6).level
