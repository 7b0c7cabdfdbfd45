"""Exports on the way: the policy of every so many steps, while it is being trained."""

import logging
from dataclasses import replace
from pathlib import Path

from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback

from hacpo_robot.envs.vector import ManipulationVecEnv, make_vec_env
from hacpo_robot.errors import ExportError
from hacpo_robot.export.candidate import Candidate
from hacpo_robot.export.exporter import export_policy
from hacpo_robot.export.interface import Interface
from hacpo_robot.export.metadata import Provenance
from hacpo_robot.learning.evaluation import HELD_OUT, evaluate

LOG = logging.getLogger(__name__)
N_EPISODES = 16
"""Episodes on whose observations each file is compared."""


class ExportCallback(BaseCallback):
    """Keeps a folder that holds the newest policy; training goes on as if it were not there.

    An export that is not possible is told in the log, and the folder of before stays.

    The model's environment must be a ``ManipulationVecEnv`` in a ``VecNormalize``.
    """

    def __init__(
        self, folder: Path, every: int, provenance: Provenance, interface: Interface | None = None
    ) -> None:
        """Say where to and how often.

        Args:
            folder: Replaced by every export, whole or not at all.
            every: Environment steps between two exports.
            provenance: Where the policy comes from; its step is filled in.
            interface: What the files take; one vector when not given.
        """
        super().__init__()
        self._folder, self._every, self._provenance = folder, every, provenance
        self._interface = interface or Interface()
        self._env: ManipulationVecEnv

    def _on_training_start(self) -> None:
        env = self.training_env.unwrapped
        assert isinstance(env, ManipulationVecEnv), f"ExportCallback cannot export from {type(env).__name__}"
        self._env, self._due = env, self.num_timesteps + self._every

    def _on_rollout_start(self) -> None:
        if self.num_timesteps >= self._due:
            self._due += self._every
            self._export()

    def _on_step(self) -> bool:
        return True

    def _on_training_end(self) -> None:
        self._export()

    def _export(self) -> None:
        assert isinstance(self.model, PPO)
        candidate = Candidate(model=self.model, env=self._env, interface=self._interface)
        apart = make_vec_env(self._env.robot, self._env.task, N_EPISODES, HELD_OUT + self._provenance.seed)
        episodes = evaluate(apart, candidate.act(), N_EPISODES).episodes
        apart.close()
        provenance = replace(self._provenance, step=self.num_timesteps)
        try:
            export_policy(candidate, self._folder, provenance, episodes)
        except ExportError as error:
            LOG.warning("no export of %s at %d steps: %s", self._env.robot.name, self.num_timesteps, error)
