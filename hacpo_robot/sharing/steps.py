"""Columns with a row per step."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

S = TypeVar("S", bound="Steps")


@dataclass(frozen=True)
class Steps:
    """What holds for all tables of steps; the fields of a subclass are arrays of equal length."""

    def __len__(self) -> int:
        """Number of steps."""
        return len(getattr(self, fields(self)[0].name))

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Self:
        """Some of the steps."""
        return type(self)(*(getattr(self, item.name)[rows] for item in fields(self)))


def concatenate(parts: Sequence[S]) -> S:
    """One after the other; ``parts`` must not be empty."""
    kind = type(parts[0])
    return kind(*(np.concatenate([getattr(p, item.name) for p in parts]) for item in fields(kind)))
