"""A gripper as a part of a scene: bodies and shapes of its file, drives and contacts of our own."""

from xml.etree import ElementTree

import mujoco
import numpy as np

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.paths import asset
from hacpo_robot.sim.parts import add_servo, make_weightless
from hacpo_robot.specs.robot import GripperSpec
from hacpo_robot.specs.rotation import quaternion_of_yaw

COLLIDES = (2, 1)
"""contype and conaffinity: a gripper touches boxes, table and fixtures, its own parts never each other."""

# Settings that stay stable at 5 ms; docs/physics.md tells how they were found.
FINGER_MASS = 0.5  # of one finger with its drive, felt at the tip [kg]
FULL_FORCE_AT = 0.2  # share of the stroke by which a servo misses its target when it presses fully
SERVO_TIME = 0.05  # servo kv per kp [s]
SOLREF = (0.01, 1.0)  # of couplings and fingers: two physics steps, no bounce
SOLMIX = 10.0  # in a contact the finger's solref and solimp count ten times the object's
SOLIMP = (0.95, 0.99, 0.001, 0.5, 2.0)
PAD_FRICTION = (2.0, 0.05, 0.0001)
PAD_CONDIM = 4  # resists twisting, too

DROPPED_SECTIONS = ("actuator", "contact", "equality", "sensor", "tendon")
DROPPED_ATTRIBUTES = {
    "joint": ("armature", "damping", "frictionloss", "springref", "stiffness"),
    "default": ("group",),
}
"""The last one is no attribute of MJCF, though robosuite's XArm gripper has it."""


def load_gripper(gripper: GripperSpec) -> mujoco.MjSpec:
    """The gripper, weightless, with a servo on every driven joint and the other joints coupled to them.

    Raises:
        InvalidSpecError: the file lacks a joint, a geom, a mesh or the tool site.
    """
    spec = mujoco.MjSpec.from_string(_read(gripper.mjcf))
    spec.modelfiledir = str(asset(gripper.mjcf).parent)
    _check_names(spec, gripper)
    for joint in gripper.finger_joints:
        _drive(spec, gripper, joint)
    _couple(spec, gripper)
    _make_touchable(spec, gripper)
    _place_tool(spec, gripper)
    make_weightless(spec)
    return spec


def _read(mjcf: str) -> str:
    """Bodies, shapes and assets of a file, without whatever moves them.

    robosuite's gripper files are parts, not models: its own loader reads their angles in radians
    whatever they say, and keeps the first of two assets of the same name.
    """
    root = ElementTree.parse(asset(mjcf)).getroot()
    if root.find("compiler") is None:
        root.insert(0, ElementTree.Element("compiler", angle="radian"))
    for section in [section for section in root if section.tag in DROPPED_SECTIONS]:
        root.remove(section)
    for tag, attributes in DROPPED_ATTRIBUTES.items():
        for element in root.iter(tag):
            for attribute in attributes:
                element.attrib.pop(attribute, None)
    for assets in root.iter("asset"):
        first = {
            (element.tag, element.get("name", element.get("file"))): element for element in reversed(assets)
        }
        assets[:] = reversed(first.values())
    return ElementTree.tostring(root, encoding="unicode")


def _check_names(spec: mujoco.MjSpec, gripper: GripperSpec) -> None:
    wanted = {
        "joint": (tuple(gripper.open_posture), spec.joints),
        "geom": ((*gripper.left_pads, *gripper.right_pads), spec.geoms),
        "mesh": (gripper.hollow_meshes, spec.meshes),
        "site": ((gripper.tool_site,), spec.sites),
    }
    for kind, (names, elements) in wanted.items():
        known = [element.name for element in elements if element.name]
        if missing := [name for name in names if name not in known]:
            raise InvalidSpecError(
                f"gripper {gripper.name!r}: no {kind} {', '.join(missing)} in {gripper.mjcf}; "
                f"known: {', '.join(known)}"
            )


def _drive(spec: mujoco.MjSpec, gripper: GripperSpec, joint: str) -> None:
    """A position servo whose force limit presses the fingertips together with ``gripper.force``.

    By virtual work: all servos together, each over its own span, do what the force does over the stroke.
    """
    spans = np.abs(np.subtract(gripper.finger_opened, gripper.finger_closed))
    span = spans[gripper.finger_joints.index(joint)]
    force = gripper.force * gripper.stroke / spans.sum()
    stiffness = force / (FULL_FORCE_AT * span)
    add_servo(spec, joint, force=force, stiffness=stiffness, damping=SERVO_TIME * stiffness)


def _couple(spec: mujoco.MjSpec, gripper: GripperSpec) -> None:
    """Give every joint its share of the finger's mass, and tie the following ones to their leaders."""
    lever = gripper.stroke / 2 / np.abs(np.subtract(gripper.finger_opened, gripper.finger_closed)).mean()
    for name in gripper.open_posture:
        spec.joint(name).armature = FINGER_MASS * lever**2
    for coupling in gripper.couplings:
        follower, leader = spec.joint(coupling.follower), spec.joint(coupling.leader)
        # MuJoCo counts both from their reference positions.
        constant = coupling.offset + coupling.ratio * leader.ref - follower.ref
        spec.add_equality(
            type=mujoco.mjtEq.mjEQ_JOINT,
            name1=coupling.follower,
            name2=coupling.leader,
            data=(constant, coupling.ratio, *np.zeros(9)),
            solref=SOLREF,
            solimp=SOLIMP,
        )
        follower.limited = mujoco.mjtLimited.mjLIMITED_FALSE


def _make_touchable(spec: mujoco.MjSpec, gripper: GripperSpec) -> None:
    """Collisions and contacts of all geoms that the file lets collide, hollow meshes excepted."""
    pads = {*gripper.left_pads, *gripper.right_pads}
    for geom in spec.geoms:
        if geom.contype == geom.conaffinity == 0 or geom.meshname in gripper.hollow_meshes:
            geom.contype = geom.conaffinity = 0
            continue
        geom.contype, geom.conaffinity, geom.priority = *COLLIDES, 0
        geom.solref, geom.solimp, geom.solmix = SOLREF, SOLIMP, SOLMIX
        if geom.name in pads:
            geom.friction, geom.condim = PAD_FRICTION, PAD_CONDIM


def _place_tool(spec: mujoco.MjSpec, gripper: GripperSpec) -> None:
    site = spec.site(gripper.tool_site)
    shift, turned = np.zeros(3), np.zeros(4)
    mujoco.mju_rotVecQuat(shift, np.array([0.0, 0.0, gripper.tool_shift]), site.quat)
    mujoco.mju_mulQuat(turned, site.quat, quaternion_of_yaw(np.asarray(gripper.tool_yaw)))
    site.pos, site.quat = site.pos + shift, turned
