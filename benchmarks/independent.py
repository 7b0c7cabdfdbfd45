"""Independent PPO with the presets' settings: curves and completion of every arm, as data.

    python benchmarks/independent.py reach
    python benchmarks/independent.py lift --robots panda

One run of ``hacpo-robot train --preset NAME --sharing none`` below ``runs/``; stopped, it goes on from its
last checkpoint. What it reached goes to ``benchmarks/independent/NAME-SEED.json``, its curves to
``NAME-SEED.csv``; a run of some of the preset's robots carries their names too. Robots that share nothing
do not feel each other: the split changes the random seeds, and the wall time, only.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import yaml

from hacpo_robot.study.bench import machine

HERE = Path(__file__).parent
TRAIN = (sys.executable, "-m", "hacpo_robot", "train", "--sharing", "none", "--no-video")
RUNS = HERE.parent / "runs" / "independent"


def main() -> None:
    """Train, then write the data."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("preset")
    parser.add_argument("--robots", nargs="+", default=[], help="all of the preset when not given")
    parser.add_argument("--steps", type=int, help="as in the preset when not given")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    run = RUNS / "-".join([chosen.preset, *chosen.robots, str(chosen.seed)])
    overrides = ["--seed", str(chosen.seed)]
    if chosen.robots:
        overrides += ["--robots", *chosen.robots]
    if chosen.steps:
        overrides += ["--steps", str(chosen.steps)]
    train(chosen.preset, overrides, run)
    collect(run)


def train(preset: str, overrides: list[str], run: Path) -> None:
    """One whole run, new or resumed."""
    if (run / "eval" / "eval_info.json").exists():
        return
    arguments = ["--preset", preset, *overrides, "--run-dir", str(run)]
    if (run / "checkpoints").exists():
        arguments = ["--resume", str(run)]
    subprocess.run([*TRAIN, *arguments], check=True)


def collect(run: Path) -> None:
    """Copy the curves, and write what was reached beside them."""
    folder = HERE / "independent"
    folder.mkdir(exist_ok=True)
    curves = (run / "progress.csv").read_text()
    (folder / f"{run.name}.csv").write_text(curves)
    evaluation = json.loads((run / "eval" / "eval_info.json").read_text())
    summary = {
        "machine": machine(),
        "run": json.loads((run / "run.json").read_text()),
        "settings": yaml.safe_load((run / "config.yaml").read_text()),
        "wall_s": float(curves.splitlines()[-1].split(",")[1]),
        "per_robot": evaluation["per_robot"],
    }
    (folder / f"{run.name}.json").write_text(json.dumps(summary, indent=2) + "\n")


if __name__ == "__main__":
    main()
