"""What a robot senses, in which frame, and how imperfectly."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from hacpo_robot.errors import InvalidSpecError, UnknownNameError

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

EVERY_FRAME: tuple[Frame, ...] = ("world", "base", "tool")
FRAMES: Mapping[Quantity, tuple[Frame, ...]] = {
    "tool_pos": ("world", "base"),
    "tool_rot": ("world", "base"),
    "tool_vel": EVERY_FRAME,
    "tool_angvel": EVERY_FRAME,
    "object_pos": EVERY_FRAME,
    "object_offset": EVERY_FRAME,
    "object_rot": EVERY_FRAME,
    "object_vel": EVERY_FRAME,
    "goal_pos": EVERY_FRAME,
    "goal_offset": EVERY_FRAME,
}
"""The quantities that can be told in more than one frame."""


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

    def __post_init__(self) -> None:
        """Refuse what no camera can be."""
        if self.pos == self.target:
            raise InvalidSpecError(f"camera {self.name!r}: pos and target are the same point")
        if not 0 < self.fovy < 180 or min(self.width, self.height) < 1:
            raise InvalidSpecError(
                f"camera {self.name!r}: fovy must lie in (0, 180) and the size be positive"
            )


@dataclass(frozen=True, kw_only=True)
class SensorSpec:
    """One thing the robot senses. Imperfections are off by default.

    What becomes of a reading, in this order: it is taken ``rate_hz`` times a second, shifted by
    ``bias`` and ``noise``, lost by chance (``dropout``), delivered ``delay_s`` later, and clipped to
    the field's bounds. Bias and noise are added to the delivered numbers, also to sines, cosines and
    the columns of rotations. The first reading after a reset is never lost and fills the delay.
    """

    quantity: Quantity
    name: str = ""
    """Name of the field in the observation, the quantity's own where empty. One field per object:
    goes before the object's name."""
    frame: Frame = "world"
    """``base`` sits in the robot's base and has the world's axes. Forces at the wrist are told in the
    frame of the hand, keypoints in pixels."""
    encoding: Encoding = "raw"
    """``sincos`` delivers sine and cosine of every angle instead of the angle (``joint_pos`` only)."""
    camera: CameraSpec | None = None
    """The camera of ``object_keypoints``."""
    rate_hz: float | None = None
    """New readings per second, counted from the reset, the last one stays in between; every control
    step where ``None`` or faster."""
    delay_s: float = 0.0
    """Age of a reading when it is delivered [s], rounded to whole control steps."""
    noise: float = 0.0
    """Standard deviation of every reading, in the field's unit."""
    bias: float = 0.0
    """Standard deviation of an offset drawn at every reset for every element, in the field's unit."""
    dropout: float = 0.0
    """Probability that a reading is lost; the last one stays. Of keypoints, single corners are lost."""

    def __post_init__(self) -> None:
        """Refuse what no sensor can be: what is misspelt would be sensed by nobody."""
        what = self.name or self.quantity
        if self.quantity not in get_args(Quantity):
            raise UnknownNameError("quantity of a sensor", self.quantity, get_args(Quantity))
        if self.encoding not in get_args(Encoding):
            raise UnknownNameError("encoding of a sensor", self.encoding, get_args(Encoding))
        if (self.quantity == "object_keypoints") != (self.camera is not None):
            raise InvalidSpecError(f"sensor {what!r}: object_keypoints needs a camera, no other takes one")
        if self.encoding == "sincos" and self.quantity != "joint_pos":
            raise InvalidSpecError(f"sensor {what!r}: only joint_pos can be encoded as sine and cosine")
        known = FRAMES.get(self.quantity, ("world",))
        if self.frame not in known:
            raise InvalidSpecError(f"sensor {what!r}: no frame {self.frame!r}; known: {', '.join(known)}")
        if min(self.delay_s, self.noise, self.bias) < 0 or not 0 <= self.dropout < 1:
            raise InvalidSpecError(f"sensor {what!r}: no negative delay, noise or bias, dropout in [0, 1)")
        if self.rate_hz is not None and self.rate_hz <= 0:
            raise InvalidSpecError(f"sensor {what!r}: rate_hz must be positive, got {self.rate_hz}")

    @property
    def is_perfect(self) -> bool:
        """Whether every control step delivers the truth."""
        return self.rate_hz is None and not any((self.delay_s, self.noise, self.bias, self.dropout))

    def field_name(self, prop: str = "", what: str = "") -> str:
        """Name of the field, or of the one about an object; ``what`` it tells follows from the quantity."""
        if not prop:
            return self.name or self.quantity
        what = what or self.quantity.removeprefix("object_").removeprefix("fingertip_")
        return "_".join(filter(None, (self.name, prop, what)))
