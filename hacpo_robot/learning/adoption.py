"""Taking over a skill that was proven in one's own body: a policy is fitted to it."""

import torch
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor, nn

from hacpo_robot.specs.training import SharingSettings

BATCH = 256


def adopt(
    policy: ActorCriticPolicy,
    observation: Tensor,
    action: Tensor,
    weight: Tensor,
    settings: SharingSettings,
    generator: torch.Generator,
) -> None:
    """Fit a policy's mean to episodes of its own body.

    Its spread and its critic stay: fitted to a few good episodes a critic is sure of itself, and PPO unlearns
    the skill before it knows better. PPO's optimizer forgets its moments, which belong to the policy before.

    Args:
        policy: Changed in place.
        observation: Normalised. Shape (n, observation size).
        action: What was done. Shape (n, action size).
        weight: How often each is looked at, beside others. Shape (n,).
        settings: How long, and how fast.
        generator: Of the batches.
    """
    actor = nn.Sequential(policy.mlp_extractor.policy_net, policy.action_net)
    optimizer = torch.optim.Adam(actor.parameters(), settings.adoption_rate, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, settings.adoption_steps)
    spread = policy.log_std.detach().exp().clamp(min=settings.std_floor)
    for _ in range(settings.adoption_steps):
        rows = torch.multinomial(weight, BATCH, replacement=True, generator=generator)
        missed = ((action[rows] - actor(observation[rows])) / spread).pow(2).mean()
        optimizer.zero_grad()
        missed.backward()
        optimizer.step()
        schedule.step()
    policy.optimizer.state.clear()
