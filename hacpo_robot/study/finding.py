"""The outcome of one check of something that a user brings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What was looked at, and what is wrong with it."""

    check: str
    fault: str | None = None
    """What is wrong and how to mend it; ``None`` where all is well."""
