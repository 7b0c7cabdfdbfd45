"""Transfer without a task step: one arm's scripted episodes, translated, and every other arm that reads them.

    python benchmarks/transfer.py [ROBOT ...]

Writes ``benchmarks/transfer.json`` after every arm; what it holds of other arms stays.
"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

import torch

from hacpo_robot.catalog import robot_names
from hacpo_robot.specs.training import SchemaSettings
from hacpo_robot.study.bench import machine
from hacpo_robot.study.transfer import demonstrate, read
from hacpo_robot.versions import current_commit

RESULT = Path(__file__).with_suffix(".json")
SOURCE, TASK = "ur5e", "lift"
N_DEMONSTRATIONS, N_EPISODES = 512, 100
SETTINGS = replace(SchemaSettings(), babble_steps=50_000, fit_steps=4000, batch_size=512, learning_rate=2e-3)


def main() -> None:
    """Demonstrate once, then let every arm read."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("robots", nargs="*", default=[name for name in robot_names() if name != SOURCE])
    torch.set_num_threads(1)
    steps = demonstrate(SOURCE, TASK, N_DEMONSTRATIONS)
    results = json.loads(RESULT.read_text())["robots"] if RESULT.exists() else {}
    for name in parser.parse_args().robots:
        results[name] = asdict(read(steps, name, TASK, SETTINGS, N_EPISODES))
        print(name, results[name], flush=True)  # noqa: T201
        document = {
            "machine": machine(),
            "commit": current_commit(),
            "source": SOURCE,
            "task": TASK,
            "demonstrations": N_DEMONSTRATIONS,
            "schema": asdict(SETTINGS),
            "robots": results,
        }
        RESULT.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
