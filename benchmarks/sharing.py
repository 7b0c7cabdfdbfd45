"""Four arms learn lift with equal steps: alone, from their own good episodes, and from each other.

    python benchmarks/sharing.py --sharing none self hacpo --seeds 0 1 2 3

Each cell is one run of ``hacpo-robot train`` below ``runs/sharing/``; stopped, it goes on from its last
checkpoint. What it reached goes to ``benchmarks/sharing/``: curves and a JSON per cell, and
``summary.json`` with the paired differences of all seeds that have both sides.
"""

import argparse
import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import yaml

from hacpo_robot.study.bench import machine

HERE = Path(__file__).parent
RESULTS = HERE / "sharing"
RUNS = HERE.parent / "runs" / "sharing"
TRAIN = (sys.executable, "-m", "hacpo_robot", "train")
ROBOTS = ("panda", "ur5e", "kinova3", "scara")
STEPS = 140_000
"""Calibration and rehearsals included."""


def main() -> None:
    """Fill the cells seed by seed, then summarize."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sharing", nargs="*", default=["none", "self", "hacpo"])
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2, 3])
    chosen = parser.parse_args()
    for seed in chosen.seeds:
        for sharing in chosen.sharing:
            train(sharing, seed)
            collect(sharing, seed)
            summarize()


def train(sharing: str, seed: int) -> None:
    """One run, new or resumed."""
    run = RUNS / f"{sharing}-{seed}"
    if (run / "eval" / "eval_info.json").exists():
        return
    arguments = ["--resume", str(run)]
    if not (run / "checkpoints").exists():
        arguments = ["--robots", *ROBOTS, "--task", "lift", "--steps", str(STEPS), "--seed", str(seed)]
        arguments += ["--sharing", sharing, "--no-video", "--run-dir", str(run)]
    subprocess.run([*TRAIN, *arguments], check=True)


def collect(sharing: str, seed: int) -> None:
    """Copy the curves, and write what was reached beside them."""
    run = RUNS / f"{sharing}-{seed}"
    RESULTS.mkdir(exist_ok=True)
    curves = (run / "progress.csv").read_text()
    (RESULTS / f"{run.name}.csv").write_text(curves)
    evaluation = json.loads((run / "eval" / "eval_info.json").read_text())
    document = {
        "machine": machine(),
        "run": json.loads((run / "run.json").read_text()),
        "settings": yaml.safe_load((run / "config.yaml").read_text()),
        "wall_s": float(curves.splitlines()[-1].split(",")[1]),
        "steps": {row["robot"]: int(row["steps"]) for row in csv.DictReader(curves.splitlines())},
        "per_robot": evaluation["per_robot"],
    }
    (RESULTS / f"{run.name}.json").write_text(json.dumps(document, indent=2) + "\n")


def summarize() -> None:
    """Completion of every cell, and paired differences over seeds."""
    cells: dict[str, dict[str, dict[str, float]]] = {}
    for path in sorted(RESULTS.glob("*-*.json")):
        sharing, seed = path.stem.split("-")
        reached = json.loads(path.read_text())["per_robot"]
        cells.setdefault(sharing, {})[seed] = {name: reached[name]["pc_success"] for name in ROBOTS}
    differences = {
        f"hacpo-{rival}": {
            seed: {name: cells["hacpo"][seed][name] - cells[rival][seed][name] for name in ROBOTS}
            for seed in sorted(cells["hacpo"].keys() & cells[rival].keys())
        }
        for rival in ("none", "self")
        if rival in cells and "hacpo" in cells
    }
    document = {
        "fleet_mean": {
            s: {k: float(np.mean(list(v.values()))) for k, v in c.items()} for s, c in cells.items()
        },
        "per_robot_mean": {
            s: {name: float(np.mean([v[name] for v in c.values()])) for name in ROBOTS}
            for s, c in cells.items()
        },
        "differences": differences,
        "cells": cells,
    }
    (RESULTS / "summary.json").write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
