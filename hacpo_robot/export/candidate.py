"""A trained policy that is to leave, with everything that its commands depend on."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from stable_baselines3 import PPO

from hacpo_robot.envs.vector import ManipulationVecEnv
from hacpo_robot.envs.workcell import CONTROL_HZ
from hacpo_robot.export.engines import as_action
from hacpo_robot.export.graph import PolicyGraph, make_policy_graph
from hacpo_robot.export.interface import Interface
from hacpo_robot.export.metadata import ArmModel
from hacpo_robot.export.trained import TrainedPolicy
from hacpo_robot.learning.evaluation import Act
from hacpo_robot.specs.commands import CommandScale
from hacpo_robot.specs.signature import Signature


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One policy, the environment it was trained in, and what its file shall take."""

    model: PPO
    """Inside ``VecNormalize``."""
    env: ManipulationVecEnv
    """For layouts, bounds and gains."""
    interface: Interface = field(default_factory=Interface)

    @property
    def observation(self) -> Signature:
        """Layout of the raw observations."""
        return self.env.observation_signature

    @property
    def commands(self) -> Signature:
        """Layout of the commands."""
        return self.env.command_signature

    @property
    def scale(self) -> CommandScale:
        """What the policy's actions mean."""
        return self.env.command_scale

    @cached_property
    def body(self) -> ArmModel:
        """Joints and servos; these have bias -kp on the position (none for velocity), -kv on the velocity."""
        cell = self.env.cell
        bias = np.abs(cell.scene.model.actuator_biasprm[cell.handles.arm_ctrl])
        low, high = (
            tuple(value if np.isfinite(value) else None for value in limits.tolist())
            for limits in cell.handles.arm_range.T
        )
        return ArmModel(
            low=low, high=high, stiffness=tuple(bias[:, 1].tolist()), damping=tuple(bias[:, 2].tolist())
        )

    def as_trained(self) -> TrainedPolicy:
        """The policy in torch, with the low pass of the file."""
        return TrainedPolicy(self.model, self.scale, self.interface.keep(CONTROL_HZ))

    def act(self) -> Act:
        """What the file does, as a function to actions in [-1, 1]; a new one for every evaluation."""
        trained = self.as_trained()
        return trained.predict if self.interface.low_pass_hz is None else as_action(trained, self.scale)

    def as_graph(self) -> PolicyGraph:
        """The policy as one graph.

        Raises:
            ExportError: the statistics are missing, or the policy is of another kind.
        """
        return make_policy_graph(self.model, self.observation, self.scale, self.interface, CONTROL_HZ)
