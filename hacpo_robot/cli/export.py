"""``hacpo-robot export RUN``: one ONNX folder per robot from the newest checkpoint."""

import argparse
from dataclasses import replace
from pathlib import Path

from hacpo_robot.cli.display import Display
from hacpo_robot.study.judge import finish
from hacpo_robot.study.meter import Watch
from hacpo_robot.study.run_folder import RunFolder
from hacpo_robot.study.train import restore_fleet


def run(arguments: list[str]) -> None:
    """Parse, evaluate and export, print where the files are."""
    parser = argparse.ArgumentParser("hacpo-robot export", description=__doc__)
    parser.add_argument("run", type=Path, help="run folder")
    folder = RunFolder.open(parser.parse_args(arguments).run)
    settings = replace(folder.settings, video=False)
    fleet = restore_fleet(settings, folder)
    with Display() as display:
        results = finish(fleet, settings, folder, Watch(display.phase))
    for result in results:
        place = folder.exported(result.robot) / "policy.onnx"
        print(f"{place}  parity {result.parity:.1e}  completion {result.evaluation.pc_success:.0f} %")
