"""Trust and mastery: what each keeps out, and that it alone does."""

from dataclasses import replace

import pytest

from hacpo_robot.specs.training import Guards
from tests.sharing.exchanges import SETTINGS, StandingStill, make_exchange, offer, played, trusting
from tests.sharing.toy import THREE, ToyVecEnv, live_together


def guarded(rates, **guards):
    return make_exchange("hacpo", rates, replace(SETTINGS, guards=Guards(**guards)))


def heard(exchange, learner):
    return [member.name for member in exchange.sources_of(learner)]


@pytest.mark.parametrize("trust", [True, False])
def test_trust_alone_keeps_away_who_was_tried_in_vain(trust):
    exchange = guarded({"three": 0.3, "top": 1.0}, trust=trust)
    trusting(exchange, "three", "top", successes=2)
    assert heard(exchange, "three") == ([] if trust else ["top"])


@pytest.mark.parametrize("trust", [True, False])
def test_trust_alone_refuses_a_rehearsal_that_failed(trust):
    exchange = guarded({"three": 0.3, "top": 1.0}, trust=trust)
    exchange.members["three"].note_exam(played(exchange, "three", [5, 6, 4]))
    assert exchange.is_worthwhile("three", played(exchange, "three", [5, 3, 6])) is not trust
    assert exchange.is_worthwhile("three", played(exchange, "three", [15, 13, 16], successes=3))


@pytest.mark.parametrize("mastery", [True, False])
def test_mastery_alone_keeps_a_master_from_learning(mastery):
    exchange = guarded({"three": 1.0, "low": 0.4}, mastery=mastery)
    assert heard(exchange, "three") == ([] if mastery else ["low"])
    exchange.members["low"].view = StandingStill(n_actions=3)
    assert (exchange.choose_rehearsal("three") is None) is mastery


def test_without_mastery_trust_still_ranks_the_sources():
    exchange = guarded({"three": 1.0, "claims": 1.0, "proven": 0.8}, mastery=False)
    trusting(exchange, "three", "claims", successes=1)
    trusting(exchange, "three", "proven", successes=20)
    assert heard(exchange, "three") == ["proven", "claims"]


def test_trust_stays_between_zero_and_one_whatever_is_rehearsed(rng):
    exchange = guarded({"three": 0.0, "top": 1.0})
    me, source = exchange.members["three"], exchange.members["top"]
    for _ in range(300):
        episodes = int(rng.integers(1, 65))
        me.trust_in(source).note_rehearsal(
            int(rng.integers(0, episodes + 1)),
            episodes,
            source_rate=rng.random() ** 4,
            worthwhile=rng.random() < 0.5,
        )
        assert 0 <= me.trust_in(source).level <= 1
        assert me.hope(source) <= source.pool.success_rate


def test_a_source_known_to_fail_weighs_nothing_beside_one_that_is_proven():
    exchange = guarded({"three": 0.0, "liar": 1.0, "honest": 0.6})
    trusting(exchange, "three", "liar", successes=0)
    trusting(exchange, "three", "honest", successes=20)
    offer(exchange, "liar")
    steps = offer(exchange, "honest")
    lessons = exchange.share_experiences("three", StandingStill(), live_together(ToyVecEnv(THREE, seed=9), 2))
    assert [(pair.source, pair.offered) for pair in lessons.log] == [("honest", len(steps))]
