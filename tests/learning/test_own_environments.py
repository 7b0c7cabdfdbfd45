"""Environments that are not ours: what sharing asks of them, and what it says where they lack it."""

import gymnasium
import numpy as np
import pytest
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import VecNormalize

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.learning.calibrate import calibrate
from hacpo_robot.learning.callback import HACPOCallback
from hacpo_robot.learning.learner import Learner
from hacpo_robot.learning.randomness import Randomness
from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.specs.signature import Signature
from hacpo_robot.specs.training import SchemaSettings, SharingSettings
from tests.sharing.toy import TWO, ToyVecEnv


def ppo(env):
    return PPO("MlpPolicy", env, n_steps=16, batch_size=64, device="cpu", seed=0)


def test_an_environment_that_tells_nothing_of_its_body_is_refused_by_what_it_lacks():
    model = ppo(make_vec_env("Pendulum-v1", n_envs=4))
    model.action_space = model.policy.action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,))
    with pytest.raises(
        InvalidSpecError, match=r"DummyVecEnv lacks observation_signature, .*hub_state, effect"
    ):
        model.learn(32, callback=HACPOCallback(Exchange("hacpo", SharingSettings()), "pendulum"))


def test_actions_of_another_range_are_refused():
    env = ToyVecEnv(TWO)
    env.action_space = gymnasium.spaces.Box(-2.0, 2.0, env.action_space.shape)
    with pytest.raises(InvalidSpecError, match=r"takes actions in \[-1, 1\], not Box\(-2"):
        ppo(env).learn(128, callback=HACPOCallback(Exchange("hacpo", SharingSettings()), "two"))


def test_members_of_one_exchange_share_a_hub():
    exchange, other = Exchange("hacpo", SharingSettings()), ToyVecEnv(TWO)
    exchange.join("one", ToyVecEnv(TWO))
    other.world_signature = Signature(other.world_signature.fields[:-1])
    with pytest.raises(
        InvalidSpecError, match="other and one share no hub: each has its own world_signature"
    ):
        exchange.join("other", other)
    assert list(exchange.members) == ["one"]


def test_one_world_is_too_few_to_rehearse_in():
    with pytest.raises(InvalidSpecError, match="two cannot rehearse in one world"):
        HACPOCallback(Exchange("hacpo", SharingSettings()), "two", ToyVecEnv(TWO, n_envs=1))


def test_infos_without_success_are_told_once(caplog):
    class Silent(ToyVecEnv):
        def step_wait(self):
            *rest, infos = super().step_wait()
            return (*rest, [{k: v for k, v in info.items() if k != "is_success"} for info in infos])

    ppo(Silent(TWO)).learn(512, callback=HACPOCallback(Exchange("self", SharingSettings()), "two"))
    assert [record.getMessage() for record in caplog.records] == [
        "two ends episodes without is_success in their infos: none counts as good"
    ]


@pytest.mark.parametrize("truncated", [True, False])
def test_what_comes_after_an_episode_counts_only_where_time_cut_it(truncated):
    class Ending(ToyVecEnv):
        def step_wait(self):
            observation, reward, done, infos = super().step_wait()
            for world in np.flatnonzero(done):
                infos[world] |= {"is_success": True, "TimeLimit.truncated": truncated}
            return observation, np.zeros_like(reward), done, infos

    exchange, model = Exchange("self", SharingSettings()), ppo(Ending(TWO))
    model.learn(128, callback=HACPOCallback(exchange, "two"))
    returns = np.concatenate([kept.returns for kept in exchange.members["two"].pool.episodes])
    assert bool(returns.any()) == truncated


def test_a_learner_of_a_ppo_without_normaliser_calibrates_trains_and_acts():
    exchange = Exchange("hacpo", SharingSettings())
    callback, model = HACPOCallback(exchange, "two"), ppo(ToyVecEnv(TWO))
    learner = Learner("two", model, callback, Randomness())
    calibrate(learner, ToyVecEnv(TWO, seed=1), SchemaSettings(babble_steps=512, fit_steps=5), 0)
    assert learner.env is model.env
    observation = model.env.reset()
    np.testing.assert_array_equal(learner.act(observation), model.predict(observation, deterministic=True)[0])
    with pytest.raises(InvalidSpecError, match="exports of two need its PPO in a VecNormalize"):
        _ = learner.normalizer
    normalized = ppo(VecNormalize(ToyVecEnv(TWO)))
    assert Learner("two", normalized, None, Randomness()).normalizer is normalized.env
