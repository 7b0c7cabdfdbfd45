"""What a study shows: a live table on a terminal, plain lines elsewhere."""

from collections import defaultdict

import numpy as np
from rich.console import Group
from rich.table import Table

from hacpo_robot.cli.terminal import Terminal
from hacpo_robot.study.plan import Plan
from hacpo_robot.study.results import Results
from hacpo_robot.study.status import CellStatus, Overview

PLAIN_EVERY_S = 60.0
"""Seconds between two plain lines."""


class StudyDisplay(Terminal):
    """Shows where a study stands."""

    def __init__(self, plan: Plan) -> None:
        """Begin."""
        super().__init__(PLAIN_EVERY_S, plain_from_s=PLAIN_EVERY_S)
        self._plan = plan

    def said(self, text: str) -> None:
        """A sentence on what happened."""
        self.say(f"[{duration(self.elapsed_s)}] {text}")

    def overview(self, now: Overview) -> None:
        """Where the study stands."""
        if self.is_live:
            self.show(self._picture(now))
        elif self.is_due():
            self.said(f"{_summary(now)}; " + ", ".join(_plain(each) for each in now.running))

    def _picture(self, now: Overview) -> Group:
        """Completion of the finished runs by condition and task, then those that run."""
        table = Table("condition")
        for task in self._plan.tasks:
            table.add_column(task, justify="right")
        for condition in self._plan.conditions:
            table.add_row(condition, *(_reached(now.results, condition, task) for task in self._plan.tasks))
        return Group(f"{self._plan.title}: {_summary(now)}", table, *map(_plain, now.running))


def duration(seconds: float) -> str:
    """Hours and minutes; minutes and seconds below one hour."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes}:{rest:02d} min"


def _summary(now: Overview) -> str:
    failed = f", {now.n_failed} failed" if now.n_failed else ""
    left = "" if now.seconds_left is None else f", about {duration(now.seconds_left)} left"
    return f"{now.n_finished} of {now.n_cells} runs finished{failed}{left}"


def _reached(results: Results, condition: str, task: str) -> str:
    """Mean completion of the finished runs, and their number."""
    runs: dict[tuple[str, int], list[float]] = defaultdict(list)
    for row in results.reached:
        if (row.condition, row.task) == (condition, task):
            runs[row.fleet, row.seed].append(row.completion)
    return f"{np.mean([np.mean(run) for run in runs.values()]):.0%} ({len(runs)})" if runs else "-"


def _plain(standing: CellStatus) -> str:
    if not standing.rows:
        return f"{standing.cell.name}: {standing.phase}"
    share = np.mean([row.steps for row in standing.rows]) / standing.cell.settings.steps
    success = np.mean([row.success for row in standing.rows])
    return f"{standing.cell.name}: {min(share, 1.0):.0%} of the steps, success {success:.0%}"
