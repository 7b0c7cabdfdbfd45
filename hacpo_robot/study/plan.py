"""What a study consists of: conditions, tasks, fleets and group seeds, one run for each combination."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from hacpo_robot.catalog import load_fleet, load_task, short_name
from hacpo_robot.errors import InvalidSpecError, UnknownNameError
from hacpo_robot.specs.training import TrainSettings, settings_from_dict

FOLDER = Path(__file__).parent / "studies"
Overrides = Mapping[str, Any]
"""Settings of a run that differ from the defaults, nested as in a preset."""


@dataclass(frozen=True)
class Cell:
    """One run of a study."""

    name: str
    """Of its folder: task, fleet, condition, seed; a task or a fleet that all cells share is left out."""
    task: str
    fleet: str
    condition: str
    seed: int
    settings: TrainSettings


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A study preset."""

    name: str
    """As :func:`load_plan` takes it."""
    fleets: Mapping[str, tuple[str, ...]]
    """Robots that train together, by name of the fleet."""
    tasks: Mapping[str, Overrides]
    """What each task needs, steps above all."""
    conditions: Mapping[str, Overrides]
    """What is compared."""
    headline: tuple[str, ...]
    """The condition that is claimed to be better, then its rivals. These fill before all others."""
    seeds: int = 8
    """Group seeds, unless asked for others."""
    settings: Overrides
    """Of every run."""

    def __post_init__(self) -> None:
        """Refuse what cannot be run, before anything runs."""
        for name in self.headline:
            if name not in self.conditions:
                raise UnknownNameError("condition", name, self.conditions)
        names = [*map(short_name, self.tasks), *self.fleets, *self.conditions]
        if "-" in "".join(names):
            raise InvalidSpecError(f"no dash in names of a study, it separates them: {' '.join(names)}")
        if len(set(map(short_name, self.tasks))) < len(self.tasks):
            raise InvalidSpecError(f"two tasks of one name: {' '.join(self.tasks)}")
        if not (self.headline and self.tasks and self.fleets and self.seeds > 0):
            raise InvalidSpecError(f"study {self.name} needs fleets, tasks, a headline and at least one seed")
        self.cells(1)

    def check_fleets(self) -> None:
        """Refuse robots and tasks that do not exist, or do not fit each other.

        Raises:
            UnknownNameError: no such robot or task.
            InvalidSpecError: a robot cannot do a task.
        """
        for task, robots in product(self.tasks, self.fleets.values()):
            load_fleet(robots, load_task(task))

    @property
    def title(self) -> str:
        """Without folder and ending."""
        return Path(self.name).stem

    def cells(self, n_seeds: int) -> list[Cell]:
        """Every run, in the order in which they fill: headline first, and evenly over seeds."""
        others = [name for name in self.conditions if name not in self.headline]
        return [
            self.cell(task, fleet, condition, seed)
            for group in (self.headline, others)
            for seed, fleet, task, condition in product(range(n_seeds), self.fleets, self.tasks, group)
        ]

    def cell(self, task: str, fleet: str, condition: str, seed: int) -> Cell:
        """One of them, whether or not so many seeds are planned."""
        place = {"task": task, "robots": list(self.fleets[fleet]), "seed": seed}
        layers = (self.settings, self.tasks[task], self.conditions[condition], place)
        settings = settings_from_dict(TrainSettings, _merged(*layers))
        parts = [short_name(task)] * (len(self.tasks) > 1) + [fleet] * (len(self.fleets) > 1)
        return Cell("-".join([*parts, condition, str(seed)]), task, fleet, condition, seed, settings)


def plan_names() -> tuple[str, ...]:
    """Every study preset, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def load_plan(name: str) -> Plan:
    """A study preset, by name or as a YAML file.

    Raises:
        UnknownNameError: no such preset, robot, task or condition; the message lists those that exist.
        InvalidSpecError: the file holds no plan, or one that cannot be run.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise UnknownNameError("study", name, plan_names())
    try:
        plan = plan_from_dict(name, yaml.safe_load(path.read_text()))
    except (yaml.YAMLError, TypeError, AttributeError) as error:
        raise InvalidSpecError(f"{path} holds no study: {' '.join(str(error).split())}") from error
    plan.check_fleets()
    return plan


def plan_from_dict(name: str, values: Mapping[str, Any]) -> Plan:
    """A plan from plain data, as a YAML file holds it.

    Raises:
        InvalidSpecError: a part that plans do not have, or lack; the message lists those they have.
    """
    if not isinstance(values, Mapping):
        raise InvalidSpecError(f"study {name} is no list of parts with their values")
    known = [item.name for item in fields(Plan) if item.name != "name"]
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise InvalidSpecError(f"unknown part of a study {unknown[0]!r}; valid: {', '.join(known)}")
    missing = sorted({"fleets", "tasks", "conditions", "headline"} - set(values))
    if missing:
        raise InvalidSpecError(f"study {name} lacks {', '.join(missing)}")
    return Plan(
        name=name,
        fleets={fleet: tuple(robots) for fleet, robots in values["fleets"].items()},
        tasks={task: overrides or {} for task, overrides in values["tasks"].items()},
        conditions={condition: overrides or {} for condition, overrides in values["conditions"].items()},
        headline=tuple(values["headline"]),
        seeds=values.get("seeds", Plan.seeds),
        settings=values.get("settings", {}),
    )


def plan_as_dict(plan: Plan) -> dict[str, Any]:
    """Plain data, which :func:`plan_from_dict` reads back."""
    values = asdict(plan)
    del values["name"]
    return values | {"headline": list(plan.headline), "fleets": {k: list(v) for k, v in plan.fleets.items()}}


def _merged(*layers: Overrides) -> dict[str, Any]:
    """Nested settings on top of each other; the last one wins."""
    merged: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.items():
            below = merged.get(name)
            if isinstance(below, Mapping) and isinstance(value, Mapping):
                value = _merged(below, value)
            merged[name] = value
    return merged
