"""The unit of rewards, brought up to a skill before it is adopted; the critic stays what it is."""

import numpy as np
import torch
from stable_baselines3 import PPO

from hacpo_robot.specs.signature import FloatArray


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
