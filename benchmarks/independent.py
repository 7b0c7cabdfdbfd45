"""Independent PPO with the presets' settings: curves and completion of every arm, as data.

    python benchmarks/independent.py reach push lift

Each preset is one run of ``hacpo-robot train --preset NAME --sharing none`` below ``runs/``; stopped,
it goes on from its last checkpoint. What it reached goes to ``benchmarks/independent/NAME.json``,
its curves to ``NAME.csv``.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from hacpo_robot.study.bench import machine

HERE = Path(__file__).parent
TRAIN = (sys.executable, "-m", "hacpo_robot", "train", "--sharing", "none", "--no-video")
RUNS = HERE.parent / "runs" / "independent"


def main() -> None:
    """Run the presets that are named, one after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("presets", nargs="+")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    for preset in chosen.presets:
        run = RUNS / f"{preset}-{chosen.seed}"
        train(preset, chosen.seed, run)
        collect(preset, chosen.seed, run)


def train(preset: str, seed: int, run: Path) -> None:
    """One whole run, new or resumed."""
    if (run / "eval" / "eval_info.json").exists():
        return
    arguments = ["--preset", preset, "--seed", str(seed), "--run-dir", str(run)]
    if (run / "checkpoints").exists():
        arguments = ["--resume", str(run)]
    subprocess.run([*TRAIN, *arguments], check=True)


def collect(preset: str, seed: int, run: Path) -> None:
    """Copy the curves, and write what was reached beside them."""
    folder = HERE / "independent"
    folder.mkdir(exist_ok=True)
    curves = (run / "progress.csv").read_text()
    (folder / f"{preset}-{seed}.csv").write_text(curves)
    evaluation = json.loads((run / "eval" / "eval_info.json").read_text())
    summary = {
        "machine": machine(),
        "preset": preset,
        "seed": seed,
        "run": json.loads((run / "run.json").read_text()),
        "wall_s": float(curves.splitlines()[-1].split(",")[1]),
        "per_robot": evaluation["per_robot"],
    }
    (folder / f"{preset}-{seed}.json").write_text(json.dumps(summary, indent=2) + "\n")


if __name__ == "__main__":
    main()
