"""Who teaches whom, and what a learner is given."""

from dataclasses import replace

import numpy as np
import pytest

from hacpo_robot.errors import InvalidSpecError, UnknownNameError
from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.sharing.experience import Experience
from hacpo_robot.sharing.pace import Standing
from hacpo_robot.sharing.steps import concatenate
from tests.sharing.exchanges import SETTINGS, StandingStill, make_exchange, offer, played, trusting, try_out
from tests.sharing.toy import THREE, TWO, ToyVecEnv, live, live_together


@pytest.fixture(scope="module")
def rollout():
    return live_together(ToyVecEnv(THREE, seed=9), 4)


def test_two_learners_of_one_name_are_refused():
    exchange = make_exchange("hacpo", {"one": 0.0})
    with pytest.raises(InvalidSpecError, match="two learners of one name: one"):
        exchange.join("one", ToyVecEnv(TWO))


def test_a_kind_of_sharing_that_nobody_knows_is_refused():
    with pytest.raises(UnknownNameError, match=r"unknown sharing 'hapco' \(did you mean 'hacpo'\?\)"):
        Exchange("hapco", SETTINGS)


def test_only_members_clearly_ahead_teach_and_the_best_comes_first():
    exchange = make_exchange("hacpo", {"low": 0.0, "a": 0.5, "b": 0.55, "top": 1.0})
    for name in exchange.members:
        trusting(exchange, name, *(set(exchange.members) - {name}))
    names = {name: [m.name for m in exchange.sources_of(name)] for name in exchange.members}
    assert names == {"low": ["top", "b", "a"], "a": ["top"], "b": ["top"], "top": []}


def test_who_is_not_trusted_does_not_teach():
    exchange = make_exchange("hacpo", {"low": 0.3, "top": 1.0})
    assert [m.name for m in exchange.sources_of("low")] == ["top"]
    trusting(exchange, "low", "top", successes=2)
    assert exchange.sources_of("low") == []


def test_whoever_is_behind_leaves_its_turn():
    standings = {"a": Standing(0.5, 1.0), "b": Standing(0.5, 9.0), "c": Standing(0.5, 8.0)}
    rates = {"a": 0.0, "b": 0.5, "c": 0.5}
    assert make_exchange("hacpo", rates).turns(standings) == ["b"]
    assert make_exchange("self", rates).turns(standings) == ["a", "b", "c"]


def test_nobody_waits_for_those_it_does_not_hear():
    standings = {"a": Standing(0.5, 1.0), "b": Standing(0.5, 9.0), "c": Standing(0.5, 8.0)}
    exchange = make_exchange("one_way", {"a": 0.0, "b": 0.5, "c": 0.5})
    assert exchange.turns(standings) == ["a", "b"]  # a hears nobody, b hears a, c hears both


def test_nobody_waits_for_those_that_have_no_steps_left():
    exchange = make_exchange("hacpo", {"a": 0.0, "b": 0.5})
    assert exchange.turns({"a": Standing(0.5, 1.0)}) == ["a"]


def test_self_gives_a_learner_its_own_words_exactly(rollout):
    exchange = make_exchange("self", {"three": 0.0, "top": 1.0})
    offer(exchange, "top")
    own = offer(exchange, "three")
    lessons = exchange.share_experiences("three", StandingStill(), rollout)
    np.testing.assert_array_equal(lessons.observation, own.observation.astype(np.float32))
    np.testing.assert_array_equal(lessons.action, own.action.astype(np.float32))
    assert [(pair.source, pair.accepted) for pair in lessons.log] == [("three", len(own))]
    assert lessons.teacher == ""
    assert lessons.feasibility == 1


@pytest.mark.parametrize("sharing", ["self", "hacpo"])
def test_nothing_offered_teaches_nothing(sharing, rollout):
    exchange = make_exchange(sharing, {"three": 0.0, "top": 1.0})
    assert exchange.share_experiences("three", StandingStill(), rollout) is None


def test_a_learner_without_a_schema_gives_but_does_not_take(rollout):
    exchange = make_exchange("hacpo", {"three": 0.0, "top": 1.0})
    offer(exchange, "top")
    exchange.members["three"].schema = None
    assert exchange.share_experiences("three", StandingStill(), rollout) is None


