"""``hacpo-robot dataset RUN``: episodes of a run as datasets for imitation and offline learning."""

import argparse
from pathlib import Path
from typing import get_args

from hacpo_robot.cli.opening import open_run
from hacpo_robot.datasets.collection import Source, Wanted, collect
from hacpo_robot.datasets.formats import FORMATS, load_format, write_dataset
from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.study.train import restore_fleet


def run(arguments: list[str]) -> None:
    """Parse, collect and write a dataset per robot, print a line each."""
    parser = argparse.ArgumentParser("hacpo-robot dataset", description=__doc__)
    parser.add_argument("run", type=Path, help="run folder")
    parser.add_argument("--format", choices=FORMATS, required=True)
    parser.add_argument("--robots", nargs="+", default=(), help="names; all of the run when not given")
    parser.add_argument(
        "--episodes",
        type=int,
        help="most per robot; when not given, as many as training evaluated, or all that were kept",
    )
    parser.add_argument(
        "--source",
        choices=get_args(Source),
        default="evaluation",
        help="held-out episodes, or the good ones kept",
    )
    parser.add_argument(
        "--translated-from", metavar="ROBOT", help="another arm, whose episodes are translated"
    )
    parser.add_argument(
        "--checkpoint", default="last", help="last, best (by success in training), or a number of steps"
    )
    parser.add_argument("--output", type=Path, help="folder; RUN/datasets/FORMAT when not given")
    chosen = parser.parse_args(arguments)
    if chosen.episodes is not None and chosen.episodes <= 0:
        raise InvalidSpecError(f"episodes must be positive, not {chosen.episodes}")
    load_format(chosen.format)  # what is missing is told before anything is computed
    folder = open_run(chosen.run)
    wanted = Wanted(
        robots=tuple(chosen.robots),
        source=chosen.source,
        n_episodes=chosen.episodes,
        translated_from=chosen.translated_from,
    )
    output = chosen.output or folder.path / "datasets" / chosen.format
    fleet = restore_fleet(folder.settings, folder, chosen.checkpoint, chosen.robots)
    for dataset in collect(fleet, folder.settings, str(folder.path), wanted):
        path = write_dataset(dataset, output, chosen.format)
        print(
            f"{path}  {len(dataset.episodes)} episodes, {dataset.n_success} end in success, "
            f"{dataset.n_steps} steps",
            flush=True,
        )
