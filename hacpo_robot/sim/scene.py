"""One MuJoCo model of a robot behind a table with the objects of a task."""

from dataclasses import dataclass

import mujoco
import numpy as np

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.paths import asset
from hacpo_robot.specs.robot import ArmSpec, GripperSpec, RobotSpec
from hacpo_robot.specs.task import TABLE_TOP, BoxProp, TaskSpec

ROBOT = "robot/"
GRIPPER = "robot/gripper/"
VISIBLE = 1
"""Geom group that cameras see; robosuite keeps collision shapes in group 0."""

# Servo and contact settings that stay stable at 5 ms; docs/physics.md tells how they were found.
TIMESTEP = 0.005
ARM_ARMATURE = 0.1
FINGER_ARMATURE = 0.01
STIFFNESS_PER_TORQUE = 24.0  # servo kp [Nm/rad] per Nm of torque limit
DAMPING_PER_STIFFNESS = 0.07  # servo kv [Nm s/rad] per kp


@dataclass(frozen=True)
class Scene:
    """A compiled model with the specs it was made from."""

    model: mujoco.MjModel
    robot: RobotSpec
    task: TaskSpec


def make_scene(robot: RobotSpec, task: TaskSpec, *, visual: bool = False) -> Scene:
    """Compile a robot and a task into one model.

    Args:
        robot: The embodiment; its parts are attached under ``robot/``.
        task: Its props become free bodies of the same name.
        visual: Keep the meshes that only cameras see. Physics is the same without them.
    """
    arena = _make_arena(with_goal=task.goal is not None)
    arm = _load_arm(robot.arm)
    gripper = _load_gripper(robot.gripper)
    hand = arm.body(robot.arm.hand_body)
    if hand is None:
        raise InvalidSpecError(f"robot {robot.name!r}: no body {robot.arm.hand_body!r} in {robot.arm.mjcf}")
    arm.attach(gripper, prefix="gripper/", frame=hand.add_frame())
    arena.attach(arm, prefix=ROBOT, frame=arena.worldbody.add_frame(pos=robot.arm.base_pos))
    if visual:
        mount = mujoco.MjSpec.from_file(str(asset(robot.arm.mount)))
        _make_intangible(mount)
        arena.attach(mount, prefix="mount/", frame=arena.worldbody.add_frame(pos=robot.arm.base_pos))
    for prop in task.props:
        _add_box(arena, prop)
    _add_sensors(arena, robot, task)
    if not visual:
        _drop_visuals(arena)
    return Scene(arena.compile(), robot, task)


def _make_arena(*, with_goal: bool) -> mujoco.MjSpec:
    spec = mujoco.MjSpec()
    spec.option.timestep = TIMESTEP
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10.0
    spec.visual.global_.offwidth, spec.visual.global_.offheight = 1280, 960
    spec.visual.headlight.ambient = (0.35, 0.35, 0.35)
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=(0.85, 0.9, 0.95),
        rgb2=(0.55, 0.6, 0.7),
        width=256,
        height=256,
    )
    world = spec.worldbody
    world.add_light(pos=(1.0, 1.0, 2.5), dir=(-0.4, -0.4, -1.0), castshadow=False)
    world.add_geom(
        name="floor", type=mujoco.mjtGeom.mjGEOM_PLANE, size=(3, 3, 0.1), rgba=(0.55, 0.57, 0.6, 1),
        group=VISIBLE, contype=0, conaffinity=0,
    )  # fmt: skip
    world.add_geom(
        name="table", type=mujoco.mjtGeom.mjGEOM_BOX, size=(0.4, 0.4, 0.025),
        pos=(0, 0, TABLE_TOP - 0.025), rgba=(0.78, 0.71, 0.6, 1), friction=(1.0, 0.005, 0.0001),
        group=VISIBLE,
    )  # fmt: skip
    world.add_camera(
        name="agentview", pos=(0.85, 0.75, 1.45), xyaxes=(-0.63, 0.77, 0, -0.32, -0.26, 0.91), fovy=45
    )
    if with_goal:
        goal = world.add_body(name="goal", mocap=True, pos=(0, 0, 1.0))
        goal.add_geom(
            type=mujoco.mjtGeom.mjGEOM_SPHERE, size=(0.02, 0, 0), rgba=(0.1, 0.7, 0.2, 0.6), group=VISIBLE,
            contype=0, conaffinity=0,
        )  # fmt: skip
    return spec


def _load_arm(arm: ArmSpec) -> mujoco.MjSpec:
    """The arm with position servos in place of its torque motors, weightless and free of contacts."""
    spec = mujoco.MjSpec.from_file(str(asset(arm.mjcf)))
    motors = {motor.target: motor for motor in spec.actuators}
    missing = [name for name in arm.joints if name not in motors]
    if missing:
        raise InvalidSpecError(
            f"{arm.mjcf}: no motor drives {', '.join(missing)}; known: {', '.join(motors)}"
        )
    torques = {name: float(motors[name].ctrlrange[1]) for name in arm.joints}
    for motor in list(spec.actuators):
        spec.delete(motor)
    for name in arm.joints:
        joint = spec.joint(name)
        joint.armature = max(joint.armature, ARM_ARMATURE)
        _add_servo(spec, name, torques[name])
        joint.parent.add_site(name=f"{name}_axis", pos=joint.pos, zaxis=joint.axis)
    _make_intangible(spec)
    _make_weightless(spec)
    return spec


