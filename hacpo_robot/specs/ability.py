"""What a task may ask of a body, and why some bodies must refuse."""

from collections.abc import Iterable, Mapping
from typing import Literal

Ability = Literal["tilt", "door_handle"]
"""``tilt`` the tool off the vertical; ``door_handle``: get to a door handle 30 cm above the table and
turn it."""


def find_obstacle(needs: Iterable[Ability], unable: Mapping[Ability, str]) -> str | None:
    """The first reason why a body cannot do what a task needs; ``None`` where it can."""
    return next((unable[ability] for ability in needs if ability in unable), None)
