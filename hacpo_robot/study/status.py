"""Where a study stands, for those who watch it."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from hacpo_robot.study.meter import Progress
from hacpo_robot.study.plan import Cell
from hacpo_robot.study.results import Results


@dataclass
class CellStatus:
    """Where one running cell is."""

    cell: Cell
    phase: str = "starting"
    """The last sentence that it said."""
    rows: list[Progress] = field(default_factory=list)
    """One per robot, once training has begun."""


@dataclass(frozen=True)
class Overview:
    """Where a whole study is."""

    n_cells: int
    n_finished: int
    n_failed: int
    running: tuple[CellStatus, ...]
    results: Results
    seconds_left: float | None
    """At the pace so far; unknown at first."""


@dataclass(frozen=True)
class StudyWatch:
    """What a study tells whoever started it, and asks."""

    said: Callable[[str], None] = lambda _: None
    """A sentence on what happened."""
    overview: Callable[[Overview], None] = lambda _: None
    """About once per second."""
    should_stop: Callable[[], bool] = lambda: False


class Clock:
    """Foretells the end of a study from the steps that it made since it was started."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        """Start, with the cells that are not finished."""
        self._began = time.monotonic()
        self._total = {cell.name: cell.settings.steps * len(cell.settings.robots) for cell in cells}
        self._first: dict[str, int] = {}
        self._now: dict[str, int] = {}

    def note(self, standing: CellStatus) -> None:
        """Where a cell is; what it had done before the first note counts for nothing."""
        if standing.rows:
            name, steps = standing.cell.name, sum(row.steps for row in standing.rows)
            self._first.setdefault(name, steps)
            self._now[name] = min(steps, self._total[name])

    def close(self, cell: Cell) -> None:
        """A cell has ended: nothing of it is left. One that never noted a step had only its end to do."""
        self._now[cell.name] = self._total[cell.name]
        self._first.setdefault(cell.name, self._total[cell.name])

    def seconds_left(self) -> float | None:
        """At the pace so far; nothing before anything was done."""
        made = sum(self._now.values()) - sum(self._first.values())
        left = sum(self._total.values()) - sum(self._now.values())
        return (time.monotonic() - self._began) * left / made if made > 0 else None
