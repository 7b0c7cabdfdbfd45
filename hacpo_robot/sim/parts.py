"""The parts a scene is joined from: arm, boxes, fixtures, each loaded and made stable."""

import mujoco
import numpy as np

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.paths import asset
from hacpo_robot.specs.action import JointVelocity
from hacpo_robot.specs.prop import BoxProp, FixtureProp
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.task import TABLE_TOP

VISIBLE = 1
"""Geom group that cameras see; robosuite keeps collision shapes in group 0."""
WRIST = "wrist"
"""Site on the hand where forces are felt."""

# MuJoCo lets two geoms touch where a bit of one's contype is in the other's conaffinity. A gripper has
# (2, 1). An arm touches the table alone; a fixture stands where it was put, whatever table is there.
TABLE_COLLIDES = (1 | 8, 1)
ARM_COLLIDES = (0, 8)
BOX_COLLIDES = (1, 1 | 4)
FIXTURE_COLLIDES = (4, 2 | 4)

# Servo and contact settings that stay stable at 5 ms; docs/physics.md tells how they were found.
STIFFNESS_PER_TORQUE = 24.0  # servo kp [Nm/rad] per Nm of torque limit
DAMPING_PER_STIFFNESS = 0.07  # servo kv [Nm s/rad] per kp


def load_arm(robot: RobotSpec) -> mujoco.MjSpec:
    """The arm with servos in place of its motors, weightless, its links free of contacts but with the table.

    Raises:
        InvalidSpecError: the file lacks a joint's motor, what it can exert, or the hand.
    """
    arm = robot.arm
    spec = load(arm.mjcf)
    motors = {motor.target: motor for motor in spec.actuators}
    missing = [name for name in arm.joints if name not in motors]
    if missing:
        raise InvalidSpecError(
            f"{arm.mjcf}: no motor drives {', '.join(missing)}; known: {', '.join(motors)}"
        )
    hand = spec.body(arm.hand_body)
    if hand is None:
        raise InvalidSpecError(f"robot {robot.name!r}: no body {arm.hand_body!r} in {arm.mjcf}")
    hand.add_site(name=WRIST)
    forces = {name: _strength(motors[name]) for name in arm.joints}
    if boundless := [name for name, force in forces.items() if not force]:
        raise InvalidSpecError(
            f"{arm.mjcf}: no torque limit for {', '.join(boundless)}; "
            "motors need a ctrlrange, servos a forcerange"
        )
    for motor in list(spec.actuators):
        spec.delete(motor)
    for name in arm.joints:
        joint = spec.joint(name)
        _check_slide(f"robot {robot.name!r}", joint, slides=name in arm.slides, mjcf=arm.mjcf)
        joint.armature = max(joint.armature, arm.armature)
        stiffness = STIFFNESS_PER_TORQUE * forces[name]
        damping = DAMPING_PER_STIFFNESS * stiffness
        if isinstance(robot.action, JointVelocity):
            stiffness = 0.0
        add_servo(spec, name, force=forces[name], stiffness=stiffness, damping=damping)
        joint.parent.add_site(name=f"{name}_axis", pos=joint.pos, zaxis=joint.axis)
    _let_touch_table(spec)
    make_weightless(spec)
    return spec


def _strength(motor: mujoco.MjsActuator) -> float:
    """The most that an actuator exerts [Nm, prismatic N]; 0 where its file does not say.

    A motor's ``ctrlrange`` is a force. A servo's is a position or a speed, so that its ``forcerange`` counts.
    """
    limits = [motor.forcerange[1]]
    if motor.gaintype == mujoco.mjtGain.mjGAIN_FIXED and motor.biastype == mujoco.mjtBias.mjBIAS_NONE:
        limits.append(motor.ctrlrange[1] * motor.gainprm[0])
    return float(min((limit for limit in limits if limit > 0), default=0.0) * motor.gear[0])


def _let_touch_table(spec: mujoco.MjSpec) -> None:
    """A file's collision shapes touch the table; where it has none, all its shapes do."""
    solid = [geom for geom in spec.geoms if geom.contype or geom.conaffinity] or list(spec.geoms)
    make_intangible(spec)
    for geom in solid:
        geom.contype, geom.conaffinity = ARM_COLLIDES


