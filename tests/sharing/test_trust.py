"""Trust follows what was tried, and never leaves (0, 1]."""

import pytest

from hacpo_robot.sharing.trust import MEMORY, PATIENCE, Trust


def tried(trust, *successes, source_rate=0.8, worthwhile=True):
    """Rehearse once per number, twenty episodes each."""
    for number in successes:
        trust.note_rehearsal(number, 20, source_rate=source_rate, worthwhile=worthwhile)
    return trust


def cross_phases_until_rested(trust):
    for count in range(1000):
        if trust.rested:
            return count
        trust.rest()
    return None


def test_nothing_tried_is_half_trusted():
    assert Trust().level == 0.5
    assert not Trust().tried
    assert Trust().rested


def test_trust_is_the_share_of_the_sources_successes_that_were_repeated():
    assert tried(Trust(), 8).level == pytest.approx((8 + 1) / (20 * 0.8 + 2))
    assert tried(Trust(), 8, 4).level == pytest.approx((MEMORY * 8 + 4 + 1) / ((MEMORY + 1) * 16 + 2))


def test_trust_stays_in_its_bounds():
    assert tried(Trust(), *[20] * 10, source_rate=0.1).level == 1.0
    assert 0 < tried(Trust(), *[0] * 50).level < 0.05


def test_a_source_that_fails_is_tried_ever_more_rarely():
    trust, waits = Trust(), []
    for _ in range(3):
        tried(trust, 0, worthwhile=False)
        waits.append(cross_phases_until_rested(trust))
    assert waits == [2 * PATIENCE, 4 * PATIENCE, 8 * PATIENCE]
    assert cross_phases_until_rested(tried(trust, 18)) == PATIENCE


def test_a_restored_trust_goes_on_alike():
    trust, copy = tried(Trust(), 5), Trust()
    copy.set_state(trust.get_state())
    assert (copy.level, copy.tried, copy.rested) == (trust.level, trust.tried, trust.rested)
    assert tried(copy, 7).level == tried(trust, 7).level