def test_lessons_hold_the_banks_and_the_teachers_answers(rollout):
    exchange = make_exchange("hacpo", {"three": 0.0, "top": 1.0})
    steps = offer(exchange, "top")
    exchange.members["top"].view = StandingStill(n_actions=3)
    lessons = exchange.share_experiences("three", StandingStill(), rollout)
    assert lessons.teacher == "top"
    (pair,) = lessons.log
    assert (pair.source, pair.learner, pair.offered) == ("top", "three", len(steps))
    assert 0 < pair.accepted <= len(steps)
    assert len(lessons.weight) == len(lessons.action) == pair.accepted + len(rollout)
    np.testing.assert_array_equal(lessons.observation[pair.accepted :], rollout.observation)


def test_lessons_end_with_the_first_part_that_was_worth_adopting(rollout):
    exchange = make_exchange("hacpo", {"three": 0.0, "top": 1.0})
    offer(exchange, "top")
    assert not try_out(exchange, "three", "top", played(exchange, "three", range(8)))
    exchange.members["three"].trust.clear()
    assert exchange.share_experiences("three", StandingStill(), rollout) is not None
    assert try_out(exchange, "three", "top", played(exchange, "three", range(8), successes=4))
    assert exchange.share_experiences("three", StandingStill(), rollout) is None


def test_steps_below_the_learners_own_value_are_not_taken(rollout):
    exchange = make_exchange("self", {"three": 0.0})
    own = offer(exchange, "three")
    bar = float(np.median(own.returns))
    lessons = exchange.share_experiences("three", StandingStill(value=bar), rollout)
    assert len(lessons.weight) == (own.returns > bar).sum()
    taken = {row.tobytes() for row in lessons.observation}
    assert taken == {row.tobytes() for row in own.observation[own.returns > bar].astype(np.float32)}


def test_weights_do_not_depend_on_the_scale_of_reward(rollout):
    weights = []
    for scale in (1.0, 1000.0):
        exchange = make_exchange("hacpo", {"three": 0.2, "top": 1.0})
        for episode in live(exchange.members["top"].embodiment, 4):
            exchange.members["top"].pool.add(replace(episode, returns=scale * episode.returns))
        bar = np.median(concatenate(list(exchange.members["top"].pool.episodes)).returns)
        weights.append(exchange.share_experiences("three", StandingStill(float(bar)), rollout).weight)
    assert np.ptp(weights[0]) > 0.01
    np.testing.assert_allclose(weights[0], weights[1])


def test_no_more_steps_are_drawn_than_asked_for(rollout):
    few = replace(SETTINGS, offered_steps=10)
    exchange = make_exchange("self", {"three": 0.0}, few)
    assert len(offer(exchange, "three")) > 10
    lessons = exchange.share_experiences("three", StandingStill(), rollout)
    assert lessons.log[0].offered == len(lessons.weight) == 10


def test_translations_follow_the_bank_as_it_turns_over():
    exchange = make_exchange("hacpo", {"three": 0.0, "top": 1.0}, replace(SETTINGS, bank_episodes=3))
    source, learner = exchange.members["top"], exchange.members["three"]
    for number, episode in enumerate(live(source.embodiment, 7)):
        source.pool.add(replace(episode, episode=np.full(len(episode), number)))
        if number in (1, 3, 6):
            kept = learner.lessons_of(source)
            assert np.unique(kept.episode).tolist() == list(range(max(0, number - 2), number + 1))


def test_episodes_of_long_ago_count_less(rollout):
    exchange = make_exchange("self", {"three": 0.0}, replace(SETTINGS, half_life=4.0))
    offer(exchange, "three")
    new = exchange.share_experiences("three", StandingStill(), rollout).weight.sum()
    for _ in range(8):
        exchange.members["three"].grow_older()
    assert exchange.share_experiences("three", StandingStill(), rollout).weight.sum() == pytest.approx(
        new / 4
    )


def test_join_gives_a_member_that_knows_nothing():
    member = Exchange("hacpo", SETTINGS).join("a", ToyVecEnv(TWO))
    assert member.pool.success_rate == 0.5
    assert member.schema is None
    assert not isinstance(member.lessons_of(member), Experience)
