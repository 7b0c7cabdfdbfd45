"""What sharing needs to know of a learner's environment, and how its vectors relate to the hub's."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.specs.commands import CommandScale
from hacpo_robot.specs.signature import FloatArray, IntArray, Signature


class Embodiment(Protocol):
    """A body that says where it is and what it did.

    Actions lie in [-1, 1]. All members of an exchange have the same ``body_signature``, ``world_signature``
    and ``effect_signature``. Infos of an ended episode carry ``is_success``, without which nothing counts as
    good, and ``episode``, as SB3's ``Monitor`` writes it, by which fleets take turns.
    """

    observation_signature: Signature
    action_signature: Signature
    command_signature: Signature
    """The action in the robot's own units."""
    command_scale: CommandScale
    """What -1 and 1 mean there."""
    body_signature: Signature
    """Body part of the hub state ``z``."""
    world_signature: Signature
    """World part of the hub state ``z``."""
    effect_signature: Signature
    body_names: tuple[str, ...]
    """Observation fields that depend on the body."""
    world_names: tuple[str, ...]
    """Observation fields that follow from the hub state alone."""

    def hub_state(self) -> tuple[FloatArray, FloatArray]:
        """Body and world part of ``z`` now, new arrays. Shapes (n_envs, body size), (n_envs, world size)."""
        ...

    def effect(self) -> FloatArray:
        """What the last step did, before any reset, in a new array. Shape (n_envs, effect size)."""
        ...

    def sense_world(self, body: FloatArray, world: FloatArray) -> FloatArray:
        """The ``world_names`` fields as this embodiment would sense a hub state. Shape (n, ·)."""
        ...


TOLD = (*Embodiment.__annotations__, "hub_state", "effect", "sense_world")
"""What an :class:`Embodiment` has."""


def check_embodiment(env: object) -> None:
    """Refuse an environment that does not tell what sharing needs.

    Raises:
        InvalidSpecError: what it lacks.
    """
    missing = [name for name in TOLD if not hasattr(env, name)]
    if missing:
        raise InvalidSpecError(
            f"sharing needs an environment that tells of its body, and {type(env).__name__} lacks "
            f"{', '.join(missing)}; see hacpo_robot/sharing/embodiment.py"
        )


class EmbodiedVecEnv(Embodiment, Protocol):
    """An :class:`Embodiment` with what moves it: the part of SB3's ``VecEnv`` that sharing uses."""

    num_envs: int

    def seed(self, seed: int | None = None) -> object:
        """Of the next reset."""
        ...

    def reset(self) -> Any:  # noqa: ANN401  dicts and tuples too, says SB3
        """Raw observations of all worlds. Shape (n_envs, observation size)."""
        ...

    def step(self, actions: FloatArray) -> tuple[Any, FloatArray, NDArray[np.bool_], list[dict[str, Any]]]:
        """Observations, rewards, whether the episode ended, infos."""
        ...

    def env_method(self, method_name: str, *method_args: Any, indices: int | list[int]) -> list[Any]:  # noqa: ANN401
        """Call a method of some worlds by its name."""
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...


@dataclass(frozen=True)
class Anatomy:
    """Where body and world lie in a learner's vectors, and which numbers need no map.

    A field that an observation shares with the hub state (same name, unit and frame), or a command
    with the effect, passes through unchanged, below its upper bound in the hub; only the rest
    is learned.
    """

    body: IntArray
    """Positions of body fields in the observation."""
    world: IntArray
    """Positions of world fields in the observation."""
    body_size: int
    action_size: int
    hub_size: int
    effect_size: int
    hub_fields: tuple[IntArray, ...]
    """Positions of every field of the body part of ``z``."""
    effect_fields: tuple[IntArray, ...]
    """Positions of every field of the effect."""
    state_pass: tuple[IntArray, IntArray]
    """Positions in (body part of the observation, ``z``) of equal fields."""
    state_pass_below: FloatArray
    """Upper bounds of these fields in ``z``: at its bound it says "or more", and the body knows better."""
    action_pass: tuple[IntArray, IntArray]
    """Positions in (action, effect) of equal fields."""
    action_pass_scale: CommandScale
    """What the actions of these fields mean in the effect's units."""

    @classmethod
    def of(cls, embodiment: Embodiment) -> "Anatomy":
        """Compare an embodiment's signatures with the hub's."""
        observation = embodiment.observation_signature
        body, hub = observation.select(embodiment.body_names), embodiment.body_signature
        state_pass = _equal_fields(body, hub)
        action_pass = _equal_fields(embodiment.command_signature, embodiment.effect_signature)
        return cls(
            body=observation.indices(body.names),
            world=observation.indices(observation.select(embodiment.world_names).names),
            body_size=body.size,
            action_size=embodiment.action_signature.size,
            hub_size=hub.size,
            effect_size=embodiment.effect_signature.size,
            hub_fields=_fields(hub),
            effect_fields=_fields(embodiment.effect_signature),
            state_pass=state_pass,
            state_pass_below=hub.high[state_pass[1]],
            action_pass=action_pass,
            action_pass_scale=embodiment.command_scale.take(action_pass[0]),
        )


def _equal_fields(own: Signature, hub: Signature) -> tuple[IntArray, IntArray]:
    """Positions of fields that mean the same in both signatures. Shape (k,) each."""
    theirs = {(f.name, f.unit, f.frame) for f in hub.fields}
    names = tuple(f.name for f in own.fields if (f.name, f.unit, f.frame) in theirs)
    return own.indices(names), hub.indices(names)


def _fields(signature: Signature) -> tuple[IntArray, ...]:
    return tuple(signature.indices((name,)) for name in signature.names)
