"""Controls: what a claim about sharing has to be compared with."""

import itertools
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from hacpo_robot.sharing.body_memory import scramble
from hacpo_robot.sharing.calibration import babble, note_starts
from hacpo_robot.sharing.embodiment import Anatomy
from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.sharing.fitting import fit_schema
from hacpo_robot.sharing.rehearsal import rehearse
from hacpo_robot.sharing.teacher import Body, Teacher, Understudy
from hacpo_robot.specs.training import SchemaSettings
from tests.sharing.exchanges import SETTINGS, StandingStill, make_exchange, offer, trusting
from tests.sharing.test_teacher import steer
from tests.sharing.toy import THREE, TWO, ToyVecEnv, live_together


def test_one_way_lets_each_learn_from_those_before_it_only():
    exchange = make_exchange("one_way", {"first": 0.0, "best": 1.0, "last": 0.5})
    for member in exchange.members.values():
        member.view = StandingStill(n_actions=3)
    for name in exchange.members:
        trusting(exchange, name, *(set(exchange.members) - {name}))
    heard = {name: [m.name for m in exchange.sources_of(name)] for name in exchange.members}
    assert heard == {"first": [], "best": [], "last": ["best"]}
    assert exchange.choose_rehearsal("first") is None, "the best is named after it"


def test_all_takes_every_step_of_everyone_alike():
    exchange = make_exchange(
        "all", {"three": 1.0, "low": 0.0, "liar": 0.5}, replace(SETTINGS, top_fraction=0.1)
    )
    trusting(exchange, "three", "liar", successes=0)
    steps = {name: offer(exchange, name) for name in ("low", "liar")}
    rollout = live_together(ToyVecEnv(THREE, seed=9), 2)
    lessons = exchange.share_experiences("three", StandingStill(value=1e9), rollout)  # nothing is worth it
    taken = {pair.source: (pair.offered, pair.accepted) for pair in lessons.log}
    assert taken == {name: (len(each), len(each)) for name, each in steps.items()}
    np.testing.assert_array_equal(lessons.weight, np.ones(sum(map(len, steps.values()))))


def test_the_surrogate_weighs_by_capability_and_signed_advantage_and_rehearses_nothing():
    exchange = make_exchange("surrogate", {"three": 0.1, "top": 0.8})
    for member in exchange.members.values():
        member.view = StandingStill(n_actions=3)
    trusting(exchange, "three", "top")
    steps = offer(exchange, "top")
    value = float(np.median(steps.returns))
    rollout = live_together(ToyVecEnv(THREE, seed=9), 2)
    lessons = exchange.share_experiences("three", StandingStill(value=value), rollout)
    assert exchange.choose_rehearsal("three") is None
    assert lessons.teacher == ""
    np.testing.assert_allclose(lessons.weight, 2.0 * (steps.returns - value) / steps.returns.std(), rtol=1e-5)


@pytest.mark.parametrize("sharing", ["hacpo", "one_way", "all", "self"])
def test_only_shuffled_touches_the_data_that_maps_are_fitted_to(sharing, rng):
    env = ToyVecEnv(THREE)
    data = babble(env, 64, rng)
    assert Exchange(sharing, SETTINGS).join("a", env).own_view(data) is data
    assert Exchange("shuffled", SETTINGS).join("a", env).own_view(data) is not data


def test_a_scrambled_field_keeps_its_numbers_and_the_senses_stay(rng):
    env = ToyVecEnv(THREE)
    data, anatomy = babble(env, 64, rng), Anatomy.of(env)
    views = [scramble(data, anatomy, seed) for seed in range(4)]
    for view in views:
        for name in ("senses", "action", "following"):
            assert getattr(view, name) is getattr(data, name)
        for name, elements in (("hub", anatomy.hub_fields[0]), ("effect", anatomy.effect_fields[0])):
            before, after = (np.sort(np.abs(getattr(d, name)[:, elements])) for d in (data, view))
            np.testing.assert_array_equal(before, after)
    for one, other in itertools.pairwise(views):
        assert not np.array_equal(one.hub, other.hub)


@cache
def scrambled(body, seed):
    """A schema fitted to the view of the member that joined as number ``seed``."""
    env, exchange = ToyVecEnv(body, n_envs=32, seed=5), Exchange("shuffled", SETTINGS)
    members = [exchange.join(f"{number}", env) for number in range(seed + 1)]
    data = members[seed].own_view(babble(env, 3200, np.random.default_rng(1)))
    settings = SchemaSettings(fit_steps=150, bank_size=2000)
    schema, quality = fit_schema(Anatomy.of(env), data, note_starts(env), settings, 0)
    assert quality.ready(settings), "a scrambled body seems as well known as any"
    return schema


def test_shuffled_maps_carry_no_skill_from_one_member_to_another():
    env = ToyVecEnv(THREE, 32, radius=0.15)
    teacher = Teacher(Body(scrambled(TWO, 0), ToyVecEnv(TWO)), steer)
    pupil, rng = Body(scrambled(THREE, 1), env), np.random.default_rng(0)
    assert (
        rehearse(env, Understudy(teacher, pupil).act, gamma=0.9, noise=np.zeros(4), rng=rng).success.mean()
        < 0.3
    )
