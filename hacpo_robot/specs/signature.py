"""The layout of a flat vector: which numbers it holds, in which order, in which unit and frame."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.errors import InvalidSpecError, UnknownNameError

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.intp]
XYZ = ("x", "y", "z")
SIXD = ("xx", "xy", "xz", "yx", "yy", "yz")
"""Elements of a vector in space, and of a rotation as its first two axes, see :mod:`.rotation`."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """One named group of neighbouring elements of a vector."""

    name: str
    elements: tuple[str, ...]
    """Name of each element, in order."""
    unit: str
    """SI unit, ``1`` for numbers without one; one per element, joined by commas, where they differ."""
    frame: str = ""
    """``world``, ``base``, ``tool``, ``hand``, or the name of a camera; empty where no frame applies."""
    low: tuple[float, ...]
    high: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse bounds that do not fit the elements."""
        if not len(self.elements) == len(self.low) == len(self.high):
            raise InvalidSpecError(
                f"field {self.name!r}: {len(self.elements)} elements, "
                f"{len(self.low)} low and {len(self.high)} high bounds"
            )
        if not all(low < high for low, high in zip(self.low, self.high, strict=True)):
            raise InvalidSpecError(f"field {self.name!r}: every low bound must be below its high bound")

    @property
    def size(self) -> int:
        """Number of elements."""
        return len(self.elements)

    @property
    def units(self) -> tuple[str, ...]:
        """Unit of every element, in order."""
        units = tuple(self.unit.split(","))
        return units if len(units) == self.size else units * self.size

    @classmethod
    def read(cls, document: Mapping[str, Any], elements: str = "elements") -> "Field":
        """A field from plain data, as JSON has it, the names of its elements under ``elements``."""
        return cls(
            name=document["name"],
            elements=tuple(document[elements]),
            unit=document["unit"],
            frame=document["frame"] or "",
            low=tuple(document["low"]),
            high=tuple(document["high"]),
        )


def symmetric_field(
    name: str, elements: Sequence[str], bounds: Iterable[float], *, units: Sequence[str], frame: str = ""
) -> Field:
    """A field whose elements lie in [-bound, bound], each in a unit of its own."""
    high = tuple(float(bound) for bound in bounds)
    return Field(
        name=name,
        elements=tuple(elements),
        unit=units[0] if len(set(units)) == 1 else ",".join(units),
        frame=frame,
        low=tuple(-bound for bound in high),
        high=high,
    )


def uniform_field(name: str, elements: tuple[str, ...], bound: float, *, unit: str, frame: str = "") -> Field:
    """A field whose elements all lie in [-bound, bound]."""
    n = len(elements)
    return Field(name=name, elements=elements, unit=unit, frame=frame, low=(-bound,) * n, high=(bound,) * n)


@dataclass(frozen=True)
class Signature:
    """An ordered list of fields: the one place that knows where a field lies in a flat vector."""

    fields: tuple[Field, ...]

    def __post_init__(self) -> None:
        """Refuse two fields of one name."""
        if len(set(self.names)) != len(self.fields):
            raise InvalidSpecError(f"field names repeat: {', '.join(self.names)}")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Field names in order."""
        return tuple(field.name for field in self.fields)

    @cached_property
    def size(self) -> int:
        """Length of the flat vector."""
        return sum(field.size for field in self.fields)

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Field name to its place in the flat vector."""
        ends = np.cumsum([field.size for field in self.fields]).tolist()
        return {f.name: slice(end - f.size, end) for f, end in zip(self.fields, ends, strict=True)}

    @cached_property
    def low(self) -> FloatArray:
        """Lower bounds. Shape (size,)."""
        return np.array([value for field in self.fields for value in field.low])

    @cached_property
    def high(self) -> FloatArray:
        """Upper bounds. Shape (size,)."""
        return np.array([value for field in self.fields for value in field.high])

    @cached_property
    def element_names(self) -> tuple[str, ...]:
        """``field/element`` for every element, in order."""
        return tuple(f"{f.name}/{element}" for f in self.fields for element in f.elements)

    def where(self, name: str) -> slice:
        """Place of one field in the flat vector.

        Raises:
            UnknownNameError: no field has this name.
        """
        if name not in self.slices:
            raise UnknownNameError("field", name, self.names)
        return self.slices[name]

    def indices(self, names: tuple[str, ...]) -> NDArray[np.intp]:
        """Element positions of some fields, in the order of ``names``. Shape (sum of sizes,)."""
        return np.concatenate([np.zeros(0, int), *(np.arange(self.size)[self.where(name)] for name in names)])

    def split(self, vector: FloatArray) -> dict[str, FloatArray]:
        """Views of each field. ``vector`` has shape (..., size), a field's view (..., field size)."""
        return {name: vector[..., place] for name, place in self.slices.items()}

    def join(self, parts: Mapping[str, FloatArray]) -> FloatArray:
        """The flat vector of named parts. Shape (..., size)."""
        return np.concatenate([parts[name] for name in self.names], axis=-1)

    def select(self, names: tuple[str, ...]) -> "Signature":
        """The signature of some of the fields, in their original order.

        Raises:
            UnknownNameError: no field has one of the names.
        """
        for name in names:
            self.where(name)
        return Signature(tuple(field for field in self.fields if field.name in names))