def _check_slide(whose: str, joint: mujoco.MjsJoint, *, slides: bool, mjcf: str) -> None:
    if slides != (joint.type == mujoco.mjtJoint.mjJNT_SLIDE):
        kind = "revolute" if slides else "prismatic"
        raise InvalidSpecError(f"{whose}: joint {joint.name!r} is {kind} in {mjcf}")


def add_servo(spec: mujoco.MjSpec, joint: str, *, force: float, stiffness: float, damping: float) -> None:
    """A position servo of a joint, named like it; a velocity servo where it has no stiffness."""
    gain, bias = np.zeros(10), np.zeros(10)
    gain[0] = stiffness or damping
    bias[1:3] = -stiffness, -damping
    spec.add_actuator(
        name=joint,
        target=joint,
        trntype=mujoco.mjtTrn.mjTRN_JOINT,
        gaintype=mujoco.mjtGain.mjGAIN_FIXED,
        biastype=mujoco.mjtBias.mjBIAS_AFFINE,
        gainprm=gain,
        biasprm=bias,
        forcelimited=True,
        forcerange=(-force, force),
    )


def load_fixture(prop: FixtureProp) -> mujoco.MjSpec:
    """The fixture's file, its geoms drawn, and touched by robot and boxes.

    robosuite's object files give angles in radians and leave it to the scene to say so.

    Raises:
        InvalidSpecError: the file lacks the body or the handle, or its joints are of another kind.
    """
    spec = load(prop.mjcf)
    spec.compiler.degree = False
    if spec.body(prop.body) is None:
        raise InvalidSpecError(f"fixture {prop.name!r}: no body {prop.body!r} in {prop.mjcf}")
    for joint in spec.joints:
        if joint.name in prop.joints:
            _check_slide(f"fixture {prop.name!r}", joint, slides=joint.name in prop.slides, mjcf=prop.mjcf)
    for geom in spec.geoms:
        geom.contype, geom.conaffinity = FIXTURE_COLLIDES
        geom.group = VISIBLE
    handle = spec.site(prop.handle_site)
    if handle is None:
        raise InvalidSpecError(f"fixture {prop.name!r}: no site {prop.handle_site!r} in {prop.mjcf}")
    mujoco.mju_mulQuat(handle.quat, handle.quat.copy(), np.array(prop.handle_quat))
    return spec


def set_resistance(model: mujoco.MjModel, prop: FixtureProp) -> None:
    """Give the joints of a fixture their damping and friction (``MjSpec`` names these anew in MuJoCo 3.9)."""
    for name, damping, friction in zip(prop.joints, prop.damping, prop.friction, strict=True):
        dof = model.joint(f"{prop.name}/{name}").dofadr[0]
        model.dof_damping[dof], model.dof_frictionloss[dof] = damping, friction


def load(mjcf: str) -> mujoco.MjSpec:
    """A model file of robosuite or of our own."""
    return mujoco.MjSpec.from_file(str(asset(mjcf)))


def make_intangible(spec: mujoco.MjSpec) -> None:
    """Let nothing collide with any geom."""
    for geom in spec.geoms:
        geom.contype = geom.conaffinity = 0


def make_weightless(spec: mujoco.MjSpec) -> None:
    """Let gravity pull at no body."""
    for body in spec.bodies:
        body.gravcomp = 1.0


def add_box(spec: mujoco.MjSpec, prop: BoxProp) -> None:
    """A free box on the table."""
    body = spec.worldbody.add_body(name=prop.name, pos=(0, 0, TABLE_TOP + prop.half_size[2]))
    body.add_freejoint(name=prop.name)
    body.add_geom(
        name=prop.name,
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=prop.half_size,
        density=prop.density,
        friction=prop.friction,
        rgba=prop.rgba,
        group=VISIBLE,
        contype=BOX_COLLIDES[0],
        conaffinity=BOX_COLLIDES[1],
    )


def drop_visuals(spec: mujoco.MjSpec) -> None:
    """Remove geoms that neither collide nor give their body its mass, then meshes that nothing uses."""
    for geom in list(spec.geoms):
        weightless = geom.parent.explicitinertial or geom.parent == spec.worldbody
        if geom.contype == 0 and geom.conaffinity == 0 and weightless:
            spec.delete(geom)
    used = {geom.meshname for geom in spec.geoms}
    for mesh in list(spec.meshes):
        if mesh.name not in used:
            spec.delete(mesh)
