"""Trust follows what was tried, and never leaves (0, 1]."""

import pytest

from hacpo_robot.sharing.trust import BETTER, EXPECTED, FIRST_WAIT, MEMORY, PRACTICE, UNKNOWN, Trust
from hacpo_robot.specs.training import SharingSettings


def tried(trust, *successes, source_rate=0.8, worthwhile=True):
    """Rehearse once per number, twenty episodes each."""
    for number in successes:
        trust.note_rehearsal(number, 20, source_rate=source_rate, worthwhile=worthwhile)
    return trust


def cross_phases_until_due(trust, source_rate=0.8):
    for count in range(1000):
        if trust.is_due(source_rate):
            return count
        trust.rest()
    return None


def test_nothing_tried_is_half_trusted():
    assert Trust().level == 0.5
    assert not Trust().tried
    assert Trust().is_due(0.2)


def test_trust_is_the_share_of_the_sources_successes_that_were_repeated():
    done, expected = MEMORY * EXPECTED / 2 + 8, MEMORY * EXPECTED + 16
    assert tried(Trust(), 8).level == pytest.approx(done / expected)
    both = (MEMORY * done + 4) / (MEMORY * expected + 16)
    assert tried(Trust(), 8, 4).level == pytest.approx(both)


def test_who_claims_to_succeed_always_and_is_tried_in_vain_has_nothing_to_teach_from_there():
    trust = Trust()
    trust.note_rehearsal(0, SharingSettings().rehearsal_worlds, source_rate=1.0, worthwhile=False)
    assert trust.level < SharingSettings().min_lead
    assert trust.level < SharingSettings().least_success


def test_trust_stays_in_its_bounds():
    assert tried(Trust(), *[20] * 10, source_rate=0.1).level == 1.0
    assert 0 < tried(Trust(), *[0] * 50).level < 0.06


def test_a_source_that_fails_is_tried_ever_more_rarely():
    trust, waits = Trust(), []
    for _ in range(3):
        tried(trust, 0, worthwhile=False)
        waits.append(cross_phases_until_due(trust))
    assert waits == [2 * FIRST_WAIT, 4 * FIRST_WAIT, 8 * FIRST_WAIT]
    assert cross_phases_until_due(tried(trust, 18)) == PRACTICE


def test_a_source_that_became_better_is_tried_at_once():
    trust = tried(Trust(), 0, source_rate=0.2, worthwhile=False)
    assert not trust.is_due(0.2 + 0.9 * BETTER)
    assert trust.is_due(0.2 + 1.1 * BETTER)


def test_a_promise_discounts_what_was_tried_and_takes_the_rest_in_full():
    assert Trust().promise(0.6) == 0.6
    trust = tried(Trust(), 0, source_rate=0.2)
    assert trust.promise(0.6) == pytest.approx(0.2 * trust.level + 0.4)
    assert trust.promise(0.1) == pytest.approx(0.1 * trust.level)


def test_a_failure_is_forgotten_when_the_next_trial_is_due_but_teaches_no_lessons_until_then():
    trust = tried(Trust(), 0, source_rate=0.8, worthwhile=False)
    level = trust.level
    for _ in range(2 * FIRST_WAIT):
        assert trust.promise(0.8) == pytest.approx(0.8 * level)
        trust.rest()
    assert trust.promise(0.8) == pytest.approx(0.8 * UNKNOWN)
    assert trust.level == level


def test_a_restored_trust_goes_on_alike():
    trust, copy = tried(Trust(), 5), Trust()
    copy.set_state(trust.get_state())
    assert (copy.level, copy.tried) == (trust.level, trust.tried)
    for rate in (0.8, 0.96):
        assert copy.is_due(rate) == trust.is_due(rate)
    assert tried(copy, 7).level == tried(trust, 7).level
