"""Where an episode starts: robot posture, objects and goal of each world, from that world's own dice."""

from dataclasses import dataclass

import numpy as np

from hacpo_robot.sim.handles import Handles
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.rotation import quaternion_of_yaw
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import Region, TaskSpec

HOME_NOISE = 0.02
"""Spread of the joints around home [rad]; robosuite's ``initialization_noise``."""


@dataclass(frozen=True)
class ResetSampler:
    """Draws start positions of one robot on one task."""

    robot: RobotSpec
    task: TaskSpec
    handles: Handles
    posture_noise: float = HOME_NOISE

    def sample(self, default_qpos: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """One start.

        Args:
            default_qpos: Positions of the compiled model. Shape (nq,).
            rng: The world's own dice.

        Returns:
            Positions, shape (nq,), and goal, shape (3,) [m] (zeros where the task has none).
        """
        qpos = default_qpos.copy()
        arm = np.array(self.robot.arm.home) + rng.normal(0.0, self.posture_noise, self.robot.n_joints)
        low, high = self.handles.arm_range.T
        qpos[self.handles.arm_qpos] = np.clip(arm, low, high)
        qpos[self.handles.finger_qpos] = self.robot.gripper.opened
        for prop, start in zip(self.task.props, self.handles.prop_qpos, strict=True):
            position, yaw = _draw(prop.start, rng)
            qpos[start : start + 7] = np.concatenate([position, quaternion_of_yaw(yaw)])
        goal = np.zeros(3) if self.task.goal is None else _draw(self.task.goal, rng)[0]
        return qpos, goal


def _draw(region: Region, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    low, high = np.array([region.x, region.y, region.z, region.yaw]).T
    draw = rng.uniform(low, high)
    return draw[:3], draw[3]
