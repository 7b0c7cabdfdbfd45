"""A policy that acts in another body: it senses through its own maps, and moves through the pupil's."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hacpo_robot.sharing.body_schema import BodySchema, BodyState
from hacpo_robot.sharing.embodiment import Embodiment
from hacpo_robot.sharing.experience import Experience
from hacpo_robot.sharing.translation import Translation, compose_observation, tensor, translate
from hacpo_robot.specs.signature import FloatArray

INTEGRAL_GAIN = 0.5
"""Share of what a step left undone that is asked for on top of the next."""
INTEGRAL_LEAK = 0.9
"""Share of a debt that is left to the next step."""
GRIP_GAIN = 1.5
"""How much farther from half open an understudy's hand goes than the teacher's."""

ActionMean = Callable[[NDArray[np.float32]], FloatArray]
"""Raw observations to a policy's action mean."""


@dataclass(frozen=True)
class Body:
    """What a learner senses and does, and the maps it has learned of that."""

    schema: BodySchema
    embodiment: Embodiment

    def senses(self, observation: FloatArray) -> Tensor:
        """Body part of raw observations. Shape (n, body size)."""
        return tensor(observation[:, self.schema.anatomy.body])


@dataclass(frozen=True)
class Teacher:
    """A body and the policy that moves it."""

    body: Body
    mean: ActionMean

    def effect(self, senses: Tensor, answer: Tensor, hub: Tensor) -> Tensor:
        """What an answer would do, were this body there. Shape (n, effect size)."""
        return self.body.schema.foresee(BodyState(senses, hub), answer)

    def answer(self, senses: Tensor, hub: FloatArray, world: FloatArray) -> Tensor:
        """What the policy does where its body senses ``senses``. Shape (n, action size), in [-1, 1]."""
        observation = compose_observation(self.body.embodiment, self.body.schema.anatomy, senses, hub, world)
        return tensor(self.mean(observation)).clamp(-1.0, 1.0)


class Understudy:
    """Plays a teacher's part in the pupil's body, step by step.

    It follows every world as the teacher's body would live it: from a posture in which the
    teacher's own episodes begin, through what the teacher's own answers would have led to,
    corrected by where the pupil really is.

    What the pupil's body left undone, of what it could do, is made up for in the next steps (integral
    action, with limits). A small error that B always makes in one direction would else add up unseen,
    where the teacher does not sense it: an upright arm knows nothing of a tilt.

    Its hand goes further from half open than the teacher's, both ways: policies let their fingers pass an
    object by millimetres, which in another body are not there.
    """

    def __init__(self, teacher: Teacher, pupil: Body) -> None:
        """Nothing lived yet."""
        self._teacher, self._pupil = teacher, pupil
        self._before: tuple[BodyState, Tensor] | None = None
        self._owed: tuple[Tensor, Tensor] | None = None

    @torch.inference_mode()
    def act(
        self, observation: FloatArray, hub: FloatArray, world: FloatArray, effect: FloatArray
    ) -> FloatArray:
        """The pupil's actions for all worlds, one step after the last call.

        Args:
            observation: The pupil's, raw. Shape (n, observation size).
            hub: Body part of ``z``. Shape (n, hub size).
            world: World part of ``z``. Shape (n, world size).
            effect: What the last step did. Shape (n, effect size).

        Returns:
            Shape (n, action size), in [-1, 1].
        """
        z = tensor(hub)
        schema = self._teacher.body.schema
        senses = schema.start(z) if self._before is None else schema.track(*self._before, z)
        answer = self._teacher.answer(senses, hub, world)
        self._before = BodyState(senses, z), answer
        wanted = self._pupil.schema.attainable(self._teacher.effect(senses, answer, z))
        own = BodyState(self._pupil.senses(observation), z)
        asked = wanted + self._debt(wanted, tensor(effect))
        action = self._pupil.schema.choose_action(own, asked)
        hand, _ = self._pupil.schema.anatomy.action_pass
        action[:, hand] = (GRIP_GAIN * action[:, hand]).clamp(-1.0, 1.0)
        return action.double().numpy()

    def _debt(self, wanted: Tensor, done: Tensor) -> Tensor:
        """What is asked for on top, at most one standard deviation of the pupil's own effects.

        Of the hand nothing is: it does as it is told.
        """
        debt = torch.zeros_like(wanted)
        if self._owed is not None:
            before, debt = self._owed
            limit = self._pupil.schema.effect_units.std.clone()
            limit[self._pupil.schema.anatomy.action_pass[1]] = 0.0
            debt = (INTEGRAL_LEAK * debt + INTEGRAL_GAIN * (before - done)).clamp(-limit, limit)
        self._owed = wanted, debt
        return debt


def ask_teacher(rollout: Experience, teacher: Teacher, pupil: Body) -> Translation:
    """What a teacher would do in the pupil's own states, as actions of the pupil.

    The states are rewritten for the teacher's body, its policy answers, its F tells the effect
    that the answer would have, and the pupil's B finds the action with that effect.

    Args:
        rollout: Of the pupil; whole runs of steps, in time order.
        teacher: Who is asked.
        pupil: Who asks.
    """
    theirs = translate(rollout, teacher.body.schema, teacher.body.embodiment)
    senses = teacher.body.senses(theirs.observation)
    hub = tensor(rollout.body)
    with torch.inference_mode():
        answer = tensor(teacher.mean(theirs.observation)).clamp(-1.0, 1.0)
        effect = teacher.effect(senses, answer, hub)
        state = BodyState(pupil.senses(rollout.observation), hub)
        action = pupil.schema.choose_action(state, effect)
        missed = pupil.schema.predict_effect(state, action) - pupil.schema.effect_units(effect)
    return Translation(
        observation=rollout.observation.astype(np.float32),
        action=action.numpy(),
        support=theirs.support,
        effect_error=missed.pow(2).mean(dim=-1).sqrt().double().numpy(),
        returns=rollout.returns,
        episode=rollout.episode,
    )
