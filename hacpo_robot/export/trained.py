"""The policy as it was trained, in torch: what every file must equal."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from stable_baselines3 import PPO

from hacpo_robot.specs.commands import CommandScale
from hacpo_robot.specs.signature import FloatArray


class TrainedPolicy:
    """A model with SB3's own normaliser and prediction, in command units."""

    def __init__(self, model: PPO, scale: CommandScale, keep: float | None) -> None:
        """Take a model as it is.

        Args:
            model: Inside ``VecNormalize``.
            scale: What its actions mean.
            keep: Share of the last command that a low pass keeps; ``None`` for none.
        """
        normalizer = model.get_vec_normalize_env()
        assert normalizer is not None
        self._model, self._normalizer, self._scale, self._keep = model, normalizer, scale, keep
        self.reset()

    def reset(self) -> None:
        """Forget the last command."""
        self._last: FloatArray | None = None

    def act_flat(self, observation: ArrayLike) -> NDArray[np.floating]:
        """Commands for raw observations. Shape (observation size,) or (n, observation size)."""
        self._last = self._smooth(self._scale.commands(self.predict(observation)), self._last)
        return self._last

    def follow(self, episode: FloatArray) -> FloatArray:
        """Commands for consecutive observations. Shape (length, observation size) in, action size out."""
        commands = self._scale.commands(self.predict(episode))
        for step in range(1, len(commands)):
            commands[step] = self._smooth(commands[step], commands[step - 1])
        return commands

    def predict(self, observation: ArrayLike) -> FloatArray:
        """Actions in [-1, 1], before any low pass. Shape (..., observation size) in, action size out."""
        normalized = self._normalizer.normalize_obs(np.asarray(observation, np.float32))
        return self._model.predict(normalized, deterministic=True)[0]

    def _smooth(self, commands: FloatArray, last: FloatArray | None) -> FloatArray:
        return commands if self._keep is None or last is None else commands + self._keep * (last - commands)
