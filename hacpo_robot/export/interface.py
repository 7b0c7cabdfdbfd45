"""What an exported file takes: one vector or its sensors by name, and where wanted its last command."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.specs.signature import Signature

Inputs = Literal["obs", "sensors"]
"""``obs``: all sensor values in one vector. ``sensors``: one input per sensor, by its name."""
OBSERVATION = "obs"
MEMORY = ("last_actions", "has_last")
"""Inputs of a low pass: the commands before, and 1 where there were any, else 0."""


@dataclass(frozen=True, kw_only=True)
class Interface:
    """How the graph of a policy is fed, and whether its commands are smoothed."""

    inputs: Inputs = "obs"
    low_pass_hz: float | None = None
    """Cut-off of a first-order low pass of the commands [Hz]; ``None`` leaves them as trained."""

    def __post_init__(self) -> None:
        """Refuse inputs that do not exist and filters that let nothing pass."""
        if self.inputs not in get_args(Inputs):
            raise InvalidSpecError(f"inputs must be {' or '.join(get_args(Inputs))}, not {self.inputs!r}")
        if self.low_pass_hz is not None and not 0 < self.low_pass_hz < math.inf:
            raise InvalidSpecError(f"low_pass_hz must be positive and finite, not {self.low_pass_hz}")

    def keep(self, control_hz: float) -> float | None:
        """Share of the last command that stays in the next one; ``None`` without low pass."""
        return None if self.low_pass_hz is None else math.exp(-2 * math.pi * self.low_pass_hz / control_hz)

    def layout(self, observation: Signature, n_actions: int) -> dict[str, int]:
        """Name and size of every input, in order."""
        sensors = {field.name: field.size for field in observation.fields}
        memory = {} if self.low_pass_hz is None else dict(zip(MEMORY, (n_actions, 1), strict=True))
        return (sensors if self.inputs == "sensors" else {OBSERVATION: observation.size}) | memory
