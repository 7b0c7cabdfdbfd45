"""How a run tells where it stands: progress, checkpoints on the way, and the wish to stop."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from hacpo_robot.learning.checkpoint import save_checkpoint
from hacpo_robot.learning.fleet import Fleet
from hacpo_robot.specs.training import TrainSettings
from hacpo_robot.study.run_folder import RunFolder

REPORT_EVERY = 5
"""Iterations between two lines of progress; the last iteration has one in any case."""


class Interrupted(Exception):  # noqa: N818
    """Asked to stop; a checkpoint has been written."""


@dataclass(frozen=True)
class Progress:
    """Where one learner stands."""

    robot: str
    steps: int
    steps_per_s: float
    success: float
    """Share of the last hundred training episodes."""
    accepted: int
    """Steps of others learned from in the last cross phase."""
    kl: float
    """Policy change by the last cross phase."""


@dataclass(frozen=True)
class Watch:
    """What a run tells whoever started it, and asks."""

    phase: Callable[[str], None] = lambda _: None
    """A sentence on what happens now."""
    progress: Callable[[int, list[Progress]], None] = lambda *_: None
    """Total steps per robot, and where each one stands."""
    should_stop: Callable[[], bool] = lambda: False


class Meter:
    """Counts, writes progress and checkpoints, and stops when asked."""

    def __init__(self, fleet: Fleet, run: RunFolder, settings: TrainSettings, watch: Watch) -> None:
        """Start the clock."""
        self._run, self._settings, self._watch = run, settings, watch
        self._began = time.monotonic()
        self._first: dict[str, int] = {each.name: each.model.num_timesteps for each in fleet.learners}
        self._fleet = fleet
        self._next_save = 0  # calibration is worth a checkpoint as soon as training has begun

    def steps_per_s(self) -> dict[str, float]:
        """Steps of each learner per second of the whole fleet's time."""
        elapsed = max(time.monotonic() - self._began, 1e-9)
        return {
            learner.name: (learner.model.num_timesteps - self._first[learner.name]) / elapsed
            for learner in self._fleet.learners
        }

    def on_iteration(self, fleet: Fleet) -> None:
        """Called by the fleet when all learners stand still.

        Raises:
            Interrupted: the watch said so; a checkpoint was written.
        """
        finished = all(each.model.num_timesteps >= self._settings.steps for each in fleet.learners)
        if finished or fleet.iteration % REPORT_EVERY == 0:
            self._report(fleet)
        stop = self._watch.should_stop()
        if stop or self._next_save <= fleet.steps < self._settings.steps:
            save_checkpoint(fleet, self._run.checkpoints)
            self._next_save = fleet.steps + self._settings.checkpoint_every
        if stop:
            raise Interrupted

    def _report(self, fleet: Fleet) -> None:
        speed = self.steps_per_s()
        rows = [
            Progress(
                robot=learner.name,
                steps=learner.model.num_timesteps,
                steps_per_s=speed[learner.name],
                success=learner.success_rate,
                accepted=0 if learner.callback is None else learner.callback.accepted,
                kl=0.0 if learner.callback is None else learner.callback.kl,
            )
            for learner in fleet.learners
        ]
        elapsed = round(time.monotonic() - self._began, 1)
        self._run.append_progress(
            [{"iteration": fleet.iteration, "wall_s": elapsed, **asdict(row)} for row in rows]
        )
        self._watch.progress(self._settings.steps, rows)
