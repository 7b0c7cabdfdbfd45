"""Three faulty members join the short fleet on lift: what that costs the others, and why no more.

    python benchmarks/no_harm.py --seeds 0 1 2 3

One arm describes itself mirrored, one is paid for failing and calls that success, one has a locked joint
(``faults.py``). Each seed is one run of ``hacpo-robot train`` below ``runs/no_harm/``, from the root of a
checkout; stopped, it goes on from its last checkpoint. Further arguments go to that command, to try the
script on a small budget. The fleet without them is the cell ``lift-short-hacpo-SEED`` of the study ``suite``:
same seeds, same budget, same settings.

Writes to ``benchmarks/no_harm/``, per seed: curves (``SEED.csv``), all that passed between each pair
(``SEED-pairs.csv``), completion with and without, trust over time and what was adopted (``SEED.json``);
and ``summary.json`` over all seeds that have both sides.
"""

import argparse
import csv
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from faults import FAULTS, make_faulty_babble_env, make_faulty_vec_env
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from hacpo_robot.cli import train as command
from hacpo_robot.specs.training import flat_settings
from hacpo_robot.study.bench import machine
from hacpo_robot.study.plan import load_plan
from hacpo_robot.study.results import Place, read_results
from hacpo_robot.study.run_folder import RunFolder

HERE = Path(__file__).parent
RESULTS = HERE / "no_harm"
RUNS = HERE.parent / "runs" / "no_harm"
WITHOUT = HERE / "suite"
"""Results of the study."""
CELL = ("lift", "short", "hacpo")
"""Task, fleet and condition in it."""
BASE = next(
    cell.settings for cell in load_plan("suite").cells(1) if (cell.task, cell.fleet, cell.condition) == CELL
)
HEALTHY, FAULTY = BASE.robots, tuple(FAULTS)
MEMBERS = [*HEALTHY, *FAULTY]

Document = dict[str, Any]
Series = list[tuple[int, float]]
"""Steps of the learner, and a value."""


