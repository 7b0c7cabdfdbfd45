"""Everything the step loop reads, as MuJoCo sensors: one native call returns it for all worlds."""

from itertools import combinations

import mujoco

from hacpo_robot.sim.parts import WRIST
from hacpo_robot.specs.prop import BoxProp, FixtureProp, Prop
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.task import TaskSpec

ROBOT = "robot/"
GRIPPER = "robot/gripper/"
TABLE_FORCE = "table_force"
NET_FORCE = 3
"""How a contact sensor sums up: one force of all contacts, in the world's axes."""

KIND, TARGET = mujoco.mjtSensor, mujoco.mjtObj


def add_instruments(spec: mujoco.MjSpec, robot: RobotSpec, task: TaskSpec) -> None:
    """Add all sensors of a scene to its joined model."""
    _add_body_instruments(spec, robot)
    _sense_table_force(spec, robot)
    for prop in task.props:
        _add_prop_instruments(spec, robot, prop)
    for one, other in combinations(task.props, 2):
        _sense_contact(spec, f"{one.name}_{other.name}", _outline(one), _outline(other))


def _add_body_instruments(spec: mujoco.MjSpec, robot: RobotSpec) -> None:
    sensed = {sensor.quantity for sensor in robot.sensors}
    for name in robot.arm.joints:
        _sense(spec, f"{name}_pos", KIND.mjSENS_JOINTPOS, TARGET.mjOBJ_JOINT, ROBOT + name)
        _sense(spec, f"{name}_vel", KIND.mjSENS_JOINTVEL, TARGET.mjOBJ_JOINT, ROBOT + name)
        _sense(spec, f"{name}_effort", KIND.mjSENS_JOINTACTFRC, TARGET.mjOBJ_JOINT, ROBOT + name)
        _sense(spec, f"{name}_anchor", KIND.mjSENS_FRAMEPOS, TARGET.mjOBJ_SITE, f"{ROBOT}{name}_axis")
        _sense(spec, f"{name}_axis", KIND.mjSENS_FRAMEZAXIS, TARGET.mjOBJ_SITE, f"{ROBOT}{name}_axis")
    for name in robot.gripper.finger_joints:
        _sense(spec, f"{name}_finger", KIND.mjSENS_JOINTPOS, TARGET.mjOBJ_JOINT, GRIPPER + name)
    tool = GRIPPER + robot.gripper.tool_site
    _sense(spec, "tool_pos", KIND.mjSENS_FRAMEPOS, TARGET.mjOBJ_SITE, tool)
    _sense(spec, "tool_quat", KIND.mjSENS_FRAMEQUAT, TARGET.mjOBJ_SITE, tool)
    _sense(spec, "tool_vel", KIND.mjSENS_FRAMELINVEL, TARGET.mjOBJ_SITE, tool)
    _sense(spec, "tool_angvel", KIND.mjSENS_FRAMEANGVEL, TARGET.mjOBJ_SITE, tool)
    # Interaction forces cost a pass over all bodies: only for a robot that feels them.
    if "wrist_force" in sensed:
        _sense(spec, "wrist_force", KIND.mjSENS_FORCE, TARGET.mjOBJ_SITE, ROBOT + WRIST)
    if "wrist_torque" in sensed:
        _sense(spec, "wrist_torque", KIND.mjSENS_TORQUE, TARGET.mjOBJ_SITE, ROBOT + WRIST)


def _sense_table_force(spec: mujoco.MjSpec, robot: RobotSpec) -> None:
    """What arm and gripper together press on the table with, world frame [N]."""
    spec.add_sensor(
        name=TABLE_FORCE,
        type=KIND.mjSENS_CONTACT,
        objtype=TARGET.mjOBJ_XBODY,
        objname=spec.joint(ROBOT + robot.arm.joints[0]).parent.name,
        reftype=TARGET.mjOBJ_GEOM,
        refname="table",
        intprm=(1 << int(mujoco.mjtConDataField.mjCONDATA_FORCE), NET_FORCE, 1),
    )


def _add_prop_instruments(spec: mujoco.MjSpec, robot: RobotSpec, prop: Prop) -> None:
    name = prop.name
    if isinstance(prop, BoxProp):
        frame, target = TARGET.mjOBJ_XBODY, name
    else:
        frame, target = TARGET.mjOBJ_SITE, f"{name}/{prop.handle_site}"
        for joint in prop.joints:
            _sense(spec, f"{name}_{joint}", KIND.mjSENS_JOINTPOS, TARGET.mjOBJ_JOINT, f"{name}/{joint}")
    _sense(spec, f"{name}_pos", KIND.mjSENS_FRAMEPOS, frame, target)
    _sense(spec, f"{name}_quat", KIND.mjSENS_FRAMEQUAT, frame, target)
    _sense(spec, f"{name}_vel", KIND.mjSENS_FRAMELINVEL, frame, target)
    for side, pads in (("left", robot.gripper.left_pads), ("right", robot.gripper.right_pads)):
        for sensor, pad, geom in touch_sensors(prop, side, pads):
            _sense_contact(spec, sensor, _fingertip(spec, GRIPPER + pad, prop), (TARGET.mjOBJ_GEOM, geom))


def _fingertip(spec: mujoco.MjSpec, pad: str, prop: Prop) -> tuple[mujoco.mjtObj, str]:
    """What of a fingertip is felt: on a box the pad that holds it, on a handle any side that hooks it."""
    if isinstance(prop, FixtureProp):
        return TARGET.mjOBJ_BODY, spec.geom(pad).parent.name
    return TARGET.mjOBJ_GEOM, pad


def _outline(prop: Prop) -> tuple[mujoco.mjtObj, str]:
    """What counts as touching a prop: its one body, or everything that hangs on its root."""
    if isinstance(prop, FixtureProp):
        return TARGET.mjOBJ_XBODY, prop.name
    return TARGET.mjOBJ_BODY, prop.name


def touch_sensors(prop: Prop, side: str, pads: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Contact sensors between the pads of one side and a prop: name of sensor, pad and geom of the prop."""
    geoms = (prop.name,) if isinstance(prop, BoxProp) else [f"{prop.name}/{g}" for g in prop.handle_geoms]
    return [(f"{side}_{pad}_{geom}", pad, geom) for pad in pads for geom in geoms]


def _sense(
    spec: mujoco.MjSpec, name: str, sensor: mujoco.mjtSensor, kind: mujoco.mjtObj, target: str
) -> None:
    spec.add_sensor(name=name, type=sensor, objtype=kind, objname=target)


def _sense_contact(
    spec: mujoco.MjSpec, name: str, one: tuple[mujoco.mjtObj, str], other: tuple[mujoco.mjtObj, str]
) -> None:
    """1 where any geom of one touches any geom of the other, else 0."""
    spec.add_sensor(
        name=name,
        type=KIND.mjSENS_CONTACT,
        objtype=one[0],
        objname=one[1],
        reftype=other[0],
        refname=other[1],
        intprm=(1 << int(mujoco.mjtConDataField.mjCONDATA_FOUND), 0, 1),
    )
