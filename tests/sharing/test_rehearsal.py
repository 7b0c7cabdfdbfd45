"""Whose part a learner plays, and what it makes of it."""

from dataclasses import replace

import numpy as np
import pytest

from hacpo_robot.sharing.member import EXAM_LASTS
from hacpo_robot.sharing.trust import EXPECTED, MEMORY
from tests.sharing.exchanges import StandingStill, make_exchange, played, trusting, try_out


def test_the_most_promising_source_far_ahead_is_tried_first_and_then_rests():
    exchange = make_exchange("hacpo", {"low": 0.0, "near": 0.1, "good": 0.6, "top": 1.0})
    for member in exchange.members.values():
        member.view = StandingStill(n_actions=3)
    assert exchange.choose_rehearsal("low").name == "top"
    trusting(exchange, "low", "top", successes=0)
    assert exchange.choose_rehearsal("low").name == "good"
    trusting(exchange, "low", "good", successes=0)
    assert exchange.choose_rehearsal("low") is None
    assert exchange.choose_rehearsal("top") is None


def test_under_self_nobody_rehearses():
    exchange = make_exchange("self", {"three": 0.0, "top": 1.0})
    exchange.members["top"].view = StandingStill(n_actions=3)
    assert exchange.choose_rehearsal("three") is None


def test_a_rehearsal_is_worthwhile_where_it_returns_clearly_more_and_succeeds_no_less():
    exchange = make_exchange("hacpo", {"three": 0.05, "top": 1.0})
    me = exchange.members["three"]
    better = played(exchange, "three", [20, 30, 10, 25], successes=2)
    same = played(exchange, "three", [2, 9, 4, 3], successes=2)
    assert exchange.is_worthwhile("three", same), "nothing is known of the own part yet"
    me.note_exam(played(exchange, "three", [1, 5, 3, 4], successes=2))
    assert try_out(exchange, "three", "top", better)
    assert not try_out(exchange, "three", "top", same)
    assert me.skill == 0.5
    rarer = replace(better, success=better.success & (np.arange(4) < 1))
    assert not exchange.is_worthwhile("three", rarer), "it succeeds less often"
    me.note_exam(played(exchange, "three", [1, 5, 3, 4]))
    assert me.skill == me.pool.success_rate
    assert exchange.is_worthwhile("three", rarer)
    assert not exchange.is_worthwhile("three", replace(better, success=np.zeros(4, bool))), "it never does"
    me.note_exam(played(exchange, "three", [20, 30, 10, 25]))
    assert not exchange.is_worthwhile("three", better)


def test_an_exam_is_forgotten_after_a_while():
    exchange = make_exchange("hacpo", {"three": 0.05, "top": 1.0})
    me = exchange.members["three"]
    me.note_exam(played(exchange, "three", [20, 30, 10, 25], successes=4))
    for _ in range(EXAM_LASTS - 1):
        me.rest()
    assert me.skill == 1.0
    me.rest()
    assert me.skill == me.pool.success_rate
    assert me.own_returns is None


def test_the_last_parts_are_of_those_far_ahead_the_most_promising_first():
    exchange = make_exchange("hacpo", {"three": 0.3, "near": 0.4, "ahead": 0.5, "top": 1.0})
    for name in ("near", "ahead", "top"):
        exchange.members[name].view = StandingStill(n_actions=3)
    assert [m.name for m in exchange.last_sources("three")] == ["top", "ahead"]
    trusting(exchange, "three", "top", successes=8)
    assert [m.name for m in exchange.last_sources("three")] == ["ahead", "top"]
    trusting(exchange, "three", "top", successes=0)
    trusting(exchange, "three", "top", successes=0)
    assert [m.name for m in exchange.last_sources("three")] == ["ahead"], "there is nothing to hope for"
    exchange.members["three"].schema = None
    assert exchange.last_sources("three") == []


def test_the_last_parts_are_of_those_that_do_better_than_the_last_exam_not_than_training_showed():
    exchange = make_exchange("hacpo", {"three": 0.6, "top": 0.7})
    exchange.members["top"].view = StandingStill(n_actions=3)
    me = exchange.members["three"]
    assert exchange.last_sources("three") == []
    me.note_exam(played(exchange, "three", [20, 30, 10, 25], successes=1))
    assert [m.name for m in exchange.last_sources("three")] == ["top"]


@pytest.mark.parametrize(
    ("successes", "returns", "better"),
    [(3, [0, 0, 0, 0], True), (2, [9, 9, 9, 9], True), (2, [1, 1, 1, 1], False), (1, [9, 9, 9, 9], False)],
)
def test_an_exam_is_better_by_successes_then_by_returns(successes, returns, better):
    exchange = make_exchange("hacpo", {"three": 0.5, "top": 1.0})
    exam = played(exchange, "three", returns, successes)
    assert exchange.is_better("three", exam), "there is nothing to compare it with"
    exchange.members["three"].note_exam(played(exchange, "three", [2, 2, 2, 2], successes=2))
    assert exchange.is_better("three", exam) is better


def test_what_a_rehearsal_shows_moves_trust():
    exchange = make_exchange("hacpo", {"three": 0.05, "top": 1.0})
    try_out(exchange, "three", "top", played(exchange, "three", range(8), successes=4))
    level = exchange.members["three"].trust_in(exchange.members["top"]).level
    done, expected = MEMORY * EXPECTED / 2 + 4, MEMORY * EXPECTED + 8 * 63 / 64
    assert level == pytest.approx(done / expected, rel=1e-2)
