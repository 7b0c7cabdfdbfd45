"""State that a checkpoint keeps, as named arrays."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
"""By name; what lies in a part is named ``part/name``."""


def flatten(parts: Mapping[str, Mapping[str, NDArray[Any]]]) -> Arrays:
    """The arrays of all parts in one mapping."""
    return {f"{part}/{name}": array for part, arrays in parts.items() for name, array in arrays.items()}


def part_of(arrays: Mapping[str, NDArray[Any]], part: str) -> Arrays:
    """What :func:`flatten` took from one part; empty where there is nothing of it."""
    start = f"{part}/"
    return {name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)}
