"""What a robot is: an arm, a gripper, sensors, and a way to be commanded. Data, no behaviour."""

from dataclasses import dataclass
from typing import Literal

from hacpo_robot.errors import InvalidSpecError

Quantity = Literal[
    "joint_pos",
    "joint_vel",
    "tool_pos",
    "tool_rot",
    "tool_vel",
    "gripper_width",
    "gripper_command",
    "fingertip_touch",
    "object_pos",
    "object_offset",
    "object_rot",
    "goal_pos",
    "goal_offset",
]
Frame = Literal["world", "tool"]


@dataclass(frozen=True, kw_only=True)
class ArmSpec:
    """One serial arm on its mount, as its MJCF describes it."""

    mjcf: str
    """Model file, see :func:`hacpo_robot.paths.asset`."""
    joints: tuple[str, ...]
    """Names in control order, base to tip."""
    home: tuple[float, ...]
    """Joint positions at reset [rad]; one per joint."""
    hand_body: str = "right_hand"
    """Body that carries the gripper."""
    base_pos: tuple[float, float, float] = (-0.56, 0.0, 0.912)
    """Base in the world [m]; robosuite's place behind a table of 0.8 m."""
    mount: str = "robosuite:bases/rethink_mount.xml"

    def __post_init__(self) -> None:
        """Refuse lists of unequal length."""
        if len(self.joints) != len(self.home):
            raise InvalidSpecError(f"{self.mjcf}: {len(self.joints)} joints, {len(self.home)} home positions")


@dataclass(frozen=True, kw_only=True)
class GripperSpec:
    """A parallel-jaw gripper as a part: any arm can carry it."""

    mjcf: str
    actuators: tuple[str, ...]
    opened: tuple[float, ...]
    """Actuator targets when open; one per actuator."""
    closed: tuple[float, ...]
    finger_joints: tuple[str, ...]
    """Joints whose absolute positions sum to the opening [m]."""
    left_pads: tuple[str, ...]
    """Collision geoms of one fingertip."""
    right_pads: tuple[str, ...]
    max_width: float
    """Opening between the fingertips when open [m]."""
    tool_site: str = "grip_site"
    """Site between the fingertips; its frame is the tool frame, z pointing out."""


@dataclass(frozen=True, kw_only=True)
class SensorSpec:
    """One thing the robot senses, and the frame it is delivered in."""

    quantity: Quantity
    frame: Frame = "world"


@dataclass(frozen=True, kw_only=True)
class JointPositionDelta:
    """Command: change of every joint position, from where the joint is now."""

    scale: float = 0.1
    """Joint motion at action 1 [rad per control step]."""


@dataclass(frozen=True, kw_only=True)
class CartesianDelta:
    """Command: tool translation and yaw, from where the tool is now; roll and pitch are held."""

    position_scale: float = 0.05
    """Tool motion at action 1 [m per control step]."""
    yaw_scale: float = 0.2
    """Tool turn about the world's vertical at action 1 [rad per control step]."""


@dataclass(frozen=True, kw_only=True)
class RobotSpec:
    """One embodiment: kinematics, gripper, sensors and action interface."""

    name: str
    arm: ArmSpec
    gripper: GripperSpec
    sensors: tuple[SensorSpec, ...]
    """In the order of the observation vector."""
    action: JointPositionDelta | CartesianDelta
    source: str
    """Where the numbers come from."""
    robosuite_name: str | None = None
    """The same arm in robosuite, where it has one."""

    @property
    def n_joints(self) -> int:
        """Number of arm joints, gripper excluded."""
        return len(self.arm.joints)
