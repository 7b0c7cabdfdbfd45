"""The run folder that a verb works on, and which of its robots."""

import sys
from collections.abc import Sequence
from pathlib import Path

from hacpo_robot.catalog import load_robot
from hacpo_robot.errors import UnknownNameError
from hacpo_robot.specs.training import TrainSettings
from hacpo_robot.study.run_folder import RunFolder


def open_run(path: Path) -> RunFolder:
    """An existing run folder; robot and task files that are no longer those of the run are told.

    Raises:
        RunFolderError: see :meth:`RunFolder.open`.
    """
    folder = RunFolder.open(path)
    for name in folder.changed_files():
        told = f"{name} has changed since {path} was trained; this goes by the file as it is now"
        print(told, file=sys.stderr)
    return folder


def some_of(robots: Sequence[str] | None, settings: TrainSettings) -> list[str]:
    """Names of robots that were asked for, or all of a run.

    Raises:
        UnknownNameError: one did not train in this run.
    """
    fleet = [load_robot(name).name for name in settings.robots]
    for name in robots or ():
        if name not in fleet:
            raise UnknownNameError("robot of this run", name, fleet)
    return list(robots or fleet)
