"""What a long run shows: a live table on a terminal, plain lines elsewhere."""

from rich.table import Table

from hacpo_robot.cli.terminal import Terminal
from hacpo_robot.learning.evaluation import Evaluation
from hacpo_robot.study.judge import Result
from hacpo_robot.study.meter import Progress

PLAIN_EVERY_S = 15.0
"""Seconds between two plain lines."""


class Display(Terminal):
    """Shows phases and progress."""

    def __init__(self) -> None:
        """Begin."""
        super().__init__(PLAIN_EVERY_S)

    def phase(self, text: str) -> None:
        """One sentence on what happens now."""
        self.say(f"{self._elapsed()} {text}")

    def progress(self, total: int, rows: list[Progress]) -> None:
        """Where each learner stands."""
        if self.is_live:
            self.show(self._table(total, rows))
        elif self.is_due():
            self.say(f"{self._elapsed()} " + "  ".join(_plain(total, row) for row in rows))

    def _table(self, total: int, rows: list[Progress]) -> Table:
        table = Table(title=f"{self._elapsed()} of training")
        for heading in ("robot", "steps", "steps/s", "success", "lessons", "policy change"):
            table.add_column(heading, justify="left" if heading == "robot" else "right")
        for row in rows:
            table.add_row(
                row.robot,
                f"{row.steps:,} / {total:,}",
                f"{row.steps_per_s:,.0f}",
                f"{100 * row.success:.0f} %",
                f"{row.accepted:,}",
                f"{row.kl:.3f}",
            )
        return table

    def _elapsed(self) -> str:
        seconds = int(self.elapsed_s)
        return f"[{seconds // 60}:{seconds % 60:02d}]"


def _plain(total: int, row: Progress) -> str:
    lessons = f" lessons {row.accepted}" if row.accepted else ""
    return f"{row.robot} {100 * row.steps / total:.0f}% success {100 * row.success:.0f}%{lessons}"


def result_table(results: list[Result], speed: dict[str, float]) -> str:
    """The table a run ends with."""
    lines = [f"{'robot':<10} {'completion':>10}   {'95 % interval':<16} {'steps/s':>8}   ONNX parity"]
    for result in results:
        shown = f"{result.evaluation.pc_success:.0f} %"
        parity = "-" if result.parity is None else f"{result.parity:.1e}"
        lines.append(
            f"{result.robot:<10} {shown:>10}   {interval(result.evaluation):<16} "
            f"{speed.get(result.robot, 0.0):>8,.0f}   {parity}"
        )
    return "\n".join(lines)


def interval(evaluation: Evaluation) -> str:
    """The 95 % interval in words."""
    low, high = evaluation.pc_success_ci95
    return f"{low:.0f} to {high:.0f} %"
