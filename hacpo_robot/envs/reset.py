"""Where an episode starts: robot posture, objects and goal of each world, from that world's own dice."""

from dataclasses import dataclass

import numpy as np

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.sim.handles import Handles
from hacpo_robot.specs.prop import BoxProp, Region
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


@dataclass(frozen=True)
class ResetSampler:
    """Draws start positions of one robot on one task."""

    robot: RobotSpec
    task: TaskSpec
    handles: Handles
    posture_noise: float = HOME_NOISE

    def sample(self, qpos: FloatArray, mocap: FloatArray, rng: np.random.Generator) -> Start:
        """One start.

        Args:
            qpos: Positions of the compiled model. Shape (nq,).
            mocap: Mocap poses of the compiled model. Shape (nmocap, 7).
            rng: The world's own dice.

        Raises:
            InvalidSpecError: objects and goal cannot be placed as far apart as the task asks.
        """
        qpos, mocap, handles = qpos.copy(), mocap.copy(), self.handles
        spread = self.posture_noise * np.where(handles.arm_slides, SLIDE_NOISE, 1.0)
        arm = np.array(self.robot.arm.home) + rng.normal(0.0, spread)
        qpos[handles.arm_qpos] = np.clip(arm, *handles.arm_range.T)
        qpos[handles.finger_qpos] = tuple(self.robot.gripper.open_posture.values())
        places, goal = self._draw_places(rng)
        poses = [np.concatenate([position, quaternion_of_yaw(np.asarray(yaw))]) for position, yaw in places]
        boxes = [pose for prop, pose in zip(self.task.props, poses, strict=True) if isinstance(prop, BoxProp)]
        for pose, first in zip(boxes, handles.box_qpos, strict=True):
            qpos[first : first + 7] = pose
        fixtures = [
            pose for prop, pose in zip(self.task.props, poses, strict=True) if not isinstance(prop, BoxProp)
        ]
        for pose, index in zip(fixtures, handles.fixture_mocap, strict=True):
            mocap[index] = pose
        mocap[handles.goal_mocap, :3] = goal
        return Start(qpos, mocap, goal)

    def _draw_places(self, rng: np.random.Generator) -> tuple[list[tuple[FloatArray, float]], FloatArray]:
        """Position and yaw of every prop, and the goal, far enough from each other."""
        for _ in range(MAX_DRAWS):
            places = [_draw(prop.start, rng) for prop in self.task.props]
            goal = None if self.task.goal is None else _draw(self.task.goal, rng)[0]
            points = [position for position, _ in places] + ([] if goal is None else [goal])
            if _spacing(points) >= self.task.clearance:
                return places, np.zeros(3) if goal is None else goal
        raise InvalidSpecError(
            f"task {self.task.name!r}: {MAX_DRAWS} draws kept no clearance of {self.task.clearance} m"
        )


def _draw(region: Region, rng: np.random.Generator) -> tuple[FloatArray, float]:
    low, high = np.array([region.x, region.y, region.z, region.yaw]).T
    draw = rng.uniform(low, high)
    return draw[:3], float(draw[3])


def _spacing(points: list[FloatArray]) -> float:
    """Least horizontal distance between two points; infinite where there are fewer than two."""
    level = np.array(points).reshape(-1, 3)[:, :2]
    gaps = np.linalg.norm(level[:, None] - level[None], axis=-1)
    return float(np.min(gaps[np.triu_indices(len(level), 1)], initial=np.inf))
