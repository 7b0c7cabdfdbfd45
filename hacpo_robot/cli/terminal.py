"""The terminal of a long command: something live where someone watches, plain lines elsewhere."""

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live


class Terminal:
    """A context manager that owns the terminal meanwhile."""

    def __init__(self, plain_every_s: float, plain_from_s: float = 0.0) -> None:
        """Choose by whether someone is watching.

        Args:
            plain_every_s: Seconds between two plain lines of progress.
            plain_from_s: Seconds before the first.
        """
        self._plain_every_s = plain_every_s
        self._console = Console()
        self._live = Live(console=self._console, auto_refresh=False) if sys.stdout.isatty() else None
        self._began = time.monotonic()
        self._due = self._began + plain_from_s

    def __enter__(self) -> Self:
        """Take the terminal."""
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the terminal back."""
        if self._live is not None:
            self._live.stop()

    @property
    def elapsed_s(self) -> float:
        """Since the beginning [s]."""
        return time.monotonic() - self._began

    @property
    def is_live(self) -> bool:
        """Whether someone is watching."""
        return self._live is not None

    def say(self, line: str) -> None:
        """One line that stays."""
        if self._live is None:
            print(line, flush=True)
        else:
            self._console.print(line, highlight=False, markup=False)

    def show(self, picture: RenderableType) -> None:
        """What is seen now; nothing where nobody is watching."""
        if self._live is not None:
            self._live.update(picture, refresh=True)

    def is_due(self) -> bool:
        """Whether it is time for a plain line of progress, which is then taken as said."""
        if self._live is not None or time.monotonic() < self._due:
            return False
        self._due = time.monotonic() + self._plain_every_s
        return True
