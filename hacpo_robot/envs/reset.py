"""Where an episode starts: robot posture, objects and goal of each world, from that world's own generator."""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.sim.handles import Handles
from hacpo_robot.specs.prop import BoxProp
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.rotation import quaternion_of_yaw
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import TaskSpec

HOME_NOISE = 0.02
"""Spread of the joints around home [rad]; robosuite's ``initialization_noise``."""
SLIDE_NOISE = 0.2
"""Spread of a prismatic joint per spread of a revolute one [m/rad]."""
MAX_DRAWS = 1000
"""Attempts to place objects and goal apart before the task is called impossible."""


@dataclass(frozen=True)
class Start:
    """Where one world begins."""

    qpos: FloatArray
    """Shape (nq,)."""
    mocap: FloatArray
    """Shape (nmocap, 7)."""
    goal: FloatArray
    """Zeros where the task has none. Shape (3,) [m]."""


class ResetSampler:
    """Draws start positions of one robot on one task."""

    def __init__(
        self, robot: RobotSpec, task: TaskSpec, handles: Handles, posture_noise: float = HOME_NOISE
    ) -> None:
        """Take the numbers of a robot and a task.

        Args:
            robot: Which starts near its home with an open gripper.
            task: Which says where objects and goal start.
            handles: Addresses in the positions of both.
            posture_noise: Spread of the joints around home [rad].
        """
        self._task, self._handles = task, handles
        self._home = np.array(robot.arm.home)
        self._spread = posture_noise * np.where(handles.arm_slides, SLIDE_NOISE, 1.0)
        self._open = np.array(list(robot.gripper.open_posture.values()))
        regions = [prop.start for prop in task.props] + ([] if task.goal is None else [task.goal])
        self._low = np.array([region.low for region in regions]).reshape(-1, 4)
        self._span = np.array([region.high for region in regions]).reshape(-1, 4) - self._low
        self._free = np.array([isinstance(prop, BoxProp) for prop in task.props], bool)
        self._box_qpos = handles.box_qpos[:, None] + np.arange(7)

    def sample(self, qpos: FloatArray, mocap: FloatArray, rng: np.random.Generator) -> Start:
        """One start.

        Args:
            qpos: Positions of the compiled model. Shape (nq,).
            mocap: Mocap poses of the compiled model. Shape (nmocap, 7).
            rng: The world's own.

        Raises:
            InvalidSpecError: objects and goal cannot be placed as far apart as the task asks.
        """
        qpos, mocap, handles = qpos.copy(), mocap.copy(), self._handles
        arm = self._home + self._spread * rng.standard_normal(len(self._home))
        qpos[handles.arm_qpos] = np.clip(arm, *handles.arm_range.T)
        qpos[handles.finger_qpos] = self._open
        places = self._draw_places(rng)
        props, goal = places[: len(self._free)], np.zeros(3) if self._task.goal is None else places[-1, :3]
        poses = np.concatenate([props[:, :3], quaternion_of_yaw(props[:, 3])], axis=-1)
        qpos[self._box_qpos] = poses[self._free]
        mocap[handles.fixture_mocap] = poses[~self._free]
        mocap[handles.goal_mocap, :3] = goal
        return Start(qpos, mocap, goal)

    def _draw_places(self, rng: np.random.Generator) -> FloatArray:
        """Position and yaw of every prop, then of the goal, far enough from each other. Shape (n, 4)."""
        for _ in range(MAX_DRAWS):
            places = self._low + self._span * rng.random(self._low.shape)
            if _spacing(places) >= self._task.clearance:
                return places
        raise InvalidSpecError(
            f"task {self._task.name!r}: {MAX_DRAWS} draws kept no clearance of {self._task.clearance} m"
        )


def _spacing(places: FloatArray) -> float:
    """Least horizontal distance between two places; infinite where there are fewer than two."""
    return min((math.dist(*pair) for pair in combinations(places[:, :2].tolist(), 2)), default=math.inf)
