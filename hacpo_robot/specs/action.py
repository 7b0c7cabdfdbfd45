"""How a robot is commanded. The gripper is the last element of every action: -1 closes it, 1 opens it."""

from dataclasses import dataclass
from typing import Literal, get_args

from hacpo_robot.errors import UnknownNameError

Rotation = Literal["upright", "yaw", "full"]


@dataclass(frozen=True, kw_only=True)
class JointPositionDelta:
    """Command: change of every joint position, from where the joint is now."""

    scale: float = 0.1
    """Motion of a revolute joint at action 1 [rad per control step]."""
    slide_scale: float = 0.03
    """Motion of a prismatic joint at action 1 [m per control step]."""


@dataclass(frozen=True, kw_only=True)
class JointVelocity:
    """Command: velocity of every joint."""

    scale: float = 1.0
    """Speed of a revolute joint at action 1 [rad/s]."""
    slide_scale: float = 0.5
    """Speed of a prismatic joint at action 1 [m/s]."""


@dataclass(frozen=True, kw_only=True)
class CartesianDelta:
    """Command: tool motion, from where the tool is now."""

    position_scale: float = 0.05
    """Translation at action 1 [m per control step]."""
    rotation_scale: float = 0.2
    """Turn at action 1 [rad per control step]."""
    rotation: Rotation = "yaw"
    """``upright``: translation only, the tool keeps pointing down; ``yaw``: and turns about the world's
    vertical; ``full``: a rotation vector in the world frame, nothing is held."""

    def __post_init__(self) -> None:
        """Refuse a rotation that does not exist."""
        if self.rotation not in get_args(Rotation):
            raise UnknownNameError("rotation", self.rotation, get_args(Rotation))


ActionSpec = JointPositionDelta | JointVelocity | CartesianDelta
