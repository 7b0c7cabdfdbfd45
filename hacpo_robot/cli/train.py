"""``hacpo-robot train``: settings from a preset, flags and dotted overrides; then the run."""

import argparse
from datetime import datetime
from pathlib import Path

import tyro

from hacpo_robot.catalog import load_fleet, load_task
from hacpo_robot.cli.display import Display, result_table
from hacpo_robot.cli.interrupt import stop_on_interrupt
from hacpo_robot.cli.opening import open_run
from hacpo_robot.errors import ExportError, InvalidSpecError
from hacpo_robot.specs.training import TrainSettings
from hacpo_robot.study.meter import Interrupted, Watch
from hacpo_robot.study.presets import load_preset, preset_names
from hacpo_robot.study.run_folder import RunFolder, with_whole_names

DESCRIPTION = """Train a fleet, then evaluate, export and film every policy.

Besides the settings below: --preset NAME starts from named settings, --run-dir DIR says where to
write (runs/<task>-<time> when not given), --resume DIR goes on where a run stopped. Interrupting
once (Ctrl-C) writes a checkpoint and ends with exit code 130."""


def run(arguments: list[str]) -> None:
    """Parse, train, print the table."""
    place = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    place.add_argument("--preset")
    place.add_argument("--run-dir", type=Path)
    place.add_argument("--resume", type=Path)
    chosen, rest = place.parse_known_args(arguments)
    if chosen.resume is None:
        settings, folder = _fresh(chosen.preset, chosen.run_dir, rest)
    else:
        if chosen.preset is not None or chosen.run_dir is not None:
            raise InvalidSpecError(
                "--run-dir and --preset are for new runs; --resume keeps folder and settings"
            )
        settings, folder = _resumed(chosen.resume, rest)
    stop = stop_on_interrupt()
    with Display() as display:
        watch = Watch(display.phase, display.progress, lambda: bool(stop))
        from hacpo_robot.study.train import train

        try:
            results, speed = train(settings, folder, watch, resume=chosen.resume is not None)
        except Interrupted:
            display.phase(f"interrupted; go on with: hacpo-robot train --resume {folder.path}")
            raise KeyboardInterrupt from None
    print(result_table(results, speed))
    print(f"run folder: {folder.path}")
    if faults := [result.fault for result in results if result.fault]:
        raise ExportError("; ".join(faults))


def _fresh(preset: str | None, run_dir: Path | None, rest: list[str]) -> tuple[TrainSettings, RunFolder]:
    """Checked settings and a new run folder; nothing is written where a check fails."""
    settings = _parse(TrainSettings() if preset is None else load_preset(preset), rest)
    task = load_task(settings.task)
    load_fleet(settings.robots, task)
    default = Path("runs") / f"{task.name}-{datetime.now():%Y%m%d-%H%M%S}"
    return settings, RunFolder.create(run_dir or default, settings)


def _resumed(path: Path, rest: list[str]) -> tuple[TrainSettings, RunFolder]:
    """The settings of a run that goes on; what its checkpoints depend on must stay."""
    folder = open_run(path)
    before = folder.settings_to_resume()
    settings = with_whole_names(_parse(before, rest))
    before = with_whole_names(before)
    for name in ("robots", "task", "seed", "sharing", "randomization", "ppo", "hacpo"):
        if getattr(settings, name) != getattr(before, name):
            raise InvalidSpecError(
                f"{name} cannot change when a run is resumed; "
                "steps, checkpoint_every, export_every, eval_episodes and video can"
            )
    if settings.steps < before.steps:
        raise InvalidSpecError(f"steps cannot become fewer: the run is planned with {before.steps}")
    return settings, folder


def _parse(default: TrainSettings, rest: list[str]) -> TrainSettings:
    known = f"{DESCRIPTION}\n\nPresets: {', '.join(preset_names())}."
    return tyro.cli(TrainSettings, default=default, args=rest, prog="hacpo-robot train", description=known)
