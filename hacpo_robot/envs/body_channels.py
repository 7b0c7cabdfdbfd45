"""What a robot's sensors read of its own body, quantity by quantity."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.envs.frames import along_axes, base_origin
from hacpo_robot.sim.readout import JointState
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.rotation import sixd_of_matrix
from hacpo_robot.specs.sensor import Quantity, SensorSpec
from hacpo_robot.specs.signature import SIXD, XYZ, Field, FloatArray, symmetric_field, uniform_field
from hacpo_robot.specs.terms import TaskState

REACH = 2.0
"""Bound of every position [m]."""
SPEED = 5.0
"""Bound of every linear velocity [m/s]."""
TURN_SPEED = 10.0
"""Bound of every angular velocity [rad/s]."""
TORQUE, PUSH = 500.0, 5000.0
"""Bounds of what a servo exerts, revolute [Nm] and prismatic [N]; above what table-top arms can do."""
WRIST_FORCE, WRIST_TORQUE = 300.0, 30.0
"""Bounds at the wrist [N, Nm]: the measuring range of Robotiq's force torque sensor FT 300."""

BodyReader = Callable[[TaskState, JointState], FloatArray]


@dataclass(frozen=True)
class BodyChannel:
    """One reading of the robot's own body."""

    sensor: SensorSpec
    fields: tuple[Field, ...]
    read: BodyReader
    """The fields, one after the other. Shape (..., sum of sizes)."""


def body_channels(sensor: SensorSpec, robot: RobotSpec) -> tuple[BodyChannel, ...]:
    """What one sensor reads of the body: one thing, or nothing."""
    if sensor.quantity not in BODY:
        return ()
    field, read = BODY[sensor.quantity](sensor, robot)
    return (BodyChannel(sensor, (field,), read),)


def _joint_pos(sensor: SensorSpec, robot: RobotSpec) -> tuple[Field, BodyReader]:
    slides = np.array(robot.arm.is_slide)
    if sensor.encoding == "raw":
        return _joint_field(sensor, robot, ("rad", 2 * np.pi), ("m", REACH)), lambda _, j: j.pos
    elements, units, bounds = [], [], []
    for name, slide in zip(robot.arm.joints, slides, strict=True):
        elements += [name] if slide else [f"{name}_sin", f"{name}_cos"]
        units += ["m"] if slide else ["1", "1"]
        bounds += [REACH] if slide else [1.0, 1.0]
    field = symmetric_field(sensor.field_name(), elements, bounds, units=units)
    return field, lambda _, j: sines_and_cosines(j.pos, slides)


def sines_and_cosines(joint_pos: FloatArray, slides: NDArray[np.bool_]) -> FloatArray:
    """Joint by joint sine and cosine of an angle, or the position of a prismatic joint.

    Args:
        joint_pos: Shape (..., n_joints) [rad or m].
        slides: Which joints are prismatic. Shape (n_joints,).

    Returns:
        Shape (..., 2 per revolute, 1 per prismatic joint).
    """
    pairs = np.stack([np.where(slides, joint_pos, np.sin(joint_pos)), np.cos(joint_pos)], axis=-1)
    kept = np.stack([np.ones_like(slides), ~slides], axis=-1)
    return pairs[..., kept]


def _joint_vel(sensor: SensorSpec, robot: RobotSpec) -> tuple[Field, BodyReader]:
    return _joint_field(sensor, robot, ("rad/s", TURN_SPEED), ("m/s", SPEED)), lambda _, j: j.vel


def _joint_effort(sensor: SensorSpec, robot: RobotSpec) -> tuple[Field, BodyReader]:
    return _joint_field(sensor, robot, ("Nm", TORQUE), ("N", PUSH)), lambda _, j: j.effort


def _tool_pos(sensor: SensorSpec, robot: RobotSpec) -> tuple[Field, BodyReader]:
    origin = base_origin(robot) if sensor.frame == "base" else np.zeros(3)
    return _xyz(sensor, REACH, "m"), lambda s, _: s.tool_pos_w - origin


def _tool_rot(sensor: SensorSpec, _: RobotSpec) -> tuple[Field, BodyReader]:
    field = uniform_field(sensor.field_name(), SIXD, 1.0, unit="1", frame=sensor.frame)
    return field, lambda s, _: sixd_of_matrix(s.tool_rot_w)


def _tool_vel(sensor: SensorSpec, _: RobotSpec) -> tuple[Field, BodyReader]:
    return _xyz(sensor, SPEED, "m/s"), lambda s, _: along_axes(s, s.tool_vel_w, sensor.frame)


def _tool_angvel(sensor: SensorSpec, _: RobotSpec) -> tuple[Field, BodyReader]:
    return _xyz(sensor, TURN_SPEED, "rad/s"), lambda s, j: along_axes(s, j.tool_angvel_w, sensor.frame)


def _gripper_width(sensor: SensorSpec, _: RobotSpec) -> tuple[Field, BodyReader]:
    field = Field(name=sensor.field_name(), elements=("width",), unit="m", low=(-0.01,), high=(0.2,))
    return field, lambda s, _: s.gripper_width


def _gripper_command(sensor: SensorSpec, _: RobotSpec) -> tuple[Field, BodyReader]:
    return uniform_field(sensor.field_name(), ("opening",), 1.0, unit="1"), lambda s, _: s.gripper_command


def _wrist_force(sensor: SensorSpec, _: RobotSpec) -> tuple[Field, BodyReader]:
    field = uniform_field(sensor.field_name(), XYZ, WRIST_FORCE, unit="N", frame="hand")
    return field, lambda _, j: j.wrist_force


def _wrist_torque(sensor: SensorSpec, _: RobotSpec) -> tuple[Field, BodyReader]:
    field = uniform_field(sensor.field_name(), XYZ, WRIST_TORQUE, unit="Nm", frame="hand")
    return field, lambda _, j: j.wrist_torque


BODY: Mapping[Quantity, Callable[[SensorSpec, RobotSpec], tuple[Field, BodyReader]]] = {
    "joint_pos": _joint_pos,
    "joint_vel": _joint_vel,
    "joint_effort": _joint_effort,
    "tool_pos": _tool_pos,
    "tool_rot": _tool_rot,
    "tool_vel": _tool_vel,
    "tool_angvel": _tool_angvel,
    "gripper_width": _gripper_width,
    "gripper_command": _gripper_command,
    "wrist_force": _wrist_force,
    "wrist_torque": _wrist_torque,
}


def _xyz(sensor: SensorSpec, bound: float, unit: str) -> Field:
    return uniform_field(sensor.field_name(), XYZ, bound, unit=unit, frame=sensor.frame)


def _joint_field(
    sensor: SensorSpec, robot: RobotSpec, turn: tuple[str, float], slide: tuple[str, float]
) -> Field:
    """A number per joint; ``turn`` and ``slide`` are unit and bound of its revolute, prismatic joints."""
    units, bounds = zip(*(slide if slides else turn for slides in robot.arm.is_slide), strict=True)
    return symmetric_field(sensor.field_name(), robot.arm.joints, bounds, units=units)
