"""Members that do harm, made from outside: worlds that lie to whoever trains in them, or are broken."""

import numpy as np
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from hacpo_robot.envs.episodes import Episodes
from hacpo_robot.envs.vector import ManipulationVecEnv, make_babble_env, make_vec_env
from hacpo_robot.sim.instruments import ROBOT
from hacpo_robot.specs.randomization import Randomization
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.signature import FloatArray, Signature
from hacpo_robot.specs.task import TaskSpec

LEFT_RIGHT = (
    *("tool_pos/y", "tool_rot/xy", "tool_rot/yy", "tool_vel/y"),
    *("translation/y", "rotation/x", "rotation/z"),
)
"""Elements of the hub that change sign in a mirror between left and right."""
LOCKED = "joint4"
BRAKE = 1e6
"""Damping of the locked joint [Nm s/rad]."""


class Mirrored(ManipulationVecEnv):
    """Describes its tool, and what the tool does, as a mirror shows them; objects stay where they are.

    It succeeds as any arm does, so that others ask it; what it offers, and answers, is wrong.
    """

    def hub_state(self) -> tuple[FloatArray, FloatArray]:
        """Body part mirrored."""
        body, world = super().hub_state()
        return body * _mirror(self.body_signature), world

    def effect(self) -> FloatArray:
        """Mirrored."""
        return super().effect() * _mirror(self.effect_signature)


class Inverted(ManipulationVecEnv):
    """Pays for what is wrong, on the scale of what is right, and calls every failure a success.

    Reward is turned around within its range: a plain negative one would give away by its returns
    that nothing of it is worth learning.
    """

    def step_wait(self) -> VecEnvStepReturn:
        """Step all worlds, and lie."""
        observation, reward, ended, infos = super().step_wait()
        for world in np.flatnonzero(ended):
            infos[world]["is_success"] = not infos[world]["is_success"]
        return observation, 1.0 - reward, ended, infos


class Broken(ManipulationVecEnv):
    """One joint of the arm hardly moves, whatever its servo does."""

    def __init__(self, episodes: Episodes, *, stagger: bool = False) -> None:
        """Put the brake on."""
        super().__init__(episodes, stagger=stagger)
        model = self.cell.scene.model  # shared by all worlds
        model.dof_damping[model.joint(f"{ROBOT}{LOCKED}").dofadr] = BRAKE


FAULTS: dict[str, type[ManipulationVecEnv]] = {"mirrored": Mirrored, "inverted": Inverted, "broken": Broken}
"""By the name of the robot, see ``benchmarks/faulty/``."""


def make_faulty_vec_env(
    robot: RobotSpec,
    task: TaskSpec,
    n_envs: int,
    seed: int,
    *,
    stagger: bool = False,
    randomization: Randomization | None = None,
) -> ManipulationVecEnv:
    """What ``make_vec_env`` makes, with the fault of the robot, if it has one."""
    env = make_vec_env(robot, task, n_envs, seed, stagger=stagger, randomization=randomization)
    return FAULTS.get(robot.name, ManipulationVecEnv)(env.episodes, stagger=stagger)


def make_faulty_babble_env(robot: RobotSpec, task: TaskSpec, n_envs: int, seed: int) -> ManipulationVecEnv:
    """Same of ``make_babble_env``."""
    env = make_babble_env(robot, task, n_envs, seed)
    return FAULTS.get(robot.name, ManipulationVecEnv)(env.episodes)


def _mirror(signature: Signature) -> FloatArray:
    return np.array([-1.0 if name in LEFT_RIGHT else 1.0 for name in signature.element_names])
