"""The page on which results are read: tables and curves of some studies, made from their files alone."""

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.study import provenance, tables
from hacpo_robot.study.comparison import learning_curves
from hacpo_robot.study.figure import Band, Panel, draw_curves
from hacpo_robot.study.plan import Plan
from hacpo_robot.study.results import FOLDER, Results, read_results
from hacpo_robot.study.statistics import completion_at, interval, resample

POINTS = 61
"""Of a drawn curve."""
BEGIN, END = "<!-- headline: from hacpo-robot report -->", "<!-- end of headline -->"
"""Lines of a README between which the headline stands."""
SECTIONS = (
    ("All arms together", tables.headline),
    ("Differences", tables.differences),
    ("Speed of learning", tables.speed_of_learning),
    ("Task by task", tables.per_task),
    ("Arm by arm", tables.per_arm),
    ("Parts of the method", tables.ablations),
    ("Who taught whom", tables.who_taught_whom),
    ("Minutes of training per run", tables.wall_time),
    ("Settings", provenance.settings),
)
"""Headings, and what stands below each; where that is nothing, the heading is left out."""


def compose(page: Path, folders: Sequence[Path]) -> dict[Path, str]:
    """Every file of a report, by its path: the page, and a picture per study.

    Args:
        page: Markdown file.
        folders: With the result files of a study each; the one with the headline first.

    Raises:
        RunFolderError: a folder holds no results.
        InvalidSpecError: two studies have the same title.
    """
    files, parts = dict[Path, str](), [_introduction(page, folders)]
    for folder in folders:
        plan, results = read_results(folder)
        picture = _picture(page, folder)
        if picture in files:
            raise InvalidSpecError(f"two of the studies are called {_title(folder)}; rename a folder")
        files[picture] = draw_curves(panels(plan, results), plan.headline)
        parts.append(_study(_title(folder), plan, results, os.path.relpath(picture, page.parent)))
    return {page: "\n\n".join(parts) + "\n"} | files


def with_headline(readme: Path, page: Path, folder: Path) -> str:
    """A README in which the headline of a study stands between its two lines.

    Raises:
        InvalidSpecError: it has no such lines.
    """
    text = readme.read_text()
    if BEGIN not in text or END not in text:
        raise InvalidSpecError(
            f"{readme} has no lines {BEGIN!r} and {END!r} for the headline to stand between"
        )
    plan, results = read_results(folder)
    picture = os.path.relpath(_picture(page, folder), readme.parent)
    shown = f"![Learning curves of {_title(folder)}]({picture})\n\n{tables.headline(plan, results)}"
    return f"{text[: text.index(BEGIN)]}{BEGIN}\n{shown}\n{text[text.index(END) :]}"


def panels(plan: Plan, results: Results) -> list[Panel]:
    """Mean learning curves of the fleets with their intervals over group seeds, headline conditions only."""
    drawn, curves = [], learning_curves(results)
    for task, fleet in tables.blocks(results):
        budget = max(row.steps for row in results.reached if (row.task, row.fleet) == (task, fleet))
        steps = np.linspace(0.0, budget, POINTS)
        bands = {}
        for condition in plan.headline:
            own: dict[int, list[FloatArray]] = defaultdict(list)
            for (*place, seed, _), curve in curves.items():
                if place == [task, fleet, condition]:
                    own[int(seed)].append(curve)
            if own:
                bands[condition] = _band([_fleet_curve(arms, steps) for arms in own.values()])
        drawn.append(Panel(f"{task}, fleet {fleet}", steps, bands))
    return drawn


def _fleet_curve(arms: Sequence[FloatArray], steps: FloatArray) -> FloatArray:
    """Mean over the arms of one run. Shape of ``steps``."""
    return np.mean([completion_at(curve[:, 0], curve[:, 1], steps) for curve in arms], axis=0)


def _band(curves: list[FloatArray]) -> Band:
    seeds = np.array(curves)  # (n_seeds, n_points)
    low, high = interval(resample(lambda some: some.mean(axis=-2), seeds))
    return Band(seeds.mean(axis=0), low, high)


def _introduction(page: Path, folders: Sequence[Path]) -> str:
    given = " ".join(os.path.relpath(folder, page.parent) for folder in folders)
    return (
        f"# Results\n\nWritten in this folder by `hacpo-robot report {given} --page {page.name}` from the "
        "files in the folders named, and read with `docs/study.md`. Completion is the share of held-out "
        "episodes that end in success, by the final policy; curves show training episodes, exploration "
        "included."
    )


def _study(title: str, plan: Plan, results: Results, picture: str) -> str:
    parts = [f"## {title}", _scope(plan, results)]
    if not results.runs:
        return "\n\n".join(parts)
    parts += [f"![Learning curves of {title}]({picture})", provenance.origin(results)]
    for heading, section in SECTIONS:
        if shown := section(plan, results):
            parts += [f"### {heading}", shown]
    return "\n\n".join(parts)


def _scope(plan: Plan, results: Results) -> str:
    fleets = "; ".join(f"{name}: {', '.join(robots)}" for name, robots in plan.fleets.items())
    n_cells = len(plan.cells(max([plan.seeds, *(run.seed + 1 for run in results.runs)])))
    return (
        f"{len(results.runs)} of {n_cells} runs have finished. Tasks: {', '.join(plan.tasks)}. "
        f"Fleets: {fleets}. Conditions: {', '.join(f'`{name}`' for name in plan.conditions)}."
    )


def _title(folder: Path) -> str:
    """What a study is called: by its folder, so that two results of one plan can stand side by side."""
    whole = folder.resolve()
    return whole.parent.name if whole.name == FOLDER else whole.name


def _picture(page: Path, folder: Path) -> Path:
    return page.parent / "figures" / f"{_title(folder)}.svg"
