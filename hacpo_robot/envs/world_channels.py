"""What a robot's sensors read of objects and goal, from the task state alone."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hacpo_robot.envs.body_channels import REACH, SIXD, SPEED, XYZ
from hacpo_robot.envs.frames import along_axes, base_origin, offset_from_tool, seen_from, turned
from hacpo_robot.envs.keypoints import CORNERS, detect_corners
from hacpo_robot.specs.prop import BoxProp, FixtureProp
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.rotation import sixd_of_matrix
from hacpo_robot.specs.sensor import CameraSpec, SensorSpec
from hacpo_robot.specs.signature import Field, FloatArray, uniform_field
from hacpo_robot.specs.task import TaskSpec
from hacpo_robot.specs.terms import TaskState

WorldReader = Callable[[TaskState], FloatArray]


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
            boxes = [(i, prop) for i, prop in enumerate(task.props) if isinstance(prop, BoxProp)]
            return tuple(_keypoints(sensor, sensor.camera, box, i) for i, box in boxes if sensor.camera)
        case "object_pos" | "object_offset" | "object_rot" | "object_vel" | "fingertip_touch":
            return tuple(_object(sensor, robot, prop.name, i) for i, prop in enumerate(task.props))
        case _:
            return ()


def _goal(sensor: SensorSpec, robot: RobotSpec) -> WorldChannel:
    frame, base = sensor.frame, base_origin(robot)
    field = uniform_field(sensor.field_name, XYZ, REACH, unit="m", frame=frame)
    if sensor.quantity == "goal_pos":
        return WorldChannel(sensor, (field,), lambda s: seen_from(s, s.goal_pos_w, frame, base))
    return WorldChannel(sensor, (field,), lambda s: offset_from_tool(s, s.goal_pos_w, frame))


def _object(sensor: SensorSpec, robot: RobotSpec, prop: str, index: int) -> WorldChannel:
    frame, base = sensor.frame, base_origin(robot)
    match sensor.quantity:
        case "object_pos":
            elements, bound, unit = XYZ, REACH, "m"

            def read(s: TaskState) -> FloatArray:
                return seen_from(s, s.object_pos_w[..., index, :], frame, base)

        case "object_offset":
            elements, bound, unit = XYZ, REACH, "m"

            def read(s: TaskState) -> FloatArray:
                return offset_from_tool(s, s.object_pos_w[..., index, :], frame)

        case "object_rot":
            elements, bound, unit = SIXD, 1.0, "1"

            def read(s: TaskState) -> FloatArray:
                return sixd_of_matrix(turned(s, s.object_rot_w[..., index, :, :], frame))

        case "object_vel":
            elements, bound, unit = XYZ, SPEED, "m/s"

            def read(s: TaskState) -> FloatArray:
                return along_axes(s, s.object_vel_w[..., index, :], frame)
