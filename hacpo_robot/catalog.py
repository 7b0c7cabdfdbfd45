"""Names to specs: a robot is a file in ``robots/``, a task a file in ``tasks/``."""

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from hacpo_robot.errors import HacpoError, InvalidSpecError, UnknownNameError
from hacpo_robot.specs.ability import find_obstacle
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.task import TaskSpec

Spec = TypeVar("Spec", RobotSpec, TaskSpec)


def robot_names() -> tuple[str, ...]:
    """Every robot that ``load_robot`` knows, sorted."""
    return _names("robots")


def task_names() -> tuple[str, ...]:
    """Every task that ``load_task`` knows, sorted."""
    return _names("tasks")


def possible_pairs(on_fault: Callable[[InvalidSpecError], None] | None = None) -> tuple[tuple[str, str], ...]:
    """Every robot with every task that it can do, as (robot name, task name), sorted.

    Args:
        on_fault: Told of what cannot be loaded, which is then left out; the error is raised when not given.
    """
    tasks = _loaded(task_names(), load_task, on_fault)
    robots = _loaded(robot_names(), load_robot, on_fault)
    return tuple(
        (robot, task)
        for robot, body in robots.items()
        for task, wanted in tasks.items()
        if not find_obstacle(wanted.needs, body.unable)
    )


def able_robots(task: TaskSpec) -> tuple[RobotSpec, ...]:
    """Every robot of the catalogue that can do a task, sorted by name; what cannot be loaded is left out."""
    robots = _loaded(robot_names(), load_robot, lambda _: None).values()
    return tuple(robot for robot in robots if not find_obstacle(task.needs, robot.unable))


def _loaded(
    names: Iterable[str],
    load: Callable[[str], Spec],
    on_fault: Callable[[InvalidSpecError], None] | None,
) -> dict[str, Spec]:
    found: dict[str, Spec] = {}
    for name in names:
        try:
            found[name] = load(name)
        except InvalidSpecError as error:
            if on_fault is None:
                raise
            on_fault(error)
    return found


def load_robot(name: str) -> RobotSpec:
    """The robot of a name or of a file.

    Args:
        name: Of ``robots/<name>.py`` or of an entry point ``hacpo_robot.robots``; or the path of any
            Python file, ending in ``.py``, that ends in ``ROBOT = RobotSpec(...)``.

    Raises:
        UnknownNameError: no such robot; the message lists those that exist.
        InvalidSpecError: the file is missing, cannot be run, or has no ``ROBOT`` of the right type.
    """
    spec = getattr(_module("robots", "robot", name), "ROBOT", None)
    if not isinstance(spec, RobotSpec):
        raise InvalidSpecError(f"robot {name!r} must end in ROBOT = RobotSpec(...)")
    return spec


def load_fleet(names: Sequence[str], task: TaskSpec) -> list[RobotSpec]:
    """Robots that learn a task together, in the order of their names.

    Raises:
        UnknownNameError: see :func:`load_robot`.
        InvalidSpecError: see :func:`load_robot`; or a robot cannot do the task, or two robots call themselves
            alike, as files of users may.
    """
    robots = [load_robot(name) for name in names]
    for robot in robots:
        robot.check_able(task)
    own = [robot.name for robot in robots]
    if len(set(own)) != len(own):
        raise InvalidSpecError(f"two robots of one name: {' '.join(own)}")
    return robots


def load_task(name: str) -> TaskSpec:
    """The task of a name or of a file.

    Args:
        name: Of ``tasks/<name>.py`` or of an entry point ``hacpo_robot.tasks``; or the path of any
            Python file, ending in ``.py``, that ends in ``TASK = TaskSpec(...)``. A colon and the name of a
            reward preset may follow: ``lift:robosuite``.

    Raises:
        UnknownNameError: no such task or preset; the message lists those that exist.
        InvalidSpecError: the file is missing, cannot be run, or has no ``TASK`` of the right type.
    """
    place, preset = _parted(name)
    spec = getattr(_module("tasks", "task", place), "TASK", None)
    if not isinstance(spec, TaskSpec):
        raise InvalidSpecError(f"task {place!r} must end in TASK = TaskSpec(...)")
    return spec if preset is None else spec.with_preset(preset)


def whole_name(name: str) -> str:
    """The same robot or task by a name that holds in any folder: files by their whole path."""
    place, preset = _parted(name)
    if not place.endswith(".py"):
        return name
    return str(Path(place).resolve()) + ("" if preset is None else f":{preset}")


def short_name(name: str) -> str:
    """The same name as a part of a file name: a file without folder and ending, and no colon."""
    place, preset = _parted(name)
    return (Path(place).stem if place.endswith(".py") else place) + ("" if preset is None else f"_{preset}")


def own_files(task: str, robots: Iterable[str]) -> list[Path]:
    """The files of the user's own that a run depends on: robots, tasks, and the models that they name."""
    files = [Path(place) for place in (_parted(task)[0], *robots) if place.endswith(".py")]
    mjcfs = [prop.mjcf for prop in load_task(task).fixtures]
    for robot in map(load_robot, robots):
        mjcfs += [robot.arm.mjcf, robot.gripper.mjcf]
    models = [Path(mjcf) for mjcf in mjcfs if Path(mjcf).is_absolute()]
    return list(dict.fromkeys([file.resolve() for file in files] + models))


def _parted(name: str) -> tuple[str, str | None]:
    """A name or file, and the preset that follows it; folders may have colons, too."""
    place, colon, preset = name.rpartition(":")
    if not colon or name.endswith(".py") or "/" in preset:
        return name, None
    return place, preset


def _names(folder: str) -> tuple[str, ...]:
    package = importlib.import_module(f"hacpo_robot.{folder}")
    own = {module.name for module in pkgutil.iter_modules(package.__path__) if not module.ispkg}
    return tuple(sorted(own | set(_plugs(folder))))


@cache
def _plugs(folder: str) -> dict[str, str]:
    """Modules of other packages, by name; looked up once, as it means reading all that is installed."""
    return {point.name: point.module for point in entry_points(group=f"hacpo_robot.{folder}")}


def _module(folder: str, kind: str, name: str) -> ModuleType:
    if name.endswith(".py"):
        return _run_file(kind, Path(name))
    if name not in _names(folder):
        raise UnknownNameError(kind, name, _names(folder))
    place = _plugs(folder).get(name, f"hacpo_robot.{folder}.{name}")
    with _told_as(f"{kind} {name!r} in {place}"):
        return importlib.import_module(place)


def _run_file(kind: str, path: Path) -> ModuleType:
    """A module from a file that belongs to no package."""
    name = f"hacpo_robot_{kind}_{sha256(str(path.resolve()).encode()).hexdigest()[:16]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise InvalidSpecError(f"no {kind} file {str(path)!r}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look for the names of annotations
    with _told_as(f"{kind} file {str(path)!r}"):
        spec.loader.exec_module(module)
    return module


@contextmanager
def _told_as(what: str) -> Iterator[None]:
    """Whatever the code of others raises, as one error of ours."""
    try:
        yield
    except HacpoError:
        raise
    except Exception as error:
        raise InvalidSpecError(f"{what} cannot be run: {type(error).__name__}: {error}") from error
