"""A task that changes in mid-training: does sharing slow down how arms recover?

    python benchmarks/changing.py --seeds 0 1

A fleet trains on lift; at five eighths of an arm's steps the cube becomes four times as heavy and starts
elsewhere in all of its worlds, unannounced. ``none`` and ``hacpo``, same seeds. Each cell is one run of
``hacpo-robot train`` below ``runs/changing/``, from the root of a checkout; stopped, it is run anew. Further
arguments go to that command, to try the script on a small budget.

Writes ``benchmarks/changing.json`` after every cell: completion of the last policies on the new task, and the
share of training episodes that succeeded after the change, averaged over the arm's own steps.
"""

import argparse
import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.cli import train as command
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.learning.evaluation import HELD_OUT, evaluate
from hacpo_robot.learning.fleet import Fleet
from hacpo_robot.specs.prop import Region
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.training import TrainSettings
from hacpo_robot.study.bench import machine
from hacpo_robot.study.meter import Meter, Watch
from hacpo_robot.study.run_folder import RunFolder
from hacpo_robot.study.statistics import completion_at
from hacpo_robot.study.train import restore_fleet

RESULT = Path(__file__).with_suffix(".json")
RUNS = Path(__file__).parent.parent / "runs" / "changing"
ROBOTS, STEPS, WHEN = ("panda", "ur5e", "kinova3", "scara"), 160_000, 5 / 8
N_EPISODES = 100

LIFT = load_task("lift")
(CUBE,) = LIFT.boxes
ELSEWHERE = Region(x=(0.03, 0.09), y=(-0.09, -0.03), z=CUBE.start.z, yaw=CUBE.start.yaw)
CHANGED = replace(LIFT, props=(replace(CUBE, density=4 * CUBE.density, start=ELSEWHERE),))


class ChangingMeter(Meter):
    """Changes the task of every arm once, on its way: arms wait for each other, and are not there at once."""

    def __init__(self, fleet: Fleet, run: RunFolder, settings: TrainSettings, watch: Watch) -> None:
        super().__init__(fleet, run, settings, watch)
        self._changed: set[str] = set()

    def on_iteration(self, fleet: Fleet) -> None:
        """Change the task of those whose time has come."""
        for learner in fleet.learners:
            due = learner.model.num_timesteps >= WHEN * self._settings.steps
            if due and learner.name not in self._changed:
                self._changed.add(learner.name)
                learner.change_task(CHANGED)
        super().on_iteration(fleet)


def main() -> None:
    """Fill the cells seed by seed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1])
    parser.add_argument("--conditions", nargs="*", default=["none", "hacpo"])
    chosen, overrides = parser.parse_known_args()
    for seed in chosen.seeds:
        for sharing in chosen.conditions:
            fill(seed, sharing, overrides)


def fill(seed: int, sharing: str, overrides: list[str]) -> None:
    """One cell, unless it is there."""
    run = RUNS / f"{sharing}-{seed}"
    if not (run / "eval" / "eval_info.json").exists():
        shutil.rmtree(run, ignore_errors=True)
        arguments = ["--robots", *ROBOTS, "--task", "lift", "--steps", str(STEPS), "--seed", str(seed)]
        arguments += ["--sharing", sharing, "--no-video", "--run-dir", str(run), *overrides]
        with patch("hacpo_robot.study.train.Meter", ChangingMeter):
            command.run(arguments)
    cells = json.loads(RESULT.read_text())["cells"] if RESULT.exists() else {}
    cells[f"{sharing}-{seed}"] = look_at(RunFolder.open(run))
    RESULT.write_text(json.dumps({"machine": machine(), "cells": cells}, indent=2) + "\n")


def look_at(run: RunFolder) -> Mapping[str, Any]:
    """What became of every arm."""
    settings = run.settings
    curves = run.read_progress()
    told = {}
    for learner in restore_fleet(settings, run).learners:
        env = make_vec_env(load_robot(learner.name), CHANGED, N_EPISODES, HELD_OUT + settings.seed)
        notes = [(float(r["steps"]), float(r["success"])) for r in curves if r["robot"] == learner.name]
        steps, success = np.array(notes).T
        told[learner.name] = {
            "completion": evaluate(env, learner.act, N_EPISODES).evaluation.pc_success,
            "training_success_after": 100 * success_after(steps, success, settings.steps),
        }
        env.close()
    return {
        "commits": run.commits,
        "robots": told,
        "completion": float(np.mean([each["completion"] for each in told.values()])),
        "training_success_after": float(np.mean([each["training_success_after"] for each in told.values()])),
    }


def success_after(steps: FloatArray, success: FloatArray, budget: float) -> float:
    """Mean height of a learning curve from the change to the budget."""
    return float(completion_at(steps, success, np.linspace(WHEN * budget, budget, 1001)).mean())


if __name__ == "__main__":
    main()
