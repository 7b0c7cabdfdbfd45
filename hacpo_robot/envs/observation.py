"""What one robot senses of one task: its observation signature and the vector itself."""

import numpy as np

from hacpo_robot.envs.body_channels import BodyChannel, body_channels
from hacpo_robot.envs.camera_shift import CameraShift
from hacpo_robot.envs.world_channels import WorldChannel, world_channels
from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.sim.readout import JointState
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.signature import FloatArray, Signature
from hacpo_robot.specs.task import TaskSpec
from hacpo_robot.specs.terms import TaskState


class Observer:
    """Flat observations of one robot on one task, as perfect sensors deliver them.

    ``signature`` lays out the vector, ``channels`` says which sensor each stretch of it comes from.
    ``world_names`` are the fields that follow from the task state alone; the others
    (``body_names``) need the robot's own body.
    """

    def __init__(self, robot: RobotSpec, task: TaskSpec) -> None:
        """Resolve every sensor of the robot against the objects of the task.

        Raises:
            InvalidSpecError: the robot senses nothing of this task.
        """
        self._body = [channel for sensor in robot.sensors for channel in body_channels(sensor, robot)]
        self._world = [channel for sensor in robot.sensors for channel in world_channels(sensor, robot, task)]
        self.channels: tuple[BodyChannel | WorldChannel, ...] = (*self._body, *self._world)
        if not self.channels:
            raise InvalidSpecError(f"robot {robot.name!r} senses nothing of task {task.name!r}")
        self.signature = Signature(tuple(field for channel in self.channels for field in channel.fields))
        self.body_names = tuple(field.name for channel in self._body for field in channel.fields)
        self.world_names = tuple(field.name for channel in self._world for field in channel.fields)
        self._world_part = self.signature.select(self.world_names)

    def observe(self, state: TaskState, joints: JointState, cameras: CameraShift | None = None) -> FloatArray:
        """Observations of all worlds, clipped to the signature's bounds. Shape (n, size).

        Args:
            state: Of all worlds.
            joints: Of all worlds.
            cameras: Where the cameras stand, if not where their specs have them.
        """
        body = [channel.read(state, joints) for channel in self._body]
        world = [channel.read(_seen_by(channel, state, cameras)) for channel in self._world]
        return np.clip(np.concatenate(body + world, axis=-1), self.signature.low, self.signature.high)

    def observe_world(self, state: TaskState) -> FloatArray:
        """The ``world_names`` fields alone, as this robot would sense ``state``. Shape (n, size)."""
        if not self._world:
            return np.zeros((*state.tool_pos_w.shape[:-1], 0))
        vector = np.concatenate([channel.read(state) for channel in self._world], axis=-1)
        return np.clip(vector, self._world_part.low, self._world_part.high)


def _seen_by(channel: WorldChannel, state: TaskState, cameras: CameraShift | None) -> TaskState:
    camera = channel.sensor.camera
    return state if cameras is None or camera is None else cameras.move(camera, state)
