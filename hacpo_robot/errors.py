"""Every error that this package raises on purpose; each one writes its own sentence from facts."""

from collections.abc import Iterable
from difflib import get_close_matches

MOST_LISTED = 30
"""Valid names in one message; of more, the nearest few are told."""


class HacpoError(Exception):
    """Root of all errors that a caller may want to catch together."""


class InvalidSpecError(HacpoError, ValueError):
    """A robot, a task or a setting contradicts itself."""


class UnknownNameError(HacpoError, LookupError):
    """A name that nobody registered; the message lists the names that exist."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        valid = sorted(known)
        close = get_close_matches(name, valid, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        listed = ", ".join(valid)
        if len(valid) > MOST_LISTED:
            nearest = get_close_matches(name, valid, n=5, cutoff=0.0)
            listed = f"{', '.join(nearest)} and {len(valid) - len(nearest)} more"
        super().__init__(f"unknown {kind} {name!r}{hint}; valid: {listed}")


class RunFolderError(HacpoError, FileExistsError):
    """A run folder that is in the way, missing, or not one of ours."""


class CheckpointError(HacpoError, OSError):
    """A checkpoint that cannot be read back whole."""


class ExportError(HacpoError, ValueError):
    """A policy that must not leave: no statistics, or parity missed."""


class DatasetError(HacpoError, ValueError):
    """Episodes that are not there, or a dataset that cannot be written, read or played back."""


class MissingExtraError(HacpoError, ImportError):
    """A library that only an extra of this package brings."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(f"{library} is not installed; in a checkout: pip install -e '.[{extra}]'")


class VideoError(HacpoError, RuntimeError):
    """Videos that were asked for could not be drawn."""


class StudyError(HacpoError, RuntimeError):
    """Some runs of a study failed."""
