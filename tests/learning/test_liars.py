"""A member that lies, or whose maps are wrong, is tried and then no longer believed."""

from dataclasses import replace

import numpy as np
import pytest

from hacpo_robot.learning.fleet import Fleet
from hacpo_robot.learning.learner import make_learner
from hacpo_robot.sharing.calibration import babble, note_starts
from hacpo_robot.sharing.embodiment import Anatomy
from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.sharing.fitting import fit_schema
from hacpo_robot.sharing.rehearsal import rehearse
from hacpo_robot.sharing.teacher import Body, Teacher, Understudy
from hacpo_robot.sharing.trust import Trust
from hacpo_robot.specs.training import Guards, SchemaSettings
from tests.learning.fleets import N_ENVS, PPO_SETTINGS, SHARING_SETTINGS, run
from tests.sharing.test_teacher import steer
from tests.sharing.toy import THREE, TWO, ToyVecEnv, fitted


class Inverted(ToyVecEnv):
    """Is paid for what is wrong, and calls every failure a success."""

    def step_wait(self):
        observation, reward, ended, infos = super().step_wait()
        for info in infos:
            if info:
                info["is_success"] = not info["is_success"]
        return observation, 1 - reward, ended, infos


class Mirrored(ToyVecEnv):
    """Describes where it is, and what it does, with left and right exchanged."""

    def hub_state(self):
        body, world = super().hub_state()
        return body * [-1, 1, -1, 1, 1], world

    def effect(self):
        return super().effect() * [-1, 1, 1]


def make_fleet(settings):
    """``liar``, and ``three``, who may rehearse what it does; the goal is too small to be met by chance."""
    exchange = Exchange("hacpo", settings, seed=0)
    members = {
        "liar": (TWO, Inverted(TWO, N_ENVS, 0, radius=0.02), None),
        "three": (THREE, ToyVecEnv(THREE, N_ENVS, 1, radius=0.02), ToyVecEnv(THREE, 16, radius=0.02)),
    }
    learners = []
    for seed, (name, (body, env, worlds)) in enumerate(members.items()):
        learners.append(make_learner(name, env, PPO_SETTINGS, seed, exchange, worlds))
        learners[-1].member.schema = fitted(body)[0]
    return Fleet(learners, exchange)


def guarded(*, trust):
    return replace(SHARING_SETTINGS, adoption_steps=20, guards=Guards(trust=trust))


@pytest.mark.parametrize("trust", [True, False])
def test_who_calls_failure_success_is_tried_once_and_trust_alone_keeps_it_from_being_adopted(trust):
    fleet = make_fleet(guarded(trust=trust))
    log = run(fleet, 6)["three"]
    liar, three = (learner.member for learner in fleet.learners)
    assert liar.pool.success_rate > 0.9, "it must be the most tempting of all"
    assert bool(sum(log["sharing/liar->three/adopted"])) is not trust
    assert three.trust_in(liar).level < 0.25
    assert [m.name for m in fleet.exchange.sources_of("three")] == ([] if trust else ["liar"])


def test_what_a_mirrored_member_can_do_does_not_survive_and_trust_falls():
    env, pupil = Mirrored(TWO, 32, seed=5), ToyVecEnv(THREE, 32, radius=0.15)
    data, settings = babble(env, 3200, np.random.default_rng(1)), SchemaSettings(fit_steps=150)
    schema, quality = fit_schema(Anatomy.of(env), data, note_starts(env), settings, 0)
    assert quality.ready(settings), "it knows its body as well as any, but as a mirror shows it"
    teacher, body = Teacher(Body(schema, env), steer), Body(fitted(THREE)[0], pupil)
    outcome = rehearse(
        pupil, Understudy(teacher, body).act, gamma=0.9, noise=np.zeros(4), rng=np.random.default_rng(0)
    )
    trust, before = Trust(), Trust().level
    trust.note_rehearsal(int(outcome.success.sum()), 32, source_rate=1.0, worthwhile=False)
    assert outcome.success.mean() < 0.3
    assert trust.level < 0.7 * before
