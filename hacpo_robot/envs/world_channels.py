"""What a robot's sensors read of objects and goal, from the task state alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from hacpo_robot.envs.body_channels import REACH, SPEED
from hacpo_robot.envs.frames import along_axes, base_origin, offset_from_tool, seen_from, turned
from hacpo_robot.envs.keypoints import CORNERS, detect_corners
from hacpo_robot.specs.prop import BoxProp, FixtureProp
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.rotation import sixd_of_matrix
from hacpo_robot.specs.sensor import FRAMES, CameraSpec, Frame, Quantity, SensorSpec
from hacpo_robot.specs.signature import SIXD, XYZ, Field, FloatArray, symmetric_field, uniform_field
from hacpo_robot.specs.task import TaskSpec
from hacpo_robot.specs.terms import TaskState

WorldReader = Callable[[TaskState], FloatArray]
ObjectReader = Callable[[TaskState, int, Frame, FloatArray], FloatArray]
"""From task state, object, frame and the base's origin in the world."""


@dataclass(frozen=True)
class WorldChannel:
    """One reading of one object, or of the goal."""

    sensor: SensorSpec
    fields: tuple[Field, ...]
    read: WorldReader
    """The fields, one after the other. Shape (..., sum of sizes)."""


def world_channels(sensor: SensorSpec, robot: RobotSpec, task: TaskSpec) -> tuple[WorldChannel, ...]:
    """What one sensor reads on a task: one thing per object, the goal, or nothing."""
    match sensor.quantity:
        case "goal_pos" | "goal_offset":
            return (_goal(sensor, robot),) if task.goal is not None else ()
        case "object_joints":
            return tuple(_joints(sensor, task, prop) for prop in task.fixtures)
        case "object_keypoints":
            assert sensor.camera is not None
            props = enumerate(task.props)
            return tuple(_keypoints(sensor, sensor.camera, p, i) for i, p in props if isinstance(p, BoxProp))
        case quantity if quantity in OBJECT:
            return tuple(_object(sensor, robot, prop.name, i) for i, prop in enumerate(task.props))
        case _:
            return ()


def _goal(sensor: SensorSpec, robot: RobotSpec) -> WorldChannel:
    frame, base = sensor.frame, base_origin(robot)
    field = uniform_field(sensor.field_name(), XYZ, REACH, unit="m", frame=frame)
    if sensor.quantity == "goal_pos":
        return WorldChannel(sensor, (field,), lambda s: seen_from(s, s.goal_pos_w, frame, base))
    return WorldChannel(sensor, (field,), lambda s: offset_from_tool(s, s.goal_pos_w, frame))


def _joints(sensor: SensorSpec, task: TaskSpec, fixture: FixtureProp) -> WorldChannel:
    columns = [task.fixture_joints.index(f"{fixture.name}/{joint}") for joint in fixture.joints]
    units = fixture.joint_units
    bounds = [REACH if unit == "m" else np.pi for unit in units]
    field = symmetric_field(sensor.field_name(fixture.name), fixture.joints, bounds, units=units)
    return WorldChannel(sensor, (field,), lambda s: s.fixture_joints[..., columns])


def _keypoints(sensor: SensorSpec, camera: CameraSpec, box: BoxProp, index: int) -> WorldChannel:
    pixels = Field(
        name=sensor.field_name(box.name),
        elements=tuple(f"{corner}_{axis}" for corner in CORNERS for axis in "uv"),
        unit="px",
        frame=camera.name,
        low=(-0.5, -0.5) * len(CORNERS),
        high=(camera.width - 0.5, camera.height - 0.5) * len(CORNERS),
    )
    flags = uniform_field(sensor.field_name(box.name, "visible"), CORNERS, 1.0, unit="1")
    return WorldChannel(sensor, (pixels, flags), lambda s: detect_corners(camera, box.half_size, s, index))


def _object(sensor: SensorSpec, robot: RobotSpec, prop: str, index: int) -> WorldChannel:
    elements, bound, unit, read = OBJECT[sensor.quantity]
    frame, base = sensor.frame if sensor.quantity in FRAMES else "", base_origin(robot)
    field = uniform_field(sensor.field_name(prop), elements, bound, unit=unit, frame=frame)
    return WorldChannel(sensor, (field,), lambda s: read(s, index, sensor.frame, base))


def _pos(state: TaskState, index: int, frame: Frame, base: FloatArray) -> FloatArray:
    return seen_from(state, state.object_pos_w[..., index, :], frame, base)


def _offset(state: TaskState, index: int, frame: Frame, _: FloatArray) -> FloatArray:
    return offset_from_tool(state, state.object_pos_w[..., index, :], frame)


def _rot(state: TaskState, index: int, frame: Frame, _: FloatArray) -> FloatArray:
    return sixd_of_matrix(turned(state, state.object_rot_w[..., index, :, :], frame))


def _vel(state: TaskState, index: int, frame: Frame, _: FloatArray) -> FloatArray:
    return along_axes(state, state.object_vel_w[..., index, :], frame)


def _touch(state: TaskState, index: int, _: Frame, __: FloatArray) -> FloatArray:
    return state.touch[..., index, :]


OBJECT: Mapping[Quantity, tuple[tuple[str, ...], float, str, ObjectReader]] = {
    "object_pos": (XYZ, REACH, "m", _pos),
    "object_offset": (XYZ, REACH, "m", _offset),
    "object_rot": (SIXD, 1.0, "1", _rot),
    "object_vel": (XYZ, SPEED, "m/s", _vel),
    "fingertip_touch": (("left", "right"), 1.0, "1", _touch),
}
"""Elements, bound, unit and reading of what is sensed of every object."""
