"""Statistics move to a skill before it is adopted, and nobody can tell from what policy and critic say."""

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecNormalize

from hacpo_robot.learning.foresight import expect_observations, expect_returns
from tests.sharing.toy import TWO, ToyVecEnv

RETURNS = 50.0 * np.random.default_rng(0).random(400)
OBSERVATION = np.random.default_rng(1).normal(size=(400, 7)) * [1, 1, 3, 1, 1, 1, 0.1] + [0, 0, 5, 0, 0, 0, 0]


@pytest.fixture
def model():
    env = VecNormalize(ToyVecEnv(TWO), gamma=0.95)
    model = PPO("MlpPolicy", env, seed=0, device="cpu", n_steps=16, policy_kwargs={"net_arch": [32, 16]})
    return model.learn(256)


def raw_values(model):
    normalizer = model.get_vec_normalize_env()
    with torch.no_grad():
        value = model.policy.predict_values(torch.as_tensor(model._last_obs))
    return value.numpy() * np.sqrt(normalizer.ret_rms.var + normalizer.epsilon)


def test_raw_values_stay_and_the_unit_is_the_skills(model):
    before = raw_values(model)
    expect_returns(model, RETURNS)
    np.testing.assert_allclose(raw_values(model), before, rtol=1e-4)
    assert model.get_vec_normalize_env().ret_rms.var == pytest.approx(RETURNS.var())


def test_the_policy_is_not_touched(model):
    before = {name: value.clone() for name, value in model.policy.state_dict().items()}
    expect_returns(model, RETURNS)
    changed = {n for n, value in model.policy.state_dict().items() if not torch.equal(value, before[n])}
    assert changed == {"value_net.weight", "value_net.bias"}


def test_a_skill_that_pays_less_leaves_the_unit_of_rewards(model):
    before = float(model.get_vec_normalize_env().ret_rms.var)
    expect_returns(model, np.zeros(400))
    assert float(model.get_vec_normalize_env().ret_rms.var) == before


def answers(model, observation):
    """Action means and values for raw observations."""
    normalized = torch.as_tensor(
        model.get_vec_normalize_env().normalize_obs(observation), dtype=torch.float32
    )
    with torch.no_grad():
        mean = model.policy.get_distribution(normalized).distribution.mean
        return mean.numpy(), model.policy.predict_values(normalized).numpy()


@pytest.mark.parametrize("net_arch", [[32, 16], []])
def test_policy_and_critic_say_the_same_when_the_unit_of_observations_moves(net_arch):
    env = VecNormalize(ToyVecEnv(TWO), gamma=0.95)
    model = PPO("MlpPolicy", env, seed=0, device="cpu", n_steps=16, policy_kwargs={"net_arch": net_arch})
    model.learn(256)
    seen = env.obs_rms
    familiar = seen.mean + np.sqrt(seen.var) * np.random.default_rng(2).normal(size=(50, 7))
    before = answers(model, familiar)
    expect_observations(model, OBSERVATION)
    for now, then in zip(answers(model, familiar), before, strict=True):
        np.testing.assert_allclose(now, then, atol=1e-4)


def test_what_is_acted_on_next_is_told_in_the_new_unit(model):
    env, now = model.get_vec_normalize_env(), model._last_obs.copy()
    with torch.no_grad():
        before = model.policy.predict_values(torch.as_tensor(now))
    expect_observations(model, OBSERVATION)
    assert np.abs(model._last_obs - now).max() > 0.1
    np.testing.assert_array_equal(model._last_obs, env.normalize_obs(env.get_original_obs()))
    with torch.no_grad():
        torch.testing.assert_close(model.policy.predict_values(torch.as_tensor(model._last_obs)), before)


def test_half_of_what_is_expected_is_the_skill(model):
    env = model.get_vec_normalize_env()
    half = env.obs_rms.mean + np.sqrt(env.obs_rms.var) * np.random.default_rng(2).normal(size=(400_000, 7))
    expect_observations(model, OBSERVATION)
    both = np.concatenate([half, np.tile(OBSERVATION, (1000, 1))])
    np.testing.assert_allclose(env.obs_rms.mean, both.mean(axis=0), atol=0.01)
    np.testing.assert_allclose(env.obs_rms.var, both.var(axis=0), rtol=0.01)


def test_what_is_sensed_later_moves_nothing(model):
    env = model.get_vec_normalize_env()
    expect_observations(model, OBSERVATION)
    mean, var = env.obs_rms.mean.copy(), env.obs_rms.var.copy()
    model.learn(1024, reset_num_timesteps=False)
    np.testing.assert_allclose(env.obs_rms.mean, mean, atol=1e-4)
    np.testing.assert_allclose(env.obs_rms.var, var, rtol=1e-4)


def test_without_a_normaliser_nothing_changes():
    model = PPO("MlpPolicy", ToyVecEnv(TWO), seed=0, device="cpu", n_steps=16)
    before = {name: value.clone() for name, value in model.policy.state_dict().items()}
    expect_returns(model, RETURNS)
    expect_observations(model, OBSERVATION)
    assert all(torch.equal(value, before[name]) for name, value in model.policy.state_dict().items())
