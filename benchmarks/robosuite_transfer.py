"""Policies in the simulator they were trained in and in robosuite, side by side, as data.

    python benchmarks/robosuite_transfer.py runs/plain runs/varied

Every policy that these runs exported and whose robot robosuite has, on held-out episodes of both: to
``robosuite_transfer.json`` with its circumstances, and as a table to ``robosuite_transfer.md``. What these
hold of other policies stays.
"""

import argparse
import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from hacpo_robot.catalog import load_robot
from hacpo_robot.cli.display import interval
from hacpo_robot.export.engines import as_action
from hacpo_robot.export.runtime import load_policy
from hacpo_robot.learning.evaluation import Evaluation
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.study.bench import machine
from hacpo_robot.study.judge import judge
from hacpo_robot.study.playback import scale_of
from hacpo_robot.study.robosuite_judge import judge_in_robosuite
from hacpo_robot.study.run_folder import RunFolder
from hacpo_robot.versions import current_commit

RESULT = Path(__file__).with_suffix(".json")
HEAD = """| robot | randomisation in training | steps | here | robosuite | share | robosuite's own measure |
| --- | --- | --- | --- | --- | --- | --- |
"""


def main() -> None:
    """Play policy after policy, and write both files after each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, help="run folders")
    parser.add_argument(
        "--robots", nargs="+", help="some of the runs'; all that robosuite has when not given"
    )
    parser.add_argument("--episodes", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0, help="of the starts")
    chosen = parser.parse_args()
    found = json.loads(RESULT.read_text())["policies"] if RESULT.exists() else {}
    for run in map(RunFolder.open, chosen.runs):
        for robot in map(load_robot, run.settings.robots):
            if robot.robosuite_name and (not chosen.robots or robot.name in chosen.robots):
                row = compare(run, robot, chosen.episodes, chosen.seed)
                found[f"{robot.name}, {row['task']}, {row['randomization']}"] = row
                origin = {"machine": machine(), "commit": current_commit(), "seed": chosen.seed}
                document = origin | {"policies": found}
                RESULT.write_text(json.dumps(document, indent=2) + "\n")
                RESULT.with_suffix(".md").write_text(HEAD + "".join(map(line, found.values())))


def compare(run: RunFolder, robot: RobotSpec, n_episodes: int, seed: int) -> dict[str, Any]:
    """Both outcomes of one policy."""
    task, path = run.settings.task, run.exported(robot.name) / "policy.onnx"
    policy = load_policy(path)
    act = as_action(policy, scale_of(policy, robot.gripper))
    here, _ = judge(robot.name, task, act, n_episodes, seed)
    away = judge_in_robosuite(path, n_episodes, seed, progress=partial(print, robot.name, flush=True))
    return {
        "robot": robot.name,
        "task": task,
        "randomization": run.settings.randomization,
        "sharing": run.settings.sharing,
        "steps": policy.metadata["training"]["steps"],
        "here": asdict(here.evaluation),
        "robosuite": asdict(away.evaluation),
        "robosuite_own_measure": away.by_robosuite,
    }


def line(row: dict[str, Any]) -> str:
    """One policy as a row of the table."""
    here, away = Evaluation(**row["here"]), Evaluation(**row["robosuite"])
    share = f"{100 * away.n_success / here.n_success:.0f} %" if here.n_success else ""
    cells = [row["robot"], row["randomization"], f"{row['steps']:,}", told(here), told(away), share]
    return f"| {' | '.join(cells)} | {row['robosuite_own_measure']} of {away.n_episodes} |\n"


def told(evaluation: Evaluation) -> str:
    """Successes with their interval."""
    return f"{evaluation.n_success} of {evaluation.n_episodes}, {interval(evaluation)}"


if __name__ == "__main__":
    main()
