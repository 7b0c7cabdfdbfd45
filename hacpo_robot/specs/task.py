"""What a task is: objects, where they start, rewards, success. It never mentions a robot."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.specs.terms import Success, Term

Range = tuple[float, float]

TABLE_TOP = 0.8
"""Height of the table surface in the world [m]; robosuite's table arena."""


@dataclass(frozen=True, kw_only=True)
class Region:
    """A box of positions in the world, sampled uniformly [m], with a yaw range [rad]."""

    x: Range
    y: Range
    z: Range
    yaw: Range = (0.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class BoxProp:
    """A free box."""

    name: str
    half_size: tuple[float, float, float]
    """[m]."""
    start: Region
    """Centre and yaw at reset."""
    density: float = 1000.0
    """[kg/m3]."""
    friction: tuple[float, float, float] = (1.0, 0.005, 0.0001)
    rgba: tuple[float, float, float, float] = (0.8, 0.15, 0.1, 1.0)


@dataclass(frozen=True, kw_only=True)
class TaskSpec:
    """One skill to learn."""

    name: str
    props: tuple[BoxProp, ...] = ()
    goal: Region | None = None
    """Where the goal point is sampled; ``None`` where the task has none."""
    rewards: Mapping[str, Term]
    success: Success
    horizon_s: float
    """Episode length [s]."""
    workspace: Region = field(default=Region(x=(-0.45, 0.45), y=(-0.45, 0.45), z=(0.75, 1.6)))
    """An object outside ends the episode."""

    def __post_init__(self) -> None:
        """Refuse weights that do not sum to 1: rewards lie in [0, 1]."""
        total = sum(term.weight for term in self.rewards.values())
        if abs(total - 1.0) > 1e-9:
            raise InvalidSpecError(f"task {self.name!r}: reward weights sum to {total}, expected 1")
