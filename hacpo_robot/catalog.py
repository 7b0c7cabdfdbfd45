"""Names to specs: a robot is a file in ``robots/``, a task a file in ``tasks/``."""

import importlib
import pkgutil
from importlib.metadata import entry_points
from types import ModuleType

from hacpo_robot.errors import InvalidSpecError, UnknownNameError
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.task import TaskSpec


def robot_names() -> tuple[str, ...]:
    """Every robot that ``load_robot`` knows, sorted."""
    return _names("robots")


def task_names() -> tuple[str, ...]:
    """Every task that ``load_task`` knows, sorted."""
    return _names("tasks")


def load_robot(name: str) -> RobotSpec:
    """The robot described by ``robots/<name>.py`` or by an entry point ``hacpo_robot.robots``.

    Raises:
        UnknownNameError: no such robot; the message lists those that exist.
        InvalidSpecError: the file has no ``ROBOT`` of the right type.
    """
    spec = getattr(_module("robots", "robot", name), "ROBOT", None)
    if not isinstance(spec, RobotSpec):
        raise InvalidSpecError(f"robot {name!r} must end in ROBOT = RobotSpec(...)")
    return spec


def load_task(name: str) -> TaskSpec:
    """The task described by ``tasks/<name>.py`` or by an entry point ``hacpo_robot.tasks``.

    Raises:
        UnknownNameError: no such task; the message lists those that exist.
        InvalidSpecError: the file has no ``TASK`` of the right type.
    """
    spec = getattr(_module("tasks", "task", name), "TASK", None)
    if not isinstance(spec, TaskSpec):
        raise InvalidSpecError(f"task {name!r} must end in TASK = TaskSpec(...)")
    return spec


def _names(folder: str) -> tuple[str, ...]:
    package = importlib.import_module(f"hacpo_robot.{folder}")
    own = {module.name for module in pkgutil.iter_modules(package.__path__) if not module.ispkg}
    return tuple(sorted(own | set(entry_points(group=f"hacpo_robot.{folder}").names)))


def _module(folder: str, kind: str, name: str) -> ModuleType:
    if name not in _names(folder):
        raise UnknownNameError(kind, name, _names(folder))
    for point in entry_points(group=f"hacpo_robot.{folder}", name=name):
        return importlib.import_module(point.module)
    return importlib.import_module(f"hacpo_robot.{folder}.{name}")
