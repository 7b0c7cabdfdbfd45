"""One training run, from settings to policies that can leave."""

from collections.abc import Collection

import torch
from stable_baselines3.common.logger import Logger, TensorBoardOutputFormat

from hacpo_robot.catalog import load_fleet, load_robot, load_task
from hacpo_robot.envs.vector import make_babble_env, make_vec_env
from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.export.callback import ExportCallback
from hacpo_robot.export.exporter import check_replaceable
from hacpo_robot.learning.calibrate import calibrate
from hacpo_robot.learning.checkpoint import find_checkpoint, load_checkpoint, save_checkpoint
from hacpo_robot.learning.fleet import Fleet
from hacpo_robot.learning.learner import make_learner
from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.sim.inspection import inspect_home
from hacpo_robot.specs.randomization import LEVELS
from hacpo_robot.specs.sharing_mode import mode_of
from hacpo_robot.specs.training import TrainSettings
from hacpo_robot.study.judge import Result, finish, provenance_of
from hacpo_robot.study.lock import locked
from hacpo_robot.study.meter import Meter, Watch
from hacpo_robot.study.run_folder import RunFolder

SEED_STRIDE = 1000
"""Distance between the seeds of two runs; robots of one run lie between."""


def train(
    settings: TrainSettings, run: RunFolder, watch: Watch, *, resume: bool = False
) -> tuple[list[Result], dict[str, float]]:
    """Train a fleet, judge it, export it, film it.

    Args:
        settings: Of the run.
        run: Where it writes.
        watch: Who is told.
        resume: Continue from the newest whole checkpoint.

    Returns:
        What each robot reached, with the reason where its policy could not leave; and its environment steps
        per second of the whole fleet's time.

    Raises:
        UnknownNameError: a robot or the task is not in the catalogue.
        InvalidSpecError: a robot cannot do the task, or two have one name.
        Interrupted: ``watch.should_stop`` said so; a checkpoint was written.
        CheckpointError: nothing to resume from.
        ExportError: a folder is in the way of an export; told before anything is trained.
        RunFolderError: another process trains there.
    """
    with locked(run.path, "trains in"):
        return _train(settings, run, watch, resume=resume)


def _train(
    settings: TrainSettings, run: RunFolder, watch: Watch, *, resume: bool
) -> tuple[list[Result], dict[str, float]]:
    torch.set_num_threads(1)  # these networks are too small to share between cores
    for robot in load_fleet(settings.robots, load_task(settings.task)):
        check_replaceable(run.exported(robot.name))  # rather than when everything is trained
    fleet = restore_fleet(settings, run) if resume else make_fleet(settings)
    meter = Meter(fleet, run, settings, watch)
    if resume:
        run.write_settings(settings)
        if fleet.steps < settings.steps:
            run.take_up_again()
        run.note_resumption()
        watch.phase(f"resumed at {fleet.steps} steps")
    elif mode_of(settings.sharing).hears_others:
        _calibrate(fleet, settings, watch)
    names = [learner.name for learner in fleet.learners]
    watch.phase(f"training {', '.join(names)} on {settings.task}, sharing: {settings.sharing}")
    loggers = {
        name: Logger(str(run.path), [TensorBoardOutputFormat(str(run.tensorboard(name)))]) for name in names
    }
    if settings.export_every:
        for learner in fleet.learners:
            place, origin = run.exported(learner.name), provenance_of(learner, settings, run)
            learner.watchers = (ExportCallback(place, settings.export_every, origin),)
    fleet.run(settings.steps, loggers, meter.on_iteration)
    save_checkpoint(fleet, run.checkpoints)
    speed = meter.steps_per_s()
    return finish(fleet, settings, run, watch), speed


def make_fleet(settings: TrainSettings) -> Fleet:
    """A fleet with fresh policies, as the settings say.

    Raises:
        UnknownNameError: a robot or the task is not in the catalogue.
        InvalidSpecError: a robot cannot do the task, or begins outside its limits, or two have one name.
    """
    task = load_task(settings.task)
    robots = load_fleet(settings.robots, task)
    varied = LEVELS[settings.randomization]
    mode = mode_of(settings.sharing)
    exchange = Exchange(settings.sharing, settings.hacpo, settings.seed) if mode.has_exchange else None
    learners = []
    for index, robot in enumerate(robots):
        seed = settings.seed * SEED_STRIDE + index
        env = make_vec_env(robot, task, settings.ppo.n_envs, seed, stagger=True, randomization=varied)
        if finding := inspect_home(env.cell.scene):
            raise InvalidSpecError(f"robot {robot.name!r}: {finding}")
        rehearsal_env = None
        if mode.rehearses and settings.hacpo.rehearsal_worlds:
            rehearsal_env = make_vec_env(
                robot, task, settings.hacpo.rehearsal_worlds, seed, randomization=varied
            )
        learners.append(make_learner(robot.name, env, settings.ppo, seed, exchange, rehearsal_env))
    return Fleet(learners, exchange)


def restore_fleet(
    settings: TrainSettings, run: RunFolder, which: str = "last", robots: Collection[str] = ()
) -> Fleet:
    """The fleet of a run as a checkpoint holds it.

    Args:
        settings: Of the run.
        run: Where it wrote.
        which: ``last``, ``best`` or a number of steps, see :func:`find_checkpoint`.
        robots: Whose success decides what is best; all when empty.

    Raises:
        CheckpointError: there is none.
    """
    checkpoint = find_checkpoint(run.checkpoints, which, robots)
    fleet = make_fleet(settings)
    load_checkpoint(fleet, checkpoint)
    return fleet


def _calibrate(fleet: Fleet, settings: TrainSettings, watch: Watch) -> None:
    task = load_task(settings.task)
    for robot, learner in zip(settings.robots, fleet.learners, strict=True):
        watch.phase(
            f"{learner.name} babbles {settings.hacpo.schema.babble_steps} steps to learn its own body"
        )
        seed = settings.seed * SEED_STRIDE
        babble_env = make_babble_env(load_robot(robot), task, settings.ppo.n_envs, seed)
        free_steps = mode_of(settings.sharing).free_babble
        quality = calibrate(
            learner, babble_env, settings.hacpo.schema, seed, settings.hacpo.guards, free_steps
        )
        ready = "ready" if quality.ready(settings.hacpo.schema) else "not ready: it gives but does not take"
        watch.phase(
            f"{learner.name}: effects explained {quality.effect_r2:.3f}, "
            f"reproduced {quality.action_r2:.3f}, {ready}"
        )
