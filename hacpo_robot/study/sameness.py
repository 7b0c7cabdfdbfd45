"""Whether a run is the one that a cell of a study asks for: tables mix no settings unnoticed."""

from collections.abc import Mapping
from typing import Any

from hacpo_robot.catalog import whole_name
from hacpo_robot.errors import RunFolderError
from hacpo_robot.specs.sharing_mode import has_effect
from hacpo_robot.specs.training import flat_settings
from hacpo_robot.study.plan import Cell
from hacpo_robot.study.run_folder import RunFolder

FREE = {"checkpoint_every", "export_every", "video"}
"""Settings that change neither what is learned nor how it is measured."""


def check_same(cell: Cell, run: RunFolder) -> None:
    """Refuse a run that is not the one that the cell asks for.

    Raises:
        RunFolderError: the first setting that differs, or a robot or task file that has changed since.
    """
    advice = "choose another --study-dir, or remove that run"
    check_settings(cell, flat_settings(run.settings), str(run.path), advice)
    for name in run.changed_files():
        raise RunFolderError(f"{run.path} was run with another {name} than there is now; {advice}")


def check_settings(cell: Cell, found: Mapping[str, Any], of: str, advice: str) -> None:
    """Refuse settings that are not those of the cell, as far as they have an effect.

    Args:
        cell: Of a study.
        found: Settings of a run, by dotted name; one that it lacks is not asked for.
        of: Whose they are.
        advice: What to do about it.

    Raises:
        RunFolderError: the first setting that differs.
    """
    for name, ours in flat_settings(cell.settings).items():
        theirs = found.get(name, ours)
        matters = name not in FREE and has_effect(name, cell.settings.sharing)
        if matters and _plain(theirs) != _plain(ours):
            raise RunFolderError(f"{of} was run with {name} {theirs}, the study has {ours}; {advice}")


def _plain(value: object) -> object:
    """As JSON has it, files by their whole paths."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return whole_name(value) if isinstance(value, str) else value
