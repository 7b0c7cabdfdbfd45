"""What one body has done: babble for ever, and the newest of what came after."""

from dataclasses import dataclass, fields, replace

import numpy as np

from hacpo_robot.sharing.embodiment import Anatomy
from hacpo_robot.sharing.experience import Experience
from hacpo_robot.sharing.steps import Steps, concatenate
from hacpo_robot.specs.signature import FloatArray

RECENT = 16_384
"""Steps of rollouts and rehearsals that are remembered."""


@dataclass(frozen=True)
class BodyData(Steps):
    """What one body sensed, did, and brought about. Raw units, shape (n, ·) each."""

    senses: FloatArray
    """Body part of the observation."""
    action: FloatArray
    """Executed action in [-1, 1]."""
    hub: FloatArray
    """Body part of ``z`` before the action."""
    effect: FloatArray
    following: FloatArray
    """Body part of the observation after the action."""

    @classmethod
    def of(cls, steps: Experience, anatomy: Anatomy) -> "BodyData":
        """Own steps, but for the last one of every episode, after which nothing was sensed."""
        rows = np.flatnonzero(steps.episode[1:] == steps.episode[:-1])
        senses = steps.observation[:, anatomy.body]
        return cls(senses[rows], steps.action[rows], steps.body[rows], steps.effect[rows], senses[rows + 1])


@dataclass
class BodyMemory:
    """Data that a body schema is fitted to. Maps that saw only what is new would forget the rest."""

    babble: BodyData
    recent: BodyData
    fresh: int = 0
    """Steps noted since the maps were last refined."""

    @classmethod
    def of(cls, babble: BodyData) -> "BodyMemory":
        """Nothing but babble."""
        return cls(babble, babble.take(slice(0)))

    def note(self, data: BodyData) -> None:
        """Remember what the body did; the oldest makes room."""
        self.recent = concatenate([self.recent, data]).take(slice(-RECENT, None))
        self.fresh += len(data)

    def get_state(self) -> dict[str, FloatArray]:
        """All columns."""
        parts = (("babble", self.babble), ("recent", self.recent))
        columns = {f"{name}_{f.name}": getattr(part, f.name) for name, part in parts for f in fields(part)}
        return {**columns, "fresh": np.array(self.fresh)}

    @classmethod
    def from_state(cls, state: dict[str, FloatArray]) -> "BodyMemory":
        """What :meth:`get_state` was called on."""
        parts = [BodyData(*(state[f"{n}_{f.name}"] for f in fields(BodyData))) for n in ("babble", "recent")]
        return cls(*parts, fresh=int(state["fresh"]))


def scramble(data: BodyData, anatomy: Anatomy, seed: int) -> BodyData:
    """The same data with the elements of every hub and effect field moved about and partly turned over.

    Every seed does it in another way: what two members had scrambled alike would fit again.
    """
    rng = np.random.default_rng(seed)
    hub, effect = data.hub.copy(), data.effect.copy()
    for fields_of, values in ((anatomy.hub_fields, hub), (anatomy.effect_fields, effect)):
        for elements in fields_of:
            sign = rng.choice([-1.0, 1.0], len(elements))
            values[:, elements] = sign * values[:, rng.permutation(elements)]
    return replace(data, hub=hub, effect=effect)
