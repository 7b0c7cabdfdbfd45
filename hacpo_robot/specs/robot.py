"""What a robot is: an arm, a gripper, sensors, and a way to be commanded. Data, no behaviour."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.specs.ability import Ability, find_obstacle
from hacpo_robot.specs.action import ActionSpec
from hacpo_robot.specs.sensor import SensorSpec
from hacpo_robot.specs.task import TaskSpec

Position = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class ArmSpec:
    """One serial arm on its mount, as its MJCF describes it."""

    mjcf: str
    """Model file, see :func:`hacpo_robot.paths.asset`."""
    joints: tuple[str, ...]
    """Names in control order, base to tip."""
    home: tuple[float, ...]
    """Joint positions at reset [rad, prismatic joints m]; one per joint."""
    slides: tuple[str, ...] = ()
    """The prismatic ones among ``joints``."""
    armature: float = 0.1
    """Least inertia that motor and gears add to every joint [kg m2, prismatic kg]; small for small arms."""
    hand_body: str = "right_hand"
    """Body that carries the gripper."""
    base_pos: Position = (-0.56, 0.0, 0.912)
    """Base in the world [m]; robosuite's place behind a table of 0.8 m."""
    mount: str | None = "robosuite:bases/rethink_mount.xml"
    """Stand under the base, for pictures only."""

    def __post_init__(self) -> None:
        """Refuse lists of unequal length and slides that are no joints."""
        if len(self.joints) != len(self.home):
            raise InvalidSpecError(f"{self.mjcf}: {len(self.joints)} joints, {len(self.home)} home positions")
        if unknown := set(self.slides) - set(self.joints):
            raise InvalidSpecError(
                f"{self.mjcf}: slides {', '.join(sorted(unknown))} are not among the joints"
            )

    @property
    def is_slide(self) -> tuple[bool, ...]:
        """Which joints are prismatic, in control order."""
        return tuple(joint in self.slides for joint in self.joints)

    @property
    def joint_units(self) -> tuple[str, ...]:
        """Units of the joint positions, in control order."""
        return tuple("m" if slides else "rad" for slides in self.is_slide)


@dataclass(frozen=True)
class Coupling:
    """A joint that a linkage moves: ``follower = offset + ratio * leader``."""

    follower: str
    leader: str
    """One of the driven joints."""
    ratio: float
    offset: float = 0.0
    """[rad, prismatic m]."""


@dataclass(frozen=True, kw_only=True)
class GripperSpec:
    """A gripper as a part: any arm can carry it."""

    name: str
    mjcf: str
    """Model file, see :func:`hacpo_robot.paths.asset`; bodies and shapes are taken from it."""
    finger_joints: tuple[str, ...]
    """Joints driven by a servo each, from which the opening is read."""
    finger_opened: tuple[float, ...]
    """Their positions when open [rad, prismatic m]; one per finger joint."""
    finger_closed: tuple[float, ...]
    couplings: tuple[Coupling, ...] = ()
    """How all other joints follow the driven ones."""
    max_width: float
    """Opening between the fingertips when open [m]."""
    mid_width: float | None = None
    """Opening half way [m], where turning fingers stand wider than the mean; ``None``: the mean."""
    min_width: float = 0.0
    """Opening when closed on nothing [m]."""
    force: float = 20.0
    """What either fingertip presses with [N]."""
    left_pads: tuple[str, ...]
    """Collision geoms of one fingertip, or of the fingers on one side."""
    right_pads: tuple[str, ...]
    hollow_meshes: tuple[str, ...] = ()
    """Meshes that cannot be touched here, because boxes of the file fill the same place."""
    tool_site: str = "grip_site"
    """Site between the fingertips; its frame is the tool frame, z pointing out, fingers along x."""
    tool_shift: float = 0.0
    """How far the tool frame lies beyond the site of the file, outwards [m]."""
    tool_yaw: float = 0.0
    """How far it is turned from the site of the file, about z [rad]."""
    quat: Quaternion = (1.0, 0.0, 0.0, 0.0)
    """Turn of the gripper on the hand, w x y z."""
    source: str = ""
    """Where the numbers come from."""

    def __post_init__(self) -> None:
        """Refuse lists of unequal length, and couplings to joints that nothing drives."""
        if not len(self.finger_joints) == len(self.finger_opened) == len(self.finger_closed):
            raise InvalidSpecError(f"gripper {self.name!r}: one opened, one closed position per finger joint")
        if unknown := {coupling.leader for coupling in self.couplings} - set(self.finger_joints):
            raise InvalidSpecError(
                f"gripper {self.name!r}: nothing drives {', '.join(sorted(unknown))}; "
                f"driven: {', '.join(self.finger_joints)}"
            )

    @property
    def stroke(self) -> float:
        """Difference between the opening when open and when closed on nothing [m]."""
        return self.max_width - self.min_width

    @property
    def bow(self) -> float:
        """What turning fingers add to the straight line from closed to open: ``bow * s * (1 - s)`` [m]."""
        mean = (self.min_width + self.max_width) / 2
        return 0.0 if self.mid_width is None else 4 * (self.mid_width - mean)

    @property
    def open_posture(self) -> Mapping[str, float]:
        """Positions of all joints when open, driven then following [rad, prismatic m]."""
        driven = dict(zip(self.finger_joints, self.finger_opened, strict=True))
        return driven | {c.follower: c.offset + c.ratio * driven[c.leader] for c in self.couplings}


@dataclass(frozen=True, kw_only=True)
class RobotSpec:
    """One embodiment: kinematics, gripper, sensors and action interface."""

    name: str
    arm: ArmSpec
    gripper: GripperSpec
    sensors: tuple[SensorSpec, ...]
    """In the order of the observation vector, where what is sensed of the body comes before the world."""
    action: ActionSpec
    source: str
    """Where the numbers come from."""
    robosuite_name: str | None = None
    """The same arm in robosuite, where it has one."""
    unable: Mapping[Ability, str] = field(default_factory=dict)
    """What this body cannot do, each with the reason; tasks that need it are refused."""

    @property
    def n_joints(self) -> int:
        """Number of arm joints, gripper excluded."""
        return len(self.arm.joints)

    def check_able(self, task: TaskSpec) -> None:
        """Refuse a task that this body cannot do.

        Raises:
            InvalidSpecError: with the reason.
        """
        obstacle = find_obstacle(task.needs, self.unable)
        if obstacle is not None:
            raise InvalidSpecError(f"robot {self.name!r} cannot do task {task.name!r}: {obstacle}")
