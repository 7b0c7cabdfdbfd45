"""Runs the cells of a study, some at a time, and goes on wherever it was stopped."""

import shlex
from collections.abc import Sequence
from multiprocessing.connection import wait
from pathlib import Path

import numpy as np

from hacpo_robot.cores import own_cores
from hacpo_robot.errors import StudyError
from hacpo_robot.study.cell import LOG, CellProcess
from hacpo_robot.study.collect import collect, collect_finished
from hacpo_robot.study.lock import locked
from hacpo_robot.study.meter import Interrupted
from hacpo_robot.study.plan import Cell, Plan
from hacpo_robot.study.results import Results, add_results
from hacpo_robot.study.run_folder import RunFolder
from hacpo_robot.study.sameness import check_same
from hacpo_robot.study.status import Clock, Overview, StudyWatch

TICK_S = 1.0
"""Longest time between two looks at the wish to stop."""


class Study:
    """Owner of the processes of a study and of its result files."""

    def __init__(self, plan: Plan, cells: Sequence[Cell], folder: Path, files: Path) -> None:
        """Look at what has been done already.

        Args:
            plan: That the cells are of.
            cells: All that may have a run folder.
            folder: Where each cell has its run folder.
            files: Where the result files go. What they tell of runs that are not in the folder stays.

        Raises:
            RunFolderError: one of the cells has been run with other settings.
        """
        self._plan, self._folder, self._files = plan, folder, files
        self._n_cells = 0
        self._results = collect_finished(cells, folder)
        self._waiting: list[Cell] = []
        self._running: list[CellProcess] = []
        self._failed: list[str] = []

    def run(self, cells: Sequence[Cell], workers: int, watch: StudyWatch) -> Results:
        """Run what is missing, a process per worker; a cell that fails does not hold up the others.

        Args:
            cells: To run, in this order.
            workers: Cells at a time. To be called from the main thread, for the sake of Ctrl-C.
            watch: Who is told.

        Raises:
            Interrupted: ``watch.should_stop`` said so; running cells have written checkpoints.
            StudyError: some cells failed; all others are finished.
            RunFolderError: another process runs this study, a cell has been run with other settings, or the
                result files are of another study.
        """
        self._line_up(cells)
        clock, stopping = Clock(self._waiting), False
        with locked(self._folder, "runs the study in"):
            self._results = add_results(self._files, self._plan, self._results)
            try:
                while self._running or (self._waiting and not stopping):
                    if not stopping:
                        stopping = self._stop_if_asked(watch)
                    if not stopping:
                        self._start(workers)
                    self._listen(watch, clock)
                    watch.overview(self._overview(clock))
            finally:
                for process in self._running:
                    process.kill()
        if stopping:
            raise Interrupted
        if self._failed:
            names = ", ".join(self._failed)
            raise StudyError(
                f"{len(self._failed)} of {self._n_cells} cells failed: {names}; "
                f"see their {LOG} below {self._folder}"
            )
        return self._results

    def _line_up(self, cells: Sequence[Cell]) -> None:
        """Choose what is missing, and see that what is there already fits."""
        for cell in cells:
            if (self._folder / cell.name / "run.json").is_file():
                check_same(cell, RunFolder.open(self._folder / cell.name))
        self._waiting = [cell for cell in cells if not RunFolder(self._folder / cell.name).is_finished]
        self._n_cells = len(cells)

    def _stop_if_asked(self, watch: StudyWatch) -> bool:
        if not watch.should_stop():
            return False
        for process in self._running:
            process.stop()
        return True

    def _start(self, workers: int) -> None:
        """Give every idle worker the next cell."""
        while self._waiting and len(self._running) < workers:
            cell = self._waiting.pop(0)
            place = min(set(range(workers)) - {process.worker for process in self._running})
            chosen = ["--seeds", str(cell.seed + 1), "--only", cell.name]
            command = shlex.join(["hacpo-robot", "study", self._plan.name, *chosen])
            path = self._folder / cell.name
            self._running.append(CellProcess(cell, path, command, place, _cores(place, workers)))

    def _listen(self, watch: StudyWatch, clock: Clock) -> None:
        """Hear what the cells say, and take in those that have ended."""
        wait([part for process in self._running for part in (process.news, process.sentinel)], TICK_S)
        for process in tuple(self._running):
            ended = process.exit_code is not None  # and whatever it said before that can be heard now
            standing = process.listen()
            clock.note(standing)
            if ended:
                self._running.remove(process)
                clock.close(process.cell)
                self._take_in(process, watch)

    def _take_in(self, process: CellProcess, watch: StudyWatch) -> None:
        """The results of a cell that has ended, or what went wrong."""
        name, path = process.cell.name, self._folder / process.cell.name
        if RunFolder(path).is_finished:
            found = collect(process.cell, RunFolder.open(path))
            self._results = add_results(self._files, self._plan, found)
            completion = np.mean([row.completion for row in found.reached])
            fault = f"; {process.standing.phase}" if process.exit_code else ""
            watch.said(f"{name}: completion {completion:.0%}, mean of its robots{fault}")
        elif process.was_asked_to_stop:
            watch.said(f"{name}: stopped, {process.standing.phase}")
        else:
            self._failed.append(name)
            log = f"; see {path / LOG}" if (path / LOG).exists() else ""
            watch.said(f"{name}: failed, {process.standing.phase}{log}")

    def _overview(self, clock: Clock) -> Overview:
        return Overview(
            n_cells=self._n_cells,
            n_finished=self._n_cells - len(self._waiting) - len(self._running) - len(self._failed),
            n_failed=len(self._failed),
            running=tuple(process.standing for process in self._running),
            results=self._results,
            seconds_left=clock.seconds_left(),
        )


def _cores(place: int, workers: int) -> list[int]:
    """The cores of one worker: an even share, at least one."""
    own = own_cores()
    return own[place::workers] or own[place % len(own) :][:1]