def _add_servo(spec: mujoco.MjSpec, joint: str, torque: float) -> None:
    stiffness = STIFFNESS_PER_TORQUE * torque
    gain, bias = np.zeros(10), np.zeros(10)
    gain[0] = stiffness
    bias[1:3] = -stiffness, -DAMPING_PER_STIFFNESS * stiffness
    spec.add_actuator(
        name=joint,
        target=joint,
        trntype=mujoco.mjtTrn.mjTRN_JOINT,
        gaintype=mujoco.mjtGain.mjGAIN_FIXED,
        biastype=mujoco.mjtBias.mjBIAS_AFFINE,
        gainprm=gain,
        biasprm=bias,
        forcelimited=True,
        forcerange=(-torque, torque),
    )


def _load_gripper(gripper: GripperSpec) -> mujoco.MjSpec:
    spec = mujoco.MjSpec.from_file(str(asset(gripper.mjcf)))
    for joint in spec.joints:
        joint.armature = max(joint.armature, FINGER_ARMATURE)
    for sensor in list(spec.sensors):
        spec.delete(sensor)
    _make_weightless(spec)
    return spec


def _make_intangible(spec: mujoco.MjSpec) -> None:
    for geom in spec.geoms:
        geom.contype = geom.conaffinity = 0


def _make_weightless(spec: mujoco.MjSpec) -> None:
    for body in spec.bodies:
        body.gravcomp = 1.0


def _add_box(spec: mujoco.MjSpec, prop: BoxProp) -> None:
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
    )


def _add_sensors(spec: mujoco.MjSpec, robot: RobotSpec, task: TaskSpec) -> None:
    """Everything the step loop reads, so that one native call returns it for all worlds."""
    sensor, kind = mujoco.mjtSensor, mujoco.mjtObj
    for name in robot.arm.joints:
        _sense(spec, f"{name}_pos", sensor.mjSENS_JOINTPOS, kind.mjOBJ_JOINT, ROBOT + name)
        _sense(spec, f"{name}_vel", sensor.mjSENS_JOINTVEL, kind.mjOBJ_JOINT, ROBOT + name)
        _sense(spec, f"{name}_anchor", sensor.mjSENS_FRAMEPOS, kind.mjOBJ_SITE, f"{ROBOT}{name}_axis")
        _sense(spec, f"{name}_axis", sensor.mjSENS_FRAMEZAXIS, kind.mjOBJ_SITE, f"{ROBOT}{name}_axis")
    for name in robot.gripper.finger_joints:
        _sense(spec, f"{name}_finger", sensor.mjSENS_JOINTPOS, kind.mjOBJ_JOINT, GRIPPER + name)
    tool = GRIPPER + robot.gripper.tool_site
    _sense(spec, "tool_pos", sensor.mjSENS_FRAMEPOS, kind.mjOBJ_SITE, tool)
    _sense(spec, "tool_quat", sensor.mjSENS_FRAMEQUAT, kind.mjOBJ_SITE, tool)
    _sense(spec, "tool_vel", sensor.mjSENS_FRAMELINVEL, kind.mjOBJ_SITE, tool)
    for prop in task.props:
        _sense(spec, f"{prop.name}_pos", sensor.mjSENS_FRAMEPOS, kind.mjOBJ_XBODY, prop.name)
        _sense(spec, f"{prop.name}_quat", sensor.mjSENS_FRAMEQUAT, kind.mjOBJ_XBODY, prop.name)
        for side, pads in (("left", robot.gripper.left_pads), ("right", robot.gripper.right_pads)):
            for pad in pads:
                _sense_contact(spec, f"{prop.name}_{side}_{pad}", GRIPPER + pad, prop.name)


def _sense(
    spec: mujoco.MjSpec, name: str, sensor: mujoco.mjtSensor, kind: mujoco.mjtObj, target: str
) -> None:
    spec.add_sensor(name=name, type=sensor, objtype=kind, objname=target)


def _sense_contact(spec: mujoco.MjSpec, name: str, geom: str, other: str) -> None:
    spec.add_sensor(
        name=name,
        type=mujoco.mjtSensor.mjSENS_CONTACT,
        objtype=mujoco.mjtObj.mjOBJ_GEOM,
        objname=geom,
        reftype=mujoco.mjtObj.mjOBJ_GEOM,
        refname=other,
        intprm=(1 << int(mujoco.mjtConDataField.mjCONDATA_FOUND), 0, 1),
    )


def _drop_visuals(spec: mujoco.MjSpec) -> None:
    """Remove geoms that never collide, then the meshes and materials that nothing uses."""
    for geom in list(spec.geoms):
        if geom.contype == 0 and geom.conaffinity == 0:
            spec.delete(geom)
    used = {geom.meshname for geom in spec.geoms}
    for mesh in list(spec.meshes):
        if mesh.name not in used:
            spec.delete(mesh)
