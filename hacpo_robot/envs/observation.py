"""What one robot senses of one task: its observation signature and the vector itself."""

from collections.abc import Callable

import numpy as np

from hacpo_robot.sim.readout import JointState
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.rotation import sixd_of_matrix
from hacpo_robot.specs.sensor import SensorSpec
from hacpo_robot.specs.signature import Field, FloatArray, Signature, uniform_field
from hacpo_robot.specs.task import TaskSpec
from hacpo_robot.specs.terms import TaskState

XYZ = ("x", "y", "z")
SIXD = ("xx", "xy", "xz", "yx", "yy", "yz")
REACH = 2.0
"""Bound of every position [m]."""

BodyReader = Callable[[TaskState, JointState], FloatArray]
WorldReader = Callable[[TaskState], FloatArray]


class Observer:
    """Flat observations of one robot on one task.

    ``signature`` lays out the vector. ``world_names`` are the fields that follow from the task
    state alone; the others (``body_names``) need the robot's own body.
    """

    def __init__(self, robot: RobotSpec, task: TaskSpec) -> None:
        """Resolve every sensor of the robot against the objects of the task."""
        body = [_body_sensor(sensor, robot) for sensor in robot.sensors]
        world = [entry for sensor in robot.sensors for entry in _world_sensors(sensor, task)]
        self._body: dict[str, BodyReader] = {field.name: read for field, read in filter(None, body)}
        self._world: dict[str, WorldReader] = {field.name: read for field, read in world}
        fields = [entry[0] for entry in body if entry is not None] + [field for field, _ in world]
        self.signature = Signature(tuple(fields))
        self.body_names = tuple(self._body)
        self.world_names = tuple(self._world)

    def observe(self, state: TaskState, joints: JointState) -> FloatArray:
        """Observations of all worlds, clipped to the signature's bounds. Shape (n, size)."""
        parts = {name: read(state, joints) for name, read in self._body.items()}
        parts |= self._read_world(state)
        vector = self.signature.join(parts)
        return np.clip(vector, self.signature.low, self.signature.high)

    def observe_world(self, state: TaskState) -> FloatArray:
        """The ``world_names`` fields alone, as this robot would sense ``state``. Shape (n, size)."""
        world = self.signature.select(self.world_names)
        if not world.fields:
            return np.zeros((*state.tool_pos_w.shape[:-1], 0))
        return np.clip(world.join(self._read_world(state)), world.low, world.high)

    def _read_world(self, state: TaskState) -> dict[str, FloatArray]:
        return {name: read(state) for name, read in self._world.items()}


def _body_sensor(sensor: SensorSpec, robot: RobotSpec) -> tuple[Field, BodyReader] | None:
    joints, name = robot.arm.joints, sensor.quantity
    match sensor.quantity:
        case "joint_pos":
            return uniform_field(name, joints, 2 * np.pi, unit="rad"), lambda _, j: j.pos
        case "joint_vel":
            return uniform_field(name, joints, 10.0, unit="rad/s"), lambda _, j: j.vel
        case "tool_pos":
            return uniform_field(name, XYZ, REACH, unit="m", frame="world"), lambda s, _: s.tool_pos_w
        case "tool_rot":
            field = uniform_field(name, SIXD, 1.0, unit="1", frame="world")
            return field, lambda s, _: sixd_of_matrix(s.tool_rot_w)
        case "tool_vel":
            return uniform_field(name, XYZ, 5.0, unit="m/s", frame="world"), lambda s, _: s.tool_vel_w
        case "gripper_width":
            field = Field(name=name, elements=("width",), unit="m", low=(-0.01,), high=(0.2,))
            return field, lambda s, _: s.gripper_width
        case "gripper_command":
            return uniform_field(name, ("opening",), 1.0, unit="1"), lambda s, _: s.gripper_command
        case _:
            return None


def _world_sensors(sensor: SensorSpec, task: TaskSpec) -> list[tuple[Field, WorldReader]]:
    """What a sensor reads of every object of the task, or of its goal."""
    frame = sensor.frame
    if sensor.quantity in ("goal_pos", "goal_offset"):
        if task.goal is None:
            return []
        place = seen_from if sensor.quantity == "goal_pos" else offset_from_tool
        field = uniform_field(sensor.quantity, XYZ, REACH, unit="m", frame=frame)
        return [(field, lambda s: place(s, s.goal_pos_w, frame))]
    return [
        entry
        for index, prop in enumerate(task.props)
        if (entry := _object_sensor(sensor, prop.name, index)) is not None
    ]


def _object_sensor(sensor: SensorSpec, prop: str, index: int) -> tuple[Field, WorldReader] | None:
    frame = sensor.frame
    match sensor.quantity:
        case "object_pos":
            field = uniform_field(f"{prop}_pos", XYZ, REACH, unit="m", frame=frame)
            return field, lambda s: seen_from(s, s.object_pos_w[..., index, :], frame)
        case "object_offset":
            field = uniform_field(f"{prop}_offset", XYZ, REACH, unit="m", frame=frame)
            return field, lambda s: offset_from_tool(s, s.object_pos_w[..., index, :], frame)
        case "object_rot":
            field = uniform_field(f"{prop}_rot", SIXD, 1.0, unit="1", frame=frame)
            return field, lambda s: sixd_of_matrix(turned(s, s.object_rot_w[..., index, :, :], frame))
        case "fingertip_touch":
            field = uniform_field(f"{prop}_touch", ("left", "right"), 1.0, unit="1")
            return field, lambda s: s.touch[..., index, :]
        case _:
            return None


def seen_from(state: TaskState, point_w: FloatArray, frame: str) -> FloatArray:
    """A world point in the ``world`` or ``tool`` frame. Shape (..., 3) [m]."""
    return point_w if frame == "world" else offset_from_tool(state, point_w, frame)


def offset_from_tool(state: TaskState, point_w: FloatArray, frame: str) -> FloatArray:
    """From the tool to a world point, along the axes of the ``world`` or ``tool`` frame. (..., 3) [m]."""
    offset = point_w - state.tool_pos_w
    return offset if frame == "world" else (offset[..., None, :] @ state.tool_rot_w)[..., 0, :]


def turned(state: TaskState, rot_w: FloatArray, frame: str) -> FloatArray:
    """A world rotation in the ``world`` or ``tool`` frame. Shape (..., 3, 3)."""
    return rot_w if frame == "world" else state.tool_rot_w.swapaxes(-1, -2) @ rot_w
