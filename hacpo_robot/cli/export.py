"""``hacpo-robot export RUN``: one ONNX folder per robot, from the newest checkpoint or another."""

import argparse
import time
from pathlib import Path

from hacpo_robot.cli.display import interval
from hacpo_robot.cli.opening import open_run, some_of
from hacpo_robot.errors import ExportError, InvalidSpecError
from hacpo_robot.export.exporter import check_replaceable
from hacpo_robot.export.interface import Interface
from hacpo_robot.export.parity import ParityReport
from hacpo_robot.learning.evaluation import Evaluation
from hacpo_robot.study.judge import Release
from hacpo_robot.study.train import restore_fleet


def run(arguments: list[str]) -> None:
    """Parse, evaluate and export, print where the files are."""
    chosen = _parse(arguments)
    interface = Interface(inputs=chosen.inputs, low_pass_hz=chosen.low_pass)
    folder = open_run(chosen.run)
    settings = folder.settings
    n_episodes = settings.eval_episodes if chosen.episodes is None else chosen.episodes
    wanted = some_of(chosen.robots, settings)
    places = {name: (chosen.output or folder.path / "exported") / name for name in wanted}
    for place in places.values():
        check_replaceable(place)
    fleet, faults = restore_fleet(settings, folder, chosen.checkpoint, wanted), []
    for robot, learner in zip(settings.robots, fleet.learners, strict=True):
        if learner.name in wanted:
            began, place = time.monotonic(), places[learner.name]
            release = Release.of(robot, learner, settings, n_episodes, interface)
            try:
                report = release.export(folder, place)
            except ExportError as error:
                faults.append(f"no export of {learner.name}: {error}")
                continue
            outcome = _outcome(report, release.held_out.evaluation)
            print(f"{place / 'policy.onnx'}  {outcome}  in {time.monotonic() - began:.1f} s", flush=True)
    if faults:
        raise ExportError("; ".join(faults))


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("hacpo-robot export", description=__doc__)
    parser.add_argument("run", type=Path, help="run folder")
    parser.add_argument(
        "--checkpoint", default="last", help="last, best (by success in training), or a number of steps"
    )
    parser.add_argument("--robots", nargs="+", help="some of the fleet; all when not given")
    parser.add_argument("--inputs", default="obs", help="obs: one vector; sensors: each by its name")
    parser.add_argument("--low-pass", type=float, metavar="HZ", help="smooth the commands, cut-off in Hz")
    parser.add_argument("--episodes", type=int, help="held-out, per robot; 0: none; else as in training")
    parser.add_argument("--output", type=Path, help="folder of the folders; RUN/exported when not given")
    chosen = parser.parse_args(arguments)
    if chosen.episodes is not None and chosen.episodes < 0:
        raise InvalidSpecError(f"episodes must not be negative, but is {chosen.episodes}")
    return chosen


def _outcome(report: ParityReport, evaluation: Evaluation) -> str:
    parity, loop = f"parity {report.largest:.1e}", report.closed_loop
    if loop is None:
        return parity
    completion = f"completion {evaluation.pc_success:.0f} % ({interval(evaluation)})"
    return f"{parity}  {completion}  the file ends {loop.n_same} of {loop.n_episodes} episodes alike"
