"""Result files of a study: what its runs reached, as tidy tables that need no run folder any more."""

import csv
import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from hacpo_robot.errors import RunFolderError
from hacpo_robot.study.lessons import PairSummary
from hacpo_robot.study.plan import Plan, plan_as_dict, plan_from_dict
from hacpo_robot.study.sameness import check_settings

VERSION = 1
FOLDER = "results"
"""Where a study writes its results, below its own folder."""
STUDY = "study.json"
Row = TypeVar("Row", bound="Place")


@dataclass(frozen=True)
class Place:
    """Which run a row belongs to."""

    task: str
    fleet: str
    condition: str
    seed: int

    @property
    def place(self) -> tuple[str, str, str, int]:
        """The same for all rows of one run, of whichever table."""
        return self.task, self.fleet, self.condition, self.seed


@dataclass(frozen=True)
class Reached(Place):
    """One robot at the end of one run: a row of ``cells.csv``."""

    robot: str
    steps: int
    """Its budget."""
    n_episodes: int
    n_success: int
    success_once: float
    """Share of the episodes with success at any time."""
    mean_return: float
    wall_s: float
    """Training time of the whole fleet, calibration included, evaluation not."""

    @property
    def completion(self) -> float:
        """Share of the held-out episodes that end in success."""
        return self.n_success / self.n_episodes


@dataclass(frozen=True)
class Note(Place):
    """One robot on the way: a row of ``curves.csv``."""

    robot: str
    steps: int
    success: float
    """Share of the last hundred training episodes, exploration included."""


@dataclass(frozen=True)
class Taught(PairSummary, Place):
    """One directed pair of one run: a row of ``lessons.csv``."""


@dataclass(frozen=True)
class Run(Place):
    """Where one run comes from."""

    name: str
    created_at: str
    commit: str
    """Several, first to last, of a run that went on at another one."""
    machine: str
    versions: dict[str, str]
    settings: dict[str, Any]
    """By dotted name."""


@dataclass(frozen=True)
class Results:
    """All that is kept of a study, or of one of its runs."""

    reached: tuple[Reached, ...] = ()
    curves: tuple[Note, ...] = ()
    lessons: tuple[Taught, ...] = ()
    runs: tuple[Run, ...] = ()

    def __add__(self, other: "Results") -> "Results":
        """Both, one after the other."""
        return Results(*(ours + theirs for ours, theirs in zip(self._tables(), other._tables(), strict=True)))

    def of(self, task: str, fleet: str, condition: str) -> "Results":
        """The part that belongs to one task, fleet and condition."""
        return self._where(lambda row: row.place[:3] == (task, fleet, condition))

    def conditions(self, plan: Plan) -> list[str]:
        """Those that have runs already, in the order of the plan."""
        begun = {run.condition for run in self.runs}
        return [name for name in plan.conditions if name in begun]

    def updated(self, newer: "Results") -> "Results":
        """These and newer ones, which replace what is known of the same runs."""
        replaced = {run.place for run in newer.runs}
        return self._where(lambda row: row.place not in replaced) + newer

    def ordered(self, plan: Plan) -> "Results":
        """Run after run as the plan names them, whichever came first; of a run as it was."""
        names = list(plan.tasks), list(plan.fleets), list(plan.conditions)

        def rank(row: Place) -> tuple[int, ...]:
            return *(known.index(name) for known, name in zip(names, row.place[:3], strict=True)), row.seed

        return Results(*(tuple(sorted(rows, key=rank)) for rows in self._tables()))

    def _where(self, wanted: Callable[[Place], bool]) -> "Results":
        return Results(*(tuple(row for row in rows if wanted(row)) for rows in self._tables()))

    def _tables(self) -> Iterator[tuple[Any, ...]]:
        return (getattr(self, item.name) for item in fields(self))


def write_results(folder: Path, plan: Plan, results: Results) -> None:
    """``cells.csv``, ``curves.csv``, ``lessons.csv`` and ``study.json``, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    results = results.ordered(plan)
    _write_table(folder / "cells.csv", Reached, results.reached)
    _write_table(folder / "curves.csv", Note, results.curves)
    _write_table(folder / "lessons.csv", Taught, results.lessons)
    common = _common([run.settings for run in results.runs])
    runs = [
        asdict(run) | {"settings": {k: v for k, v in run.settings.items() if k not in common}}
        for run in results.runs
    ]
    document = {"version": VERSION, "name": plan.name, "plan": plan_as_dict(plan)}
    document |= {"common_settings": common, "runs": runs}
    draft = folder / f".{STUDY}.draft"
    draft.write_text(json.dumps(document, indent=1) + "\n")
    os.replace(draft, folder / STUDY)


def read_results(folder: Path) -> tuple[Plan, Results]:
    """The plan of a study, and what its runs have reached so far.

    Raises:
        RunFolderError: the folder holds no such files.
    """
    try:
        document = json.loads((folder / STUDY).read_text())
        if document["version"] != VERSION:
            raise ValueError(f"{STUDY} is of version {document['version']}, and this reads version {VERSION}")
        common = document["common_settings"]
        return plan_from_dict(document["name"], document["plan"]), Results(
            _read_table(folder / "cells.csv", Reached),
            _read_table(folder / "curves.csv", Note),
            _read_table(folder / "lessons.csv", Taught),
            tuple(Run(**run | {"settings": common | run["settings"]}) for run in document["runs"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunFolderError(f"{folder} holds no results of a study: {error}") from error


def add_results(folder: Path, plan: Plan, newer: Results) -> Results:
    """Write results beside what the files tell already of other runs, which may have been made elsewhere.

    Others may do the same at the same time.

    Returns:
        All that the files tell now.

    Raises:
        RunFolderError: the files are of another study or of other settings, or cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder):
        together = _read_earlier(folder, plan).updated(newer)
        write_results(folder, plan, together)
    return together


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """One process at a time."""
    place = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)


def _read_earlier(folder: Path, plan: Plan) -> Results:
    if not (folder / STUDY).exists():
        return Results()
    _, results = read_results(folder)
    for run in results.runs:
        if run.task not in plan.tasks or run.fleet not in plan.fleets or run.condition not in plan.conditions:
            raise RunFolderError(
                f"{folder} tells of {run.name}, which {plan.title} lacks; choose other --results"
            )
        check_settings(
            plan.cell(*run.place), run.settings, f"{run.name} in {folder}", "choose other --results"
        )
    return results


def _common(settings: list[dict[str, Any]]) -> dict[str, Any]:
    first = settings[0] if settings else {}
    return {
        name: value
        for name, value in first.items()
        if all(name in each and each[name] == value for each in settings)
    }


def _write_table(path: Path, kind: type[Row], rows: Iterable[Row]) -> None:
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        names = [item.name for item in fields(kind)]
        writer.writerow(names)
        writer.writerows([_brief(getattr(row, name)) for name in names] for row in rows)
    os.replace(draft, path)


def _brief(value: float | str) -> float | str:
    """Six significant digits are more than any of these figures has."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _read_table(path: Path, kind: type[Row]) -> tuple[Row, ...]:
    kinds = get_type_hints(kind)
    with path.open(newline="") as file:
        return tuple(
            kind(**{name: kinds[name](text) for name, text in row.items()}) for row in csv.DictReader(file)
        )
