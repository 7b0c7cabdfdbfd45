"""A learner falls back on what it was where an adopted skill cost success."""

import pytest
import torch
from stable_baselines3 import PPO

from hacpo_robot.learning.safety_net import FALL, JUDGED_AFTER, SafetyNet
from tests.sharing.toy import TWO, ToyVecEnv


@pytest.fixture
def policy():
    return PPO("MlpPolicy", ToyVecEnv(TWO), seed=0, device="cpu", policy_kwargs={"net_arch": [8]}).policy


def change(policy):
    with torch.no_grad():
        for value in policy.parameters():
            value.add_(1.0)


def same(policy, before):
    return all(torch.equal(value, before[name]) for name, value in policy.state_dict().items())


def judged(net, policy, rate, rollouts=JUDGED_AFTER):
    return [net.judge(policy, rate) for _ in range(rollouts)]


@pytest.fixture
def before(policy):
    return {name: value.clone() for name, value in policy.state_dict().items()}


def test_a_policy_that_lost_success_is_put_back_once(policy, before):
    net = SafetyNet()
    net.remember(policy, 0.5)
    change(policy)
    assert judged(net, policy, 0.5 - FALL - 0.01) == [False] * (JUDGED_AFTER - 1) + [True]
    assert same(policy, before)
    assert judged(net, policy, 0.0) == [False] * JUDGED_AFTER


def test_a_policy_that_kept_its_success_stays(policy, before):
    net = SafetyNet()
    net.remember(policy, 0.5)
    change(policy)
    assert not any(judged(net, policy, 0.5 - FALL + 0.01))
    assert not same(policy, before)


def test_who_goes_back_at_once_is_not_judged_any_more(policy, before):
    net = SafetyNet()
    net.remember(policy, 0.5)
    change(policy)
    net.go_back(policy)
    assert same(policy, before)
    change(policy)
    assert judged(net, policy, 0.0) == [False] * JUDGED_AFTER


def test_of_two_adoptions_in_a_row_the_last_is_judged(policy):
    net = SafetyNet()
    net.remember(policy, 0.5)
    change(policy)
    judged(net, policy, 0.1, JUDGED_AFTER - 1)
    between = {name: value.clone() for name, value in policy.state_dict().items()}
    net.remember(policy, 0.3)
    change(policy)
    assert judged(net, policy, 0.1)[-1]
    assert same(policy, between)


def test_a_restored_net_goes_on_alike(policy, before):
    net, copy = SafetyNet(), SafetyNet()
    net.remember(policy, 0.5)
    change(policy)
    judged(net, policy, 0.1, 3)
    copy.set_state(net.get_state())
    assert judged(copy, policy, 0.1, JUDGED_AFTER - 3)[-1]
    assert same(policy, before)
