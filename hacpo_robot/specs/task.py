"""What a task is: objects, where they start, rewards, success. It never mentions a robot."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hacpo_robot.errors import InvalidSpecError, UnknownNameError
from hacpo_robot.specs.ability import Ability
from hacpo_robot.specs.prop import BoxProp, FixtureProp, Prop, Region
from hacpo_robot.specs.script import Script
from hacpo_robot.specs.terms import Success, Term

TABLE_TOP = 0.8
"""Height of the table surface in the world [m]; robosuite's table arena."""


@dataclass(frozen=True, kw_only=True)
class RewardPreset:
    """Another way to pay for the same task."""

    rewards: Mapping[str, Term]
    success: Success
    leaning_pays: bool = False
    """See :class:`TaskSpec`; robosuite's own rewards know no leaning."""


@dataclass(frozen=True, kw_only=True)
class TaskSpec:
    """One skill to learn."""

    name: str
    props: tuple[Prop, ...] = ()
    goal: Region | None = None
    """Where the goal point is sampled; ``None`` where the task has none."""
    clearance: float = 0.0
    """Least horizontal distance between any two of objects and goal at reset [m]."""
    rewards: Mapping[str, Term]
    success: Success
    horizon_s: float
    """Episode length [s]."""
    script: Script
    """How it is done by hand: the expert that every robot is tested with."""
    needs: tuple[Ability, ...] = ()
    """What a robot must be able to do."""
    presets: Mapping[str, RewardPreset] = field(default_factory=dict)
    """Other rewards and success tests, by name."""
    preset: str = ""
    """Which of the presets this is; none where empty."""
    leaning_pays: bool = False
    """Whether rewards are paid in full however hard the robot leans on the table."""
    workspace: Region = field(default=Region(x=(-0.45, 0.45), y=(-0.45, 0.45), z=(0.75, 1.6)))
    """An object outside ends the episode."""

    def __post_init__(self) -> None:
        """Refuse names that repeat, no time, and weights below 0 or of another sum than 1."""
        names = ["tool", "table", "goal", *(prop.name for prop in self.props)]
        if repeated := {name for name in names if names.count(name) > 1}:
            raise InvalidSpecError(
                f"task {self.name!r}: {', '.join(sorted(repeated))} is the name of something else, too"
            )
        if not self.horizon_s > 0:
            raise InvalidSpecError(f"task {self.name!r}: horizon_s must be positive, not {self.horizon_s:g}")
        for name, term in self.rewards.items():
            if not term.weight >= 0:
                raise InvalidSpecError(f"task {self.name!r}: weight of {name!r} is {term.weight:g}, below 0")
        total = sum(term.weight for term in self.rewards.values())
        if abs(total - 1.0) > 1e-9:
            raise InvalidSpecError(f"task {self.name!r}: reward weights sum to {total}, expected 1")

    @property
    def boxes(self) -> tuple[BoxProp, ...]:
        """The free boxes among ``props``."""
        return tuple(prop for prop in self.props if isinstance(prop, BoxProp))

    @property
    def fixtures(self) -> tuple[FixtureProp, ...]:
        """The fixtures among ``props``."""
        return tuple(prop for prop in self.props if isinstance(prop, FixtureProp))

    @property
    def fixture_joints(self) -> tuple[str, ...]:
        """``fixture/joint`` for every joint of every fixture."""
        return tuple(f"{prop.name}/{joint}" for prop in self.fixtures for joint in prop.joints)

    @property
    def fixture_units(self) -> tuple[str, ...]:
        """Units of their positions, in the same order."""
        return tuple(unit for prop in self.fixtures for unit in prop.joint_units)

    @property
    def structure(self) -> tuple[object, ...]:
        """What stays where only numbers change: objects and their parts, and whether there is a goal."""
        return (*(prop.structure for prop in self.props), self.goal is None)

    def with_preset(self, name: str) -> "TaskSpec":
        """The same task under other rewards.

        Raises:
            UnknownNameError: the task has no such preset.
        """
        if name not in self.presets:
            raise UnknownNameError("reward preset", name, tuple(self.presets))
        return replace(self, preset=name, **vars(self.presets[name]))

    @property
    def full_name(self) -> str:
        """With the preset, as :func:`hacpo_robot.load_task` takes it."""
        return f"{self.name}:{self.preset}" if self.preset else self.name
