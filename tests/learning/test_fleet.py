"""A fleet that shares nothing is so many separate learners, bit for bit; one that shares is not."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import VecNormalize

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.learning.calibrate import calibrate
from hacpo_robot.learning.callback import HACPOCallback
from hacpo_robot.learning.fleet import Fleet
from hacpo_robot.learning.learner import make_learner
from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.specs.training import PaceSettings, SchemaSettings
from tests.learning.fleets import (
    ITERATION,
    N_ENVS,
    PPO_SETTINGS,
    RADII,
    SHARING_SETTINGS,
    assert_same_parameters,
    differ,
    make_toy_fleet,
    run,
)
from tests.sharing.toy import HORIZON, THREE, TWO, ToyVecEnv


def plain_ppo(env, seed):
    """What a user of SB3 would write."""
    s = PPO_SETTINGS
    names = ("n_steps", "batch_size", "n_epochs", "learning_rate", "gamma", "gae_lambda", "clip_range")
    return PPO(
        "MlpPolicy",
        VecNormalize(env, gamma=s.gamma),
        seed=seed,
        device="cpu",
        ent_coef=s.ent_coef,
        vf_coef=s.vf_coef,
        max_grad_norm=s.max_grad_norm,
        policy_kwargs={
            "net_arch": list(s.net_arch),
            "activation_fn": torch.nn.Tanh,
            "log_std_init": s.log_std_init,
        },
        **{name: getattr(s, name) for name in names},
    )


def test_learners_that_share_nothing_equal_plain_sb3():
    fleet = make_toy_fleet("none")
    run(fleet, 3)
    for seed, body in enumerate((TWO, THREE)):
        alone = plain_ppo(ToyVecEnv(body, N_ENVS, seed, radius=RADII[body.name]), seed)
        fresh = plain_ppo(ToyVecEnv(body, N_ENVS, seed), seed)
        alone.learn(3 * ITERATION)
        assert differ(alone, fresh)
        assert_same_parameters(fleet.learners[seed].model, alone)


def test_arms_that_share_nothing_equal_plain_sb3():
    def make_env(name, seed):
        return make_vec_env(load_robot(name), load_task("reach"), n_envs=N_ENVS, seed=seed, n_threads=1)

    names = ("ur5e", "kinova3")
    learners = [make_learner(n, make_env(n, i), PPO_SETTINGS, i, None) for i, n in enumerate(names)]
    fleet = Fleet(learners, None)
    run(fleet, 2)
    for index, name in enumerate(names):
        alone = plain_ppo(make_env(name, index), index)
        alone.learn(2 * ITERATION)
        assert_same_parameters(learners[index].model, alone)


def test_sharing_changes_the_learner_behind_and_not_the_one_ahead():
    alone, shared = make_toy_fleet("none"), make_toy_fleet("hacpo")
    run(alone, 4)
    run(shared, 4)
    ahead, behind = zip(alone.learners, shared.learners, strict=True)
    assert_same_parameters(ahead[0].model, ahead[1].model)
    assert differ(behind[0].model, behind[1].model)
    assert behind[1].callback.kl > 0
    assert ahead[1].callback.kl == 0


@pytest.mark.parametrize(("sharing", "apart"), [("hacpo", True), ("self", False), ("none", False)])
def test_who_is_behind_waits_and_all_make_their_steps(sharing, apart):
    settings = replace(SHARING_SETTINGS, pace=PaceSettings(head_start=0.2, ripe=0.8, clear_lead=0.0))
    fleet = make_toy_fleet(sharing, settings)
    gaps = []
    run(fleet, 20, lambda fleet: gaps.append(np.ptp([each.model.num_timesteps for each in fleet.learners])))
    assert (max(gaps) >= 5 * ITERATION) == apart
    assert all(learner.model.num_timesteps >= 20 * ITERATION for learner in fleet.learners)


def test_a_users_own_ppo_joins_by_a_callback():
    exchange = Exchange("self", SHARING_SETTINGS)
    model = PPO("MlpPolicy", ToyVecEnv(TWO, radius=0.9), n_steps=32, batch_size=64, device="cpu", seed=0)
    callback = HACPOCallback(exchange, "a")
    model.learn(512, callback=callback)
    assert callback.accepted > 0
    assert 0 < len(exchange.members["a"].pool.episodes) <= SHARING_SETTINGS.bank_episodes


@pytest.mark.parametrize("sharing", ["self", "hacpo"])
def test_a_callback_with_an_empty_bank_leaves_ppo_alone(sharing):
    models = []
    for callback in (None, HACPOCallback(Exchange(sharing, SHARING_SETTINGS), "a")):
        env = ToyVecEnv(TWO, radius=0.0)
        models.append(PPO("MlpPolicy", env, n_steps=32, batch_size=64, device="cpu", seed=0))
        models[-1].learn(768, callback=callback)
    assert_same_parameters(*models)


def test_published_episodes_are_what_really_happened():
    fleet = make_toy_fleet("self")
    run(fleet, 4)
    env = ToyVecEnv(TWO, n_envs=1)
    env.reset()
    for episode in fleet.learners[0].member.pool.episodes:
        state = {"z": episode.body[:1], "goal": episode.world[:1], "elapsed": np.zeros(1, int)}
        observation = env.set_state(state)[0]
        for row in range(len(episode)):
            np.testing.assert_allclose(episode.observation[row], observation, atol=1e-5)
            observation, _, _, infos = env.step(episode.action[row, None])
            np.testing.assert_allclose(episode.effect[row], env.effect()[0], atol=1e-6)
            observation = infos[0].get("terminal_observation", observation[0])


def test_an_episode_in_the_bank_never_spans_two_calls_of_learn():
    exchange = Exchange("self", SHARING_SETTINGS)
    model = PPO("MlpPolicy", ToyVecEnv(TWO, radius=3.0), n_steps=16, batch_size=64, device="cpu", seed=0)
    callback = HACPOCallback(exchange, "a")
    for _ in range(3):
        model.learn(128, callback=callback)
    lengths = [len(episode) for episode in exchange.members["a"].pool.episodes]
    assert max(lengths) <= HORIZON, lengths


def test_calibration_counts_in_the_budget_and_makes_a_learner_ready():
    exchange = Exchange("hacpo", SHARING_SETTINGS)
    learner = make_learner("two", ToyVecEnv(TWO, N_ENVS), PPO_SETTINGS, 0, exchange)
    settings = SchemaSettings(babble_steps=4000, fit_steps=200)
    quality = calibrate(learner, ToyVecEnv(TWO, 32, seed=5), settings, seed=0)
    assert quality.ready(settings)
    assert learner.member.schema is not None
    assert learner.model.num_timesteps == 4000
    fleet = Fleet([learner], exchange)
    fleet.run(4000 + ITERATION, {"two": Logger(None, [])})
    assert fleet.iteration == 1


def test_free_babble_is_seen_but_not_counted():
    learner = make_learner(
        "two", ToyVecEnv(TWO, N_ENVS), PPO_SETTINGS, 0, Exchange("oracle", SHARING_SETTINGS)
    )
    settings = SchemaSettings(babble_steps=640, fit_steps=1)
    calibrate(learner, ToyVecEnv(TWO, 32, seed=5), settings, seed=0, free_steps=320)
    assert len(learner.member.memory.babble) == 960
    assert learner.model.num_timesteps == 640


def test_calibration_that_fails_leaves_the_learner_without_a_schema():
    exchange = Exchange("hacpo", SHARING_SETTINGS)
    learner = make_learner("two", ToyVecEnv(TWO, N_ENVS), PPO_SETTINGS, 0, exchange)
    settings = SchemaSettings(babble_steps=640, fit_steps=1)
    assert not calibrate(learner, ToyVecEnv(TWO, 32, seed=5), settings, seed=0).ready(settings)
    assert learner.member.schema is None
