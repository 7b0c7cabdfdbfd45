"""An episode played once more: its actions from its start, and how closely that follows what was."""

from dataclasses import dataclass

import numpy as np

from hacpo_robot.datasets.episode import Episode, Header
from hacpo_robot.envs.episodes import make_episodes
from hacpo_robot.envs.hub import BODY, body_vector, task_state, world_vector
from hacpo_robot.envs.reset import Start
from hacpo_robot.envs.workcell import Workcell
from hacpo_robot.errors import DatasetError
from hacpo_robot.specs.rotation import quaternion_of_yaw
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.terms import TaskState

COMPANY = 2
"""Worlds that play the same: the matrix products of a single one are rounded otherwise than those of many."""


@dataclass(frozen=True)
class Replay:
    """What became of the actions."""

    success: bool
    """At the last step."""
    exact: bool
    """Every hub state equals the dataset's to the last bit."""
    tool_astray: float
    """Largest distance of the tool from where the dataset has it [m]."""
    object_astray: float
    """The same for the objects; 0 where there are none [m]."""
    qpos: FloatArray
    """Positions before every step, to draw. Shape (n, nq)."""
    mocap: FloatArray
    """Shape (nmocap, 7)."""


def replay(header: Header, episode: Episode) -> Replay:
    """Play an episode's actions from the start that was kept, or from the nearest one that is known.

    Raises:
        DatasetError: no start was kept, and none can be made up.
    """
    cell = make_episodes(header.robot, header.task, COMPANY, n_threads=1).cell
    start = episode.start or guess_start(cell, header, episode)
    cell.begin_at(np.arange(COMPANY), [start] * COMPANY)
    bodies, worlds, places = [body_vector(cell.state)[0]], [world_vector(cell.state)[0]], []
    success = False
    for action in episode.action:
        places.append(cell.worlds.qpos[0].copy())
        success = bool(cell.step(np.tile(action.astype(float), (COMPANY, 1))).success[0])
        bodies.append(body_vector(cell.state)[0])
        worlds.append(world_vector(cell.state)[0])
    cell.worlds.close()
    body, world = np.array(bodies), np.array(worlds)
    n_objects = len(cell.task.props)
    return Replay(
        success=success,
        exact=np.array_equal(body, episode.body) and np.array_equal(world, episode.world),
        tool_astray=_farthest(_tool(body), _tool(episode.body)),
        object_astray=_farthest(
            task_state(body, world, n_objects).object_pos_w,
            task_state(episode.body, episode.world, n_objects).object_pos_w,
        ),
        qpos=np.array(places),
        mocap=start.mocap,
    )


def guess_start(cell: Workcell, header: Header, episode: Episode) -> Start:
    """The start that an episode's first moment tells of: its objects and goal, the joints as sensed.

    A robot that does not sense its joints is put where it rests.

    Raises:
        DatasetError: the task has fixtures; where they stand is not told.
    """
    task, handles = cell.task, cell.handles
    if task.fixtures:
        raise DatasetError(
            f"the episode cannot be played back: nobody kept where its {task.fixtures[0].name} stood; "
            "datasets of --source evaluation without --translated-from keep it"
        )
    first = task_state(episode.body[0], episode.world[0], len(task.props))
    qpos, mocap = cell.worlds.default_qpos, cell.worlds.default_mocap
    joints = _sensed_joints(cell, header, episode.observation[0])
    qpos[handles.arm_qpos] = np.clip(joints, *handles.arm_range.T)
    qpos[handles.finger_qpos] = tuple(cell.robot.gripper.open_posture.values())
    for place, position, quaternion in zip(
        handles.box_qpos, first.object_pos_w, _upright(first), strict=True
    ):
        qpos[place : place + 7] = [*position, *quaternion]
    mocap[handles.goal_mocap, :3] = first.goal_pos_w
    return Start(qpos, mocap, first.goal_pos_w)


def _upright(state: TaskState) -> FloatArray:
    """Orientations of objects that stand, as all do at a start. Shape (n_objects, 4)."""
    return quaternion_of_yaw(np.arctan2(state.object_rot_w[:, 1, 0], state.object_rot_w[:, 0, 0]))


def _sensed_joints(cell: Workcell, header: Header, observation: FloatArray) -> FloatArray:
    """Joint positions that an observation tells of, else those at home. Shape (n_joints,)."""
    slides = cell.handles.arm_slides
    for sensor in cell.robot.sensors:
        if sensor.quantity == "joint_pos":
            sensed = observation[header.observation.where(sensor.field_name())].astype(float)
            if sensor.encoding == "raw":
                return sensed
            first = np.cumsum(np.where(slides, 1, 2)) - np.where(slides, 1, 2)
            angle = np.arctan2(sensed[first], sensed[np.minimum(first + 1, len(sensed) - 1)])
            home = np.array(cell.robot.arm.home)
            turns = np.round((home - angle) / (2 * np.pi))  # sines and cosines do not tell how many
            return np.where(slides, sensed[first], angle + 2 * np.pi * turns)
    return np.array(cell.robot.arm.home)


def _tool(body: FloatArray) -> FloatArray:
    return body[:, BODY.where("tool_pos")]


def _farthest(one: FloatArray, other: FloatArray) -> float:
    return float(np.max(np.linalg.norm(one - other, axis=-1), initial=0.0))
