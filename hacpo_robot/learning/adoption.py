"""Taking over a skill that was proven in one's own body: policy and critic are fitted to it."""

import math

import torch
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor, nn

from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.training import SharingSettings

BATCH = 256
CRITIC_WEIGHT = 0.5
STD_FLOOR = 0.2
"""Smallest spread that missed actions are divided by."""


def adopt(
    policy: ActorCriticPolicy,
    observation: Tensor,
    action: Tensor,
    returns: Tensor,
    settings: SharingSettings,
    generator: torch.Generator,
) -> float:
    """Fit a policy's mean and its critic to episodes of its own body.

    Afterwards the spread of the policy is ``settings.adopted_std`` where it was larger: with a
    beginner's spread the skill fails, and PPO unlearns it before it can tell why. PPO's optimizer
    forgets its moments, which belong to the policy before.

    Args:
        policy: Changed in place.
        observation: Normalised. Shape (n, observation size).
        action: What was done. Shape (n, action size).
        returns: Discounted reward to go, in units of the critic. Shape (n,).
        settings: How long, and how fast.
        generator: Of the batches.

    Returns:
        Mean squared distance to the actions in units of policy spread, last batch.
    """
    actor = nn.Sequential(policy.mlp_extractor.policy_net, policy.action_net)
    critic = nn.Sequential(policy.mlp_extractor.value_net, policy.value_net)
    optimizer = torch.optim.Adam([*actor.parameters(), *critic.parameters()], settings.adoption_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.adoption_steps)
    spread = policy.log_std.detach().exp().clamp(min=STD_FLOOR)
    missed = torch.zeros(())
    for _ in range(settings.adoption_steps):
        rows = torch.randint(len(action), (BATCH,), generator=generator)
        missed = ((action[rows] - actor(observation[rows])) / spread).pow(2).mean()
        surprise = (returns[rows] - critic(observation[rows])[:, 0]).pow(2).mean()
        optimizer.zero_grad()
        (0.5 * missed + CRITIC_WEIGHT * surprise).backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        policy.log_std.clamp_(max=math.log(settings.adopted_std))
    policy.optimizer.state.clear()
    return float(missed.detach())


def as_targets(returns: FloatArray, reward_scale: float) -> Tensor:
    """Raw returns in units of the critic. Shape (n,)."""
    return torch.as_tensor(returns / reward_scale, dtype=torch.float32)
