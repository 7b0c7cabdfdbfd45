"""A proven skill is taken over by the policy's mean, not by its spread or its critic."""

import pytest
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger

from hacpo_robot.learning.adoption import adopt
from hacpo_robot.learning.callback import HACPOCallback
from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.specs.training import SharingSettings
from tests.sharing.toy import TWO, ToyVecEnv, fitted

SETTINGS = SharingSettings()


@pytest.fixture
def model():
    env = ToyVecEnv(TWO)
    return PPO("MlpPolicy", env, seed=0, device="cpu", n_steps=16, policy_kwargs={"net_arch": [32]})


def adopted(model, settings=SETTINGS):
    """Mean distance to shown actions that depend on the state."""
    observation = torch.randn(512, 7, generator=torch.Generator().manual_seed(0))
    action = 0.5 * torch.tanh(observation[:, :3])
    adopt(model.policy, observation, action, torch.ones(512), settings, torch.Generator().manual_seed(1))
    with torch.no_grad():
        mean = model.policy.get_distribution(observation).distribution.mean
    return float((mean - action).abs().mean())


def test_the_policy_does_what_was_shown(model):
    assert adopted(model) < 0.05


def test_critic_and_spread_stay(model):
    kept = {n: p.clone() for n, p in model.policy.named_parameters() if "value" in n or n == "log_std"}
    adopted(model)
    after = dict(model.policy.named_parameters())
    assert len(kept) == 5
    assert all(torch.equal(after[name], value) for name, value in kept.items())


def test_what_is_old_counts_less(model):
    observation = torch.randn(512, 7, generator=torch.Generator().manual_seed(0))
    action = 0.5 * torch.cat([torch.ones(256, 3), -torch.ones(256, 3)])  # first this was right, then that
    weight = torch.cat([torch.full((256,), 1e-3), torch.ones(256)])
    adopt(model.policy, observation, action, weight, SETTINGS, torch.Generator().manual_seed(1))
    with torch.no_grad():
        mean = model.policy.get_distribution(observation).distribution.mean
    torch.testing.assert_close(mean, torch.full_like(mean, -0.5), atol=0.15, rtol=0.0)


def test_ppo_starts_anew_from_what_was_adopted(model):
    model.learn(256)
    assert model.policy.optimizer.state
    adopted(model)
    assert not model.policy.optimizer.state
    model.learn(256)
    assert all(torch.isfinite(value).all() for value in model.policy.parameters())


def test_a_user_may_join_without_worlds_to_rehearse_in():
    exchange = Exchange("hacpo", SETTINGS)
    model = PPO("MlpPolicy", ToyVecEnv(TWO, radius=0.9), n_steps=16, batch_size=64, device="cpu", seed=0)
    callback = HACPOCallback(exchange, "a")
    callback.init_callback(model)
    model.set_logger(Logger(None, []))
    model.learn(256, callback=callback)
    assert callback.apprentice is None
    assert fitted(TWO)[0] is not None
