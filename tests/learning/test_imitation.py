"""Regression of a policy within a budget of change."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO

from hacpo_robot.learning.imitation import Imitator, mean_divergence
from hacpo_robot.specs.training import SharingSettings
from tests.sharing.toy import TWO, ToyVecEnv

SETTINGS = SharingSettings(minibatches=100, batch_size=64)


@pytest.fixture
def policy():
    return PPO("MlpPolicy", ToyVecEnv(TWO), seed=0, device="cpu", policy_kwargs={"net_arch": [16]}).policy


def states(seed, n=256):
    return torch.randn(n, 7, generator=torch.Generator().manual_seed(seed))


def mean_of(policy, observation):
    with torch.no_grad():
        return policy.get_distribution(observation).distribution.mean


def learn(policy, target, *, weight=None, budget=1e9, settings=SETTINGS):
    lessons = states(1, len(target))
    weight = np.ones(len(target)) if weight is None else weight
    return Imitator(policy, settings, seed=0).learn(lessons, target, weight, states(2), budget)


@pytest.mark.parametrize("budget", [1e-4, 1e-2, 0.3])
def test_policy_change_stays_within_the_budget(policy, budget):
    before = mean_of(policy, states(2))
    settings = replace(SETTINGS, learning_rate=1e-2)
    outcome = learn(policy, torch.ones(256, 3), budget=budget, settings=settings)
    change = mean_divergence(before, mean_of(policy, states(2)), policy.log_std.detach().exp())
    assert change == pytest.approx(outcome.kl, rel=1e-4)
    assert 0.3 * budget < outcome.kl <= 1.05 * budget


@pytest.mark.parametrize("minibatches", [1, 3, 6])
def test_the_budget_binds_however_few_minibatches_there_are(policy, minibatches):
    settings = replace(SETTINGS, learning_rate=1e-2, minibatches=minibatches)
    outcome = learn(policy, torch.ones(256, 3), budget=1e-5, settings=settings)
    assert 0 < outcome.kl <= 1.05e-5


def test_lessons_that_are_no_numbers_leave_the_policy_as_it_was(policy):
    before = [parameter.clone() for parameter in policy.parameters()]
    imitator = Imitator(policy, SETTINGS, seed=0)
    lessons, target = states(1), torch.ones(256, 3)
    outcome = imitator.learn(lessons, target * torch.nan, np.ones(256), states(2), 0.02)
    assert outcome.kl == 0.0
    assert all(torch.equal(one, other) for one, other in zip(before, policy.parameters(), strict=True))
    assert 0 < imitator.learn(lessons, target, np.ones(256), states(2), 0.02).kl < 0.03


def test_a_generous_budget_spends_all_minibatches_and_learns_the_lessons(policy):
    settings = replace(SETTINGS, minibatches=400, learning_rate=1e-2)
    outcome = learn(policy, torch.full((256, 3), 0.4), settings=settings)
    assert outcome.gradient_steps == 400
    np.testing.assert_allclose(mean_of(policy, states(1)), 0.4, atol=0.1)


def test_spread_and_critic_are_left_alone(policy):
    before = {name: value.clone() for name, value in policy.state_dict().items()}
    learn(policy, torch.ones(256, 3))
    changed = {name for name, value in policy.state_dict().items() if not torch.equal(value, before[name])}
    actor = {name for name in before if name.startswith(("mlp_extractor.policy_net", "action_net"))}
    assert changed == actor


def test_more_weight_pulls_more(policy):
    target = torch.cat([torch.ones(128, 3), -torch.ones(128, 3)])
    start = {name: value.clone() for name, value in policy.state_dict().items()}
    pulled = []
    for up in (0.1, 1.0, 10.0):
        policy.load_state_dict(start)
        learn(policy, target, weight=np.repeat([up, 1.0], 128))
        pulled.append(float(mean_of(policy, states(3)).mean()))
    assert pulled[0] < pulled[1] < pulled[2]
    assert pulled[2] - pulled[0] > 0.2


def test_only_proportions_of_weights_matter(policy):
    start = {name: value.clone() for name, value in policy.state_dict().items()}
    weight, outcomes = np.linspace(0.1, 1.0, 256), []
    for scale in (1.0, 1024.0):
        policy.load_state_dict(start)
        learn(policy, torch.ones(256, 3), weight=scale * weight)
        outcomes.append(mean_of(policy, states(3)))
    torch.testing.assert_close(outcomes[0], outcomes[1])


def test_divergence_equals_that_of_torch():
    before, after, std = states(1), states(2), torch.rand(7) + 0.1
    normals = [torch.distributions.Normal(mean, std) for mean in (before, after)]
    expected = torch.distributions.kl_divergence(*normals).sum(dim=-1).mean()
    assert mean_divergence(before, after, std) == pytest.approx(float(expected), rel=1e-5)
    assert mean_divergence(before, before, std) == 0


def test_imitator_state_continues_bit_for_bit(policy):
    target, saved = torch.ones(256, 3), {}
    imitator = Imitator(policy, SETTINGS, seed=0)
    imitator.learn(states(1), target, np.ones(256), states(2), 1e9)
    saved.update({name: value.copy() for name, value in imitator.get_state().items()})
    middle = {name: value.clone() for name, value in policy.state_dict().items()}
    imitator.learn(states(1), target, np.ones(256), states(2), 1e9)
    expected = mean_of(policy, states(3))
    policy.load_state_dict(middle)
    again = Imitator(policy, SETTINGS, seed=99)
    again.set_state(saved)
    again.learn(states(1), target, np.ones(256), states(2), 1e9)
    assert torch.equal(mean_of(policy, states(3)), expected)
