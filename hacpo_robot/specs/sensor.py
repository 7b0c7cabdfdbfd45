"""What a robot senses, in which frame, and how imperfectly."""

from dataclasses import dataclass
from typing import Literal

from hacpo_robot.errors import InvalidSpecError

Quantity = Literal[
    "joint_pos",
    "joint_vel",
    "joint_effort",
    "tool_pos",
    "tool_rot",
    "tool_vel",
    "tool_angvel",
    "gripper_width",
    "gripper_command",
    "wrist_force",
    "wrist_torque",
    "fingertip_touch",
    "object_pos",
    "object_offset",
    "object_rot",
    "object_vel",
    "object_joints",
    "object_keypoints",
    "goal_pos",
    "goal_offset",
]
Frame = Literal["world", "base", "tool"]
Encoding = Literal["raw", "sincos"]


@dataclass(frozen=True, kw_only=True)
class CameraSpec:
    """A pinhole camera that stands in the world, as OpenCV describes one: x right, y down, z forward."""

    name: str
    pos: tuple[float, float, float]
    """Optical centre in the world [m]."""
    target: tuple[float, float, float]
    """Point in the middle of the picture [m]; the horizon stays level."""
    fovy: float = 45.0
    """Vertical field of view [deg]."""
    width: int = 128
    """[pixels]."""
    height: int = 128


@dataclass(frozen=True, kw_only=True)
class SensorSpec:
    """One thing the robot senses. Imperfections are off by default."""

    quantity: Quantity
    name: str = ""
    """Name of the field in the observation; the quantity's own where empty."""
    frame: Frame = "world"
    encoding: Encoding = "raw"
    """``sincos`` delivers sine and cosine of every angle instead of the angle (``joint_pos`` only)."""
    camera: CameraSpec | None = None
    """The camera of ``object_keypoints``."""
    rate_hz: float | None = None
    """New readings per second, the last one stays in between; every control step where ``None``."""
    delay_s: float = 0.0
    """Age of a reading when it is delivered [s]."""
    noise: float = 0.0
    """Standard deviation of every reading, in the field's unit."""
    bias: float = 0.0
    """Standard deviation of an offset drawn at every reset, in the field's unit."""
    dropout: float = 0.0
    """Probability that a reading is lost; the last one stays."""

    def __post_init__(self) -> None:
        """Refuse what no sensor can be."""
        what = self.name or self.quantity
        if (self.quantity == "object_keypoints") != (self.camera is not None):
            raise InvalidSpecError(f"sensor {what!r}: object_keypoints needs a camera, no other takes one")
        if self.encoding == "sincos" and self.quantity != "joint_pos":
            raise InvalidSpecError(f"sensor {what!r}: only joint_pos can be encoded as sine and cosine")
        if min(self.delay_s, self.noise, self.bias) < 0 or not 0 <= self.dropout < 1:
            raise InvalidSpecError(f"sensor {what!r}: no negative delay, noise or bias, dropout in [0, 1)")
        if self.rate_hz is not None and self.rate_hz <= 0:
            raise InvalidSpecError(f"sensor {what!r}: rate_hz must be positive, got {self.rate_hz}")
