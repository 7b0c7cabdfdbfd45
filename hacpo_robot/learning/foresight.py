"""What a model's normaliser expects, brought up to a skill before it is adopted; the model says the same."""

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.running_mean_std import RunningMeanStd
from torch import nn

from hacpo_robot.specs.signature import FloatArray

SETTLED = 1e9
"""Observations that statistics claim to have seen when nothing new shall move them."""


def expect_returns(model: PPO, returns: FloatArray) -> None:
    """Let a model's normaliser, if it has one, expect what a skill pays.

    An arm that never succeeded has been paid next to nothing. When it suddenly does, its critic has to
    reach for values of a hundred in units of what it knew, and clipped gradients leave nothing to the
    policy: the skill is gone before the critic is right. The critic's last layer moves with the unit, so
    that its values in raw reward units stay (PopArt, arXiv 1602.07714).

    Args:
        model: Its reward normaliser and its critic are changed in place, together.
        returns: Discounted raw returns of the skill's steps. Shape (n,).
    """
    normalizer = model.get_vec_normalize_env()
    if normalizer is None or not normalizer.norm_reward:
        return
    paid = normalizer.ret_rms
    std = np.sqrt(paid.var + normalizer.epsilon)
    paid.var = np.maximum(paid.var, returns.var())
    with torch.no_grad():
        for parameter in model.policy.value_net.parameters():
            parameter.mul_(float(std / np.sqrt(paid.var + normalizer.epsilon)))


def expect_observations(model: PPO, observation: FloatArray) -> None:
    """Let a model's normaliser, if it has one, expect what is sensed in a skill, and hold still from there.

    The height of a cube that was never lifted varies by nothing. Statistics that move on while an adopted
    skill is practised change what the policy sees of it, many times over in such elements, and the skill is
    lost. So half of what is expected is the skill from now on, and there it stays. The first layers of
    policy and critic move along, so that both say the same as before, but where the normaliser clipped: what
    was a sharp sense for the first millimetre of a lift stays one. What the model is to act on next is told
    anew.

    Args:
        model: Its observation normaliser, its policy and its critic are changed in place, together.
        observation: Raw observations of the skill's steps. Shape (n, observation size).
    """
    normalizer = model.get_vec_normalize_env()
    if normalizer is None or not normalizer.norm_obs:
        return
    seen = normalizer.obs_rms
    assert isinstance(seen, RunningMeanStd)
    mean, std = seen.mean.copy(), np.sqrt(seen.var + normalizer.epsilon)
    apart = (observation.mean(axis=0) - mean) / 2
    seen.mean = mean + apart
    seen.var = (seen.var + observation.var(axis=0)) / 2 + apart**2
    seen.count = SETTLED
    wider = torch.as_tensor(np.sqrt(seen.var + normalizer.epsilon) / std, dtype=torch.float32)
    shift = torch.as_tensor(apart / std, dtype=torch.float32)
    policy = model.policy
    with torch.no_grad():
        for hidden, last in (
            (policy.mlp_extractor.policy_net, policy.action_net),
            (policy.mlp_extractor.value_net, policy.value_net),
        ):
            layer = next(part for part in (*hidden, last) if isinstance(part, nn.Linear))
            layer.bias.add_(layer.weight @ shift)
            layer.weight.mul_(wider)
    model._last_obs = normalizer.normalize_obs(normalizer.get_original_obs())
