"""Episodes of one arm on one task, and what must be known to read them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.catalog import load_robot
from hacpo_robot.envs.reset import Start
from hacpo_robot.errors import DatasetError
from hacpo_robot.specs.signature import Field, FloatArray, Signature

VERSION = 1


@dataclass(frozen=True)
class Episode:
    """One episode of n steps in one body's own terms, raw units."""

    observation: NDArray[np.float32]
    """What the robot sensed before every step and after the last. Shape (n + 1, observation size)."""
    action: NDArray[np.float32]
    """In [-1, 1]. Shape (n, action size)."""
    body: FloatArray
    """Body part of the hub state ``z``, which means the same for every arm. Shape (n + 1, ·)."""
    world: FloatArray
    """World part of ``z``. Shape (n + 1, ·)."""
    reward: NDArray[np.float32]
    """For every step. Shape (n,)."""
    success: NDArray[np.bool_]
    """After every step. Shape (n,)."""
    support: FloatArray
    """Distance to what this body has been in, in support radii; 0 for its own episodes. Shape (n,)."""
    effect_error: FloatArray
    """How far this body would miss the effect of a step, in standard deviations of its own effects; 0
    for its own episodes. Shape (n,)."""
    states: FloatArray
    """MuJoCo's full physics state before every step. Shape (n, ·), or (n, 0) where nobody kept it."""
    start: Start | None
    """Where the simulation began; ``None`` where nobody kept it, as in another body."""

    def __len__(self) -> int:
        """Number of steps."""
        return len(self.action)


@dataclass(frozen=True, kw_only=True)
class Header:
    """What holds for all episodes of a dataset."""

    robot: str
    """Name or file, see :func:`hacpo_robot.catalog.load_robot`."""
    task: str
    """Name or file."""
    source: str
    """``evaluation``: held-out episodes of the policy; ``pool``: good episodes of its training."""
    translated_from: str | None
    """The arm that lived the episodes, where it was another one."""
    run: str
    """Run folder."""
    step: int
    """Environment steps that the policy was trained for."""
    package_version: str
    control_hz: int
    observation: Signature
    action: Signature
    """In command units; its bounds are what -1 and 1 mean."""
    body: Signature
    world: Signature

    def as_json(self) -> dict[str, Any]:
        """As JSON takes it; inverse of :meth:`from_json`."""
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Header":
        """What :meth:`as_json` was called on.

        Raises:
            DatasetError: it is of another version.
        """
        if document["version"] != VERSION:
            raise DatasetError(f"dataset of version {document['version']}; this package reads {VERSION}")
        known = {item.name: document[item.name] for item in fields(cls)}
        signatures = {name: _signature(known[name]) for name in ("observation", "action", "body", "world")}
        return cls(**{**known, **signatures})


@dataclass(frozen=True)
class Dataset:
    """Episodes of one arm on one task."""

    header: Header
    episodes: tuple[Episode, ...]

    @property
    def name(self) -> str:
        """Of its file: the robot, and whom it translates."""
        robot, source = load_robot(self.header.robot).name, self.header.translated_from
        return robot if source is None else f"{robot}_from_{source}"

    @property
    def n_steps(self) -> int:
        """Steps of all episodes."""
        return sum(len(episode) for episode in self.episodes)

    @property
    def n_success(self) -> int:
        """Episodes that end in success."""
        return sum(bool(episode.success[-1]) for episode in self.episodes)


def units(signature: Signature) -> list[str]:
    """The unit of every element, in order."""
    return [unit for field in signature.fields for unit in field.units]


def frames(signature: Signature) -> list[str]:
    """The frame of every element, in order; empty where none applies."""
    return [field.frame for field in signature.fields for _ in field.elements]


def _signature(document: Mapping[str, Any]) -> Signature:
    return Signature(tuple(map(Field.read, document["fields"])))
