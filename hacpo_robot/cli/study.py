"""``hacpo-robot study PRESET``: all runs of a study, as many at a time as there are cores."""

import argparse
from fnmatch import fnmatch
from pathlib import Path

from hacpo_robot.cli.interrupt import stop_on_interrupt
from hacpo_robot.cli.study_display import StudyDisplay
from hacpo_robot.cores import own_cores
from hacpo_robot.errors import InvalidSpecError, RunFolderError, UnknownNameError
from hacpo_robot.study.collect import collect_finished
from hacpo_robot.study.meter import Interrupted
from hacpo_robot.study.plan import Cell, Plan, load_plan, plan_names
from hacpo_robot.study.results import FOLDER, add_results
from hacpo_robot.study.status import StudyWatch
from hacpo_robot.study.study import Study

DESCRIPTION = """Train every condition on every task with every fleet, once per group seed, and write the
results as tables. It may be killed at any time; with --resume it goes on from the last checkpoints."""


def run(arguments: list[str]) -> None:
    """Parse, run what is missing, say where the results are."""
    parser = argparse.ArgumentParser("hacpo-robot study", description=DESCRIPTION)
    parser.add_argument("preset", help=f"{', '.join(plan_names())}, or a YAML file")
    parser.add_argument("--seeds", type=int, metavar="N", help="0 to N-1; the preset's when not given")
    parser.add_argument("--only", nargs="+", metavar="CELL", help="names or patterns, such as 'lift-*-0'")
    parser.add_argument("--workers", type=int, help="runs at a time; one per core when not given")
    parser.add_argument("--study-dir", type=Path, help="where the runs go; runs/PRESET when not given")
    parser.add_argument(
        "--results",
        type=Path,
        help="folder of the tables, in which rows of runs that are not in the study folder stay; "
        "results/ in the study folder when not given",
    )
    parser.add_argument("--resume", action="store_true", help="go on in a study folder that exists")
    parser.add_argument(
        "--collect", action="store_true", help="run nothing; write the tables of the runs that have finished"
    )
    chosen = parser.parse_args(arguments)
    plan = load_plan(chosen.preset)
    seeds = plan.seeds if chosen.seeds is None else chosen.seeds
    if seeds < 1 or (chosen.workers is not None and chosen.workers < 1):
        raise InvalidSpecError("--seeds and --workers must be positive")
    cells = plan.cells(seeds)
    picked = _picked(cells, chosen.only)
    folder = chosen.study_dir or Path("runs") / plan.title
    files = chosen.results or folder / FOLDER
    if chosen.collect:
        add_results(files, plan, collect_finished(picked, folder))
    else:
        if folder.exists() and not chosen.resume:
            raise RunFolderError(f"{folder} exists; go on with --resume, or choose another --study-dir")
        _run(Study(plan, cells, folder, files), plan, picked, chosen.workers)
    print(f"runs: {folder}\nresults: {files}\npage: hacpo-robot report {files}")


def _run(study: Study, plan: Plan, cells: list[Cell], workers: int | None) -> None:
    stop = stop_on_interrupt()
    with StudyDisplay(plan) as display:
        watch = StudyWatch(display.said, display.overview, lambda: bool(stop))
        try:
            study.run(cells, workers or len(own_cores()), watch)
        except Interrupted:
            display.said("interrupted; go on with the same command and --resume")
            raise KeyboardInterrupt from None


def _picked(cells: list[Cell], patterns: list[str] | None) -> list[Cell]:
    """Cells of which the name fits one of the patterns."""
    for pattern in patterns or []:
        if not any(fnmatch(cell.name, pattern) for cell in cells):
            raise UnknownNameError("cell", pattern, [cell.name for cell in cells])
    return [cell for cell in cells if not patterns or any(fnmatch(cell.name, p) for p in patterns)]