def main() -> None:
    """Fill the cells seed by seed, then summarize."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2, 3])
    chosen, overrides = parser.parse_known_args()
    for seed in chosen.seeds:
        train(seed, overrides)
        collect(seed)
        summarize()


def train(seed: int, overrides: list[str]) -> None:
    """One run, new or resumed, in which the faulty members train in worlds of their own kind."""
    run = RUNS / f"{seed}"
    if (run / "eval" / "eval_info.json").exists():
        return
    arguments = ["--resume", str(run)]
    if not (run / "checkpoints").exists():
        shutil.rmtree(run, ignore_errors=True)  # stopped while it calibrated
        robots = [*HEALTHY, *(f"benchmarks/faulty/{name}.py" for name in FAULTY)]
        arguments = ["--robots", *robots, "--task", "lift", "--steps", str(BASE.steps)]
        arguments += ["--seed", str(seed), "--sharing", "hacpo", "--no-video", "--run-dir", str(run)]
        arguments += overrides
    with (
        patch("hacpo_robot.study.train.make_vec_env", make_faulty_vec_env),
        patch("hacpo_robot.study.train.make_babble_env", make_faulty_babble_env),
    ):
        command.run(arguments)


def collect(seed: int) -> None:
    """Copy the curves, and write what became of the healthy members, and what they made of the others."""
    run = RUNS / f"{seed}"
    RESULTS.mkdir(exist_ok=True)
    shutil.copy(run / "progress.csv", RESULTS / f"{seed}.csv")
    pairs = read_pairs(run)
    with (RESULTS / f"{seed}-pairs.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("learner", "source", "key", "steps", "value"))
        writer.writerows((*pair, key, *point) for (*pair, key), series in pairs.items() for point in series)
    curves = list(csv.DictReader((run / "progress.csv").open()))
    per_robot = json.loads((run / "eval" / "eval_info.json").read_text())["per_robot"]
    document = {
        "machine": machine(),
        "run": without_folders(json.loads((run / "run.json").read_text())),
        "settings": flat_settings(RunFolder.open(run).settings) | {"robots": MEMBERS},
        "wall_s": float(curves[-1]["wall_s"]),
        "completion": {name: per_robot[name]["pc_success"] for name in HEALTHY},
        "claimed": {name: last(curves, name) for name in FAULTY},
        "trust": by_pair({key: series for key, series in pairs.items() if key[2] == "trust"}),
        "adopted": by_pair({key: total(series) for key, series in pairs.items() if key[2] == "adopted"}),
        "lessons": by_pair({key: total(series) for key, series in pairs.items() if key[2] == "accepted"}),
    }
    (RESULTS / f"{seed}.json").write_text(json.dumps(document, indent=2) + "\n")


def without_folders(record: Document) -> Document:
    """What a run says of itself, with its files by their names alone: they stand beside this script."""
    sums = {Path(path).name: checksum for path, checksum in record["files"].items()}
    return record | {"robots": MEMBERS, "files": sums}


def read_pairs(run: Path) -> dict[tuple[str, str, str], Series]:
    """All that the healthy members logged of each source, by (learner, source, key)."""
    pairs = {}
    for learner in HEALTHY:
        events = EventAccumulator(str(run / "tb" / learner), size_guidance={"scalars": 0}).Reload()
        for tag in events.Tags()["scalars"]:
            kind, _, rest = tag.partition("/")
            pair, _, key = rest.partition("/")
            if kind == "sharing" and "->" in pair:
                # A resumed run tells of some steps twice.
                points = {event.step: event.value for event in events.Scalars(tag)}
                pairs[learner, pair.split("->")[0], key] = sorted(points.items())
    return pairs


def by_pair(values: Mapping[tuple[str, str, str], object]) -> dict[str, dict[str, object]]:
    """Nested: learner, then source."""
    nested: dict[str, dict[str, object]] = {name: {} for name in HEALTHY}
    for (learner, source, _), value in values.items():
        nested[learner][source] = value
    return nested


def total(series: Series) -> int:
    """Sum of all values."""
    return int(sum(value for _, value in series))


def last(curves: list[dict[str, str]], name: str) -> float:
    """Success that a member reported of itself at the end."""
    return float([row["success"] for row in curves if row["robot"] == name][-1])


def summarize() -> None:
    """Paired differences over seeds, beside how much the fleet without faults differs by seed alone."""
    seeds = sorted(path.stem for path in RESULTS.glob("[0-9]*.json"))
    ours = {seed: json.loads((RESULTS / f"{seed}.json").read_text()) for seed in seeds}
    theirs = {seed: other for seed in seeds if (other := fleet_without(seed, ours[seed]["settings"]))}
    differences = {
        seed: {name: ours[seed]["completion"][name] - theirs[seed][name] for name in HEALTHY}
        for seed in theirs
    }
    paired = [float(np.mean(list(each.values()))) for each in differences.values()]
    document = {
        "with": {seed: ours[seed]["completion"] for seed in seeds},
        "without": theirs,
        "differences": differences,
        "fleet_difference": {
            "mean": float(np.mean(paired)) if paired else None,
            "standard_error": float(np.std(paired, ddof=1) / len(paired) ** 0.5) if len(paired) > 1 else None,
        },
        "spread_between_seeds_without": float(
            np.std([np.mean(list(each.values())) for each in theirs.values()], ddof=1)
        )
        if len(theirs) > 1
        else None,
        "faulty": {name: treatment(name, ours) for name in FAULTY},
    }
    (RESULTS / "summary.json").write_text(json.dumps(document, indent=2) + "\n")


def fleet_without(seed: str, settings: Document) -> dict[str, float] | None:
    """Completion of the same members in the study, if it has that cell and it was run with these settings."""
    _, study = read_results(WITHOUT)
    for run in study.runs:
        if is_cell(run, seed) and alike(run.settings, settings):
            return {row.robot: 100 * row.completion for row in study.reached if is_cell(row, seed)}
    return None


def is_cell(row: Place, seed: str) -> bool:
    """Whether a row of the results is of the fleet without faulty members."""
    return (row.task, row.fleet, row.condition, row.seed) == (*CELL, int(seed))


def alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two runs differ in their robots only; as JSON has them, where tuples are lists."""
    return json.loads(json.dumps({**one, "robots": 0})) == json.loads(json.dumps({**other, "robots": 0}))


def treatment(source: str, cells: dict[str, Document]) -> dict[str, object]:
    """What the healthy members, in all seeds, made of one source."""

    def gather(kind: str) -> list[Any]:
        return [
            each[kind][name][source]
            for each in cells.values()
            for name in HEALTHY
            if source in each[kind][name]
        ]

    levels = [series[-1][1] for series in gather("trust")]
    return {
        "claimed": [each["claimed"][source] for each in cells.values()],
        "pairs_that_tried": len(levels),
        "trust_at_the_end": {"mean": float(np.mean(levels)), "highest": max(levels)} if levels else None,
        "adopted": sum(gather("adopted")),
        "lesson_steps": sum(gather("lessons")),
    }


if __name__ == "__main__":
    main()
