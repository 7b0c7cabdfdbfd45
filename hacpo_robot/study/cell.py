"""One cell of a study: a normal run, in a process of its own that dies with the study."""

import multiprocessing
import os
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from hacpo_robot.errors import HacpoError, RunFolderError
from hacpo_robot.learning.checkpoint import find_checkpoint
from hacpo_robot.study.lock import LOCK, locked
from hacpo_robot.study.meter import Interrupted, Progress, Watch
from hacpo_robot.study.plan import Cell
from hacpo_robot.study.run_folder import RunFolder
from hacpo_robot.study.status import CellStatus
from hacpo_robot.study.train import train

LOG = "log.txt"
BEFORE_CHECKPOINT = {
    *("config.yaml", "command.txt", "run.json", "progress.csv", "tb", "checkpoints", LOG, LOCK),
    *(".config.yaml.draft", ".run.json.draft"),
}
FAILED, STOPPED = 1, 130
"""Exit codes."""


def open_or_create(cell: Cell, folder: Path, command: str) -> tuple[RunFolder, bool]:
    """The run folder of a cell, and whether it holds something to resume.

    What a run left that was killed before its first checkpoint is removed.

    Raises:
        RunFolderError: something else is in the way, another process trains there, or what is there lacks
            settings of now.
        CheckpointError: there are checkpoints, and none is whole and of this version.
    """
    checkpoints = folder / "checkpoints"
    if not any(checkpoints.glob("step_*")):
        if folder.exists():
            _remove_beginning(folder)
        return RunFolder.create(folder, cell.settings, command), False
    find_checkpoint(checkpoints)
    run = RunFolder.open(folder)
    run.settings_to_resume()
    return run, True


class CellProcess:
    """A cell that is being trained in another process."""

    def __init__(self, cell: Cell, folder: Path, command: str, worker: int, cores: Sequence[int]) -> None:
        """Start it.

        Args:
            cell: To train.
            folder: Of the run; whatever the run prints goes to ``log.txt`` there.
            command: That makes the same run once more, for its ``command.txt``.
            worker: Number of the worker that it occupies.
            cores: That it may use; all when empty.
        """
        self.cell, self.worker, self.standing = cell, worker, CellStatus(cell)
        self.was_asked_to_stop = False
        context = multiprocessing.get_context("spawn")
        self.news, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(cell, folder, command, cores, theirs))
        # The terminal sends Ctrl-C to all processes; the study alone decides what becomes of it.
        ours = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self._process.start()
        finally:
            signal.signal(signal.SIGINT, ours)
        theirs.close()
        self.sentinel = self._process.sentinel

    @property
    def exit_code(self) -> int | None:
        """``None`` as long as it runs."""
        return self._process.exitcode

    def stop(self) -> None:
        """Ask it to write a checkpoint and end."""
        self.was_asked_to_stop = True
        self._process.terminate()

    def kill(self) -> None:
        """End it at once; a checkpoint that is being written is not kept."""
        self._process.kill()
        self._process.join()

    def listen(self) -> CellStatus:
        """Where it stands, after all that it has said so far."""
        try:
            while self.news.poll():
                news: str | list[Progress] = self.news.recv()
                if isinstance(news, str):
                    self.standing.phase = news
                else:
                    self.standing.rows = news
        except (EOFError, OSError):  # it has ended, perhaps in the middle of a word
            pass
        return self.standing


def _remove_beginning(folder: Path) -> None:
    strange = sorted({path.name for path in folder.iterdir()} - BEFORE_CHECKPOINT)
    if strange:
        raise RunFolderError(f"{folder} is in the way: it holds {strange[0]} and no checkpoint to go on from")
    with locked(folder, "trains in"):
        shutil.rmtree(folder)


def _work(cell: Cell, folder: Path, command: str, cores: Sequence[int], news: Connection) -> None:
    """The whole life of the other process."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=lambda: (parent.join(), os._exit(FAILED)), daemon=True).start()
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    watch = Watch(news.send, lambda _, rows: news.send(rows), lambda: bool(asked))
    try:
        run, resume = open_or_create(cell, folder, command)
        with (run.path / LOG).open("a") as log:
            os.dup2(log.fileno(), sys.stdout.fileno())
            os.dup2(log.fileno(), sys.stderr.fileno())
    except HacpoError as error:
        news.send(str(error))
        sys.exit(FAILED)
    try:
        results, _ = train(cell.settings, run, watch, resume=resume)
    except Interrupted:
        sys.exit(STOPPED)
    except HacpoError as error:
        traceback.print_exc()
        news.send(str(error))
        sys.exit(FAILED)
    if faults := [result.fault for result in results if result.fault]:
        news.send("; ".join(faults))
        sys.exit(FAILED)
