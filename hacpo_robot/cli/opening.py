"""A run folder that a command works on."""

import sys
from pathlib import Path

from hacpo_robot.study.run_folder import RunFolder


def open_run(path: Path) -> RunFolder:
    """An existing run folder; robot and task files that are no longer those of the run are told.

    Raises:
        RunFolderError: see :meth:`RunFolder.open`.
    """
    folder = RunFolder.open(path)
    for name in folder.changed_files():
        told = f"{name} has changed since {path} began; this goes by the file as it is now"
        print(told, file=sys.stderr)
    return folder
