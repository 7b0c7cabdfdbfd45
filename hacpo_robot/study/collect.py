"""What a finished run reached, read from its folder."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hacpo_robot.specs.training import flat_settings
from hacpo_robot.study.lessons import read_lessons
from hacpo_robot.study.plan import Cell
from hacpo_robot.study.results import Note, Place, Reached, Results, Run, Taught
from hacpo_robot.study.run_folder import EVALUATION, RunFolder
from hacpo_robot.study.sameness import check_same


def collect_finished(cells: Sequence[Cell], folder: Path) -> Results:
    """Everything that is kept of those cells that have a finished run in a folder.

    Raises:
        RunFolderError: one of them has been run with other settings.
    """
    found = Results()
    for cell in cells:
        if RunFolder(folder / cell.name).is_finished:
            run = RunFolder.open(folder / cell.name)
            check_same(cell, run)
            found += collect(cell, run)
    return found


def collect(cell: Cell, run: RunFolder) -> Results:
    """Everything that is kept of one run."""
    place = vars(Place(cell.task, cell.fleet, cell.condition, cell.seed))
    notes = run.read_progress()
    curves = {(row["robot"], row["iteration"]): row for row in notes}  # the last of those noted twice
    facts = run.facts
    # Files go by the names that the study has of them.
    settings = replace(run.settings, robots=cell.settings.robots, task=cell.settings.task)
    origin = Run(
        **place,
        name=cell.name,
        created_at=facts["created_at"],
        commit=", ".join(run.commits),
        machine=facts["machine"],
        versions=facts["versions"],
        settings=json.loads(json.dumps(flat_settings(settings))),
    )
    return Results(
        reached=_read_evaluation(run, place, settings.steps, _wall_s(notes)),
        curves=tuple(
            Note(**place, robot=robot, steps=int(row["steps"]), success=float(row["success"]))
            for (robot, _), row in sorted(curves.items(), key=lambda item: (item[0][0], int(item[0][1])))
        ),
        lessons=tuple(Taught(**place, **vars(pair)) for pair in read_lessons(run)),
        runs=(origin,),
    )


def _read_evaluation(run: RunFolder, place: dict[str, Any], steps: int, wall_s: float) -> tuple[Reached, ...]:
    robots = json.loads((run.path / EVALUATION).read_text())["per_robot"]
    return tuple(
        Reached(
            **place,
            robot=name,
            steps=steps,
            n_episodes=found["n_episodes"],
            n_success=found["n_success"],
            success_once=found["success_once"] / 100,
            mean_return=found["avg_sum_reward"],
            wall_s=wall_s,
        )
        for name, found in robots.items()
    )


def _wall_s(notes: list[dict[str, str]]) -> float:
    """Seconds of all sittings together: the clock starts anew when a run is resumed."""
    times = [float(row["wall_s"]) for row in notes]
    ends = [now for now, after in zip(times, [*times[1:], 0.0], strict=True) if after < now]
    return sum(ends)
