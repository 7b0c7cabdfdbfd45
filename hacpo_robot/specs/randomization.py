"""How much worlds differ from each other, and from one episode to the next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hacpo_robot.errors import InvalidSpecError, UnknownNameError
from hacpo_robot.specs.prop import Range
from hacpo_robot.specs.signature import FloatArray

FACTORS = ("object_mass", "friction", "joint_damping", "servo_gain", "gripper_speed", "sensor_noise")
NAMES = (*FACTORS, "latency", *(f"{end}_{axis}" for end in ("camera_pos", "camera_target") for axis in "xyz"))
"""What a world draws, in this order."""
GRIPPER_SPEED, NOISE, LATENCY = map(NAMES.index, ("gripper_speed", "sensor_noise", "latency"))
CAMERA = slice(-6, None)


@dataclass(frozen=True, kw_only=True)
class Randomization:
    """Ranges from which every world draws at every reset, uniformly; everything is off by default.

    Domain randomisation: Tobin et al. 2017; of dynamics and latency: Peng et al. 2018.
    """

    object_mass: Range = (1.0, 1.0)
    """Factor on mass and inertia of everything that is no part of the robot."""
    friction: Range = (1.0, 1.0)
    """Factor on the friction of objects and gripper. In a contact MuJoCo takes the larger of the two: below
    1 what lies on the table slides there as before."""
    joint_damping: Range = (1.0, 1.0)
    """Factor on the passive damping of all joints, of robot and fixtures; where a model has none, none
    is added."""
    servo_gain: Range = (1.0, 1.0)
    """Factor on stiffness and damping of the arm's servos; their torque limits stay."""
    gripper_speed: Range = (1.0, 1.0)
    """Factor on the speed at which the gripper follows its command."""
    sensor_noise: Range = (1.0, 1.0)
    """Factor on the noise of all sensors; a sensor without noise gets none."""
    latency: tuple[int, int] = (0, 0)
    """Control steps by which actions arrive late, both ends included. Until the first one arrives the
    arm holds still and the gripper stays open."""
    camera_pos: float = 0.0
    """Largest shift of the cameras of keypoint sensors along each axis of the world [m]."""
    camera_target: float = 0.0
    """Largest shift of the point they look at along each axis of the world [m]."""

    def __post_init__(self) -> None:
        """Refuse ranges that are turned round, factors that are not positive, and broken steps."""
        for name in (*FACTORS, "latency"):
            low, high = getattr(self, name)
            if low > high:
                raise InvalidSpecError(f"randomization {name}: {low} is above {high}")
            if name in FACTORS and low <= 0:
                raise InvalidSpecError(f"randomization {name}: factors must be positive, not {low}")
        if self.latency[0] < 0 or any(step != int(step) for step in self.latency):
            raise InvalidSpecError(
                f"randomization latency: whole control steps from 0 up, not {self.latency}"
            )
        if min(self.camera_pos, self.camera_target) < 0:
            raise InvalidSpecError("randomization camera_pos, camera_target: no negative shifts")


Level = Literal["none", "mild", "wide"]
LEVELS: Mapping[Level, Randomization | None] = {
    "none": None,
    "mild": Randomization(
        object_mass=(0.7, 1.4),
        friction=(0.5, 1.4),
        joint_damping=(0.5, 2.0),
        servo_gain=(0.8, 1.25),
        gripper_speed=(0.25, 1.25),
        latency=(0, 1),
    ),
    "wide": Randomization(
        object_mass=(0.5, 2.0),
        friction=(0.5, 2.0),
        joint_damping=(0.3, 3.0),
        servo_gain=(0.6, 1.6),
        gripper_speed=(0.15, 1.5),
        sensor_noise=(0.5, 2.0),
        latency=(0, 2),
    ),
}
"""Ranges to train with, by name. ``mild``: what a model does not know, and commands that arrive a control
step late in every other episode; ``wide``: more of all that, and of the noise that sensors have."""


def level_of(name: Level) -> Randomization | None:
    """The ranges of a level.

    Raises:
        UnknownNameError: there is no such level; the message lists those that exist.
    """
    if name not in LEVELS:
        raise UnknownNameError("randomization", name, LEVELS)
    return LEVELS[name]


def draw(randomization: Randomization, rng: np.random.Generator) -> FloatArray:
    """One world's numbers for one episode, in the order of ``NAMES``. Shape (len(NAMES),).

    Every call takes the same share of ``rng``: switching one range on leaves the other numbers alone.
    """
    shifts = [randomization.camera_pos] * 3 + [randomization.camera_target] * 3
    ranges = [getattr(randomization, name) for name in (*FACTORS, "latency")]
    low, high = np.array([*ranges, *((-shift, shift) for shift in shifts)], float).T
    share = rng.random(len(NAMES))
    numbers = low + share * (high - low)
    numbers[LATENCY] = low[LATENCY] + np.floor(share[LATENCY] * (high[LATENCY] - low[LATENCY] + 1))
    return numbers
