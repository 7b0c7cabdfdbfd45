"""The unit of rewards moves before a skill is adopted, and nobody can tell from what the critic says."""

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecNormalize

from hacpo_robot.learning.foresight import expect_returns
from tests.sharing.toy import TWO, ToyVecEnv

RETURNS = 50.0 * np.random.default_rng(0).random(400)


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


def test_without_a_normaliser_nothing_changes():
    model = PPO("MlpPolicy", ToyVecEnv(TWO), seed=0, device="cpu", n_steps=16)
    before = {name: value.clone() for name, value in model.policy.state_dict().items()}
    expect_returns(model, RETURNS)
    assert all(torch.equal(value, before[name]) for name, value in model.policy.state_dict().items())
