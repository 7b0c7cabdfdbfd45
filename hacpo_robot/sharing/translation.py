"""Hub experience rewritten as observations and actions of one body."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hacpo_robot.sharing.body_schema import BodySchema, BodyState
from hacpo_robot.sharing.embodiment import Anatomy, Embodiment
from hacpo_robot.sharing.experience import Experience
from hacpo_robot.sharing.steps import Steps
from hacpo_robot.specs.signature import FloatArray


@dataclass(frozen=True)
class Translation(Steps):
    """Another arm's steps in the learner's own terms. Shape (n, ·) or (n,)."""

    observation: NDArray[np.float32]
    """What the learner would have sensed, raw."""
    action: NDArray[np.float32]
    """What the learner would have done, in [-1, 1]."""
    support: FloatArray
    """Distance to what the body has been in, in multiples of its support radius."""
    effect_error: FloatArray
    """How far the body would miss the effect, in standard deviations of its own effects."""
    returns: FloatArray
    """As the source published them."""
    episode: NDArray[np.int64]


def translate(experience: Experience, schema: BodySchema, embodiment: Embodiment) -> Translation:
    """Rewrite hub experience for one body.

    Every episode is followed from its start as the learner's body would live it; world fields come
    from the learner's own way of sensing them, the action from B; fields that mean the same on
    both sides pass through.

    Args:
        experience: Of any arm on the same task; whole episodes, in time order.
        schema: The learner's.
        embodiment: The learner's.
    """
    hub, effect = tensor(experience.body), tensor(experience.effect)
    with torch.inference_mode():
        senses, action = _live_through(hub, effect, experience.episode, schema)
        missed = schema.predict_effect(BodyState(senses, hub), action) - schema.effect_units(effect)
        effect_error = missed.pow(2).mean(dim=-1).sqrt()
        support = schema.support_distance(hub)
    return Translation(
        observation=compose_observation(
            embodiment, schema.anatomy, senses, experience.body, experience.world
        ),
        action=action.numpy(),
        support=support.double().numpy(),
        effect_error=effect_error.double().numpy(),
        returns=experience.returns,
        episode=experience.episode,
    )


def compose_observation(
    embodiment: Embodiment, anatomy: Anatomy, senses: Tensor, hub: FloatArray, world: FloatArray
) -> NDArray[np.float32]:
    """A raw observation, within its bounds. Shape (n, observation size).

    Args:
        embodiment: Whose.
        anatomy: Of the embodiment.
        senses: What it senses of its body, decoded. Shape (n, body size).
        hub: Body part of ``z``. Shape (n, ·).
        world: World part of ``z``. Shape (n, ·).
    """
    signature = embodiment.observation_signature
    observation = np.empty((len(hub), signature.size))
    observation[:, anatomy.body] = senses.numpy()
    observation[:, anatomy.world] = embodiment.sense_world(hub, world)
    return np.clip(observation, signature.low, signature.high).astype(np.float32)


def _live_through(
    hub: Tensor, effect: Tensor, episode: NDArray[np.int64], schema: BodySchema
) -> tuple[Tensor, Tensor]:
    """Senses and actions of a body that goes through the same hub states. Shape (n, ·) each.

    All episodes advance together, a step at a time; shorter ones repeat their last row.
    """
    starts = np.flatnonzero(np.diff(episode, prepend=episode[0] - 1))
    lengths = np.diff(starts, append=len(episode))
    steps = np.arange(lengths.max())
    rows = torch.as_tensor(starts[:, None] + np.minimum(steps, lengths[:, None] - 1))  # (k, longest)
    state = BodyState(schema.start(hub[rows[:, 0]]), hub[rows[:, 0]])
    action = schema.choose_action(state, effect[rows[:, 0]])
    sensed, actions = [state.senses], [action]
    for step in steps[1:]:
        now = rows[:, step]
        state = BodyState(schema.track(state, action, hub[now]), hub[now])
        action = schema.choose_action(state, effect[now])
        sensed.append(state.senses)
        actions.append(action)
    real = torch.as_tensor(steps < lengths[:, None])
    return torch.stack(sensed, dim=1)[real], torch.stack(actions, dim=1)[real]


def own_words(experience: Experience) -> Translation:
    """An arm's own experience needs no map: exact, fully supported."""
    zeros = np.zeros(len(experience))
    return Translation(
        observation=experience.observation.astype(np.float32),
        action=experience.action.astype(np.float32),
        support=zeros,
        effect_error=zeros,
        returns=experience.returns,
        episode=experience.episode,
    )


def tensor(values: FloatArray) -> Tensor:
    """As float32."""
    return torch.as_tensor(values, dtype=torch.float32)
