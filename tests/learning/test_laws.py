"""What sharing must be equal to where there is nobody, or nothing, to share."""

import numpy as np

from hacpo_robot.learning.fleet import Fleet
from hacpo_robot.learning.learner import make_learner
from hacpo_robot.sharing.exchange import Exchange
from tests.learning.fleets import (
    N_ENVS,
    PPO_SETTINGS,
    RADII,
    SHARING_SETTINGS,
    assert_same_parameters,
    differ,
    make_toy_fleet,
    run,
)
from tests.sharing.toy import TWO, ToyVecEnv, fitted


def lone(sharing):
    exchange = None if sharing == "none" else Exchange(sharing, SHARING_SETTINGS, seed=0)
    env = ToyVecEnv(TWO, N_ENVS, 0, radius=RADII["two"])
    learner = make_learner("two", env, PPO_SETTINGS, 0, exchange, ToyVecEnv(TWO, 8))
    if sharing == "hacpo":
        learner.member.schema = fitted(TWO)[0]
    return Fleet([learner], exchange)


def test_one_arm_alone_learns_from_itself():
    fleets = {sharing: lone(sharing) for sharing in ("none", "self", "hacpo")}
    for fleet in fleets.values():
        run(fleet, 4)
    none, own, shared = (fleet.learners[0] for fleet in fleets.values())
    assert own.callback.kl > 0
    assert_same_parameters(own.model, shared.model)
    assert differ(none.model, own.model)


def test_who_is_first_under_one_way_trains_as_if_alone():
    alone, fleet = make_toy_fleet("none"), make_toy_fleet("one_way")
    fleet.learners[0].member.schema = fitted(TWO)[0]
    run(alone, 3)
    run(fleet, 3)
    assert_same_parameters(alone.learners[0].model, fleet.learners[0].model)


def test_normalisers_see_the_same_with_and_without_sharing():
    alone, shared = make_toy_fleet("none"), make_toy_fleet("hacpo")
    run(alone, 1)
    run(shared, 1)
    for one, other in zip(alone.learners, shared.learners, strict=True):
        np.testing.assert_array_equal(one.normalizer.obs_rms.mean, other.normalizer.obs_rms.mean)
