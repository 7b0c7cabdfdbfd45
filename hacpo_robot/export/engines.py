"""What runs a policy: raw observations in, commands out. And OpenCV as one that does."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from hacpo_robot.export.interface import MEMORY
from hacpo_robot.learning.evaluation import Act
from hacpo_robot.specs.commands import CommandScale
from hacpo_robot.specs.signature import FloatArray


class Engine(Protocol):
    """Anything that a policy runs in; :class:`hacpo_robot.export.runtime.Policy` is one."""

    def reset(self) -> None:
        """Forget the last command."""
        ...

    def act_flat(self, observation: ArrayLike) -> NDArray[np.floating]:
        """Commands for raw observations. Shape (observation size,) or (n, observation size)."""
        ...


def as_action(policy: Engine, scale: CommandScale) -> Act:
    """A policy that commands, as a function to actions in [-1, 1], which simulated controllers take.

    It starts without a last command: make a new one for every evaluation.
    """
    policy.reset()

    def act(observation: NDArray[np.float32]) -> NDArray[np.floating]:
        return scale.actions(policy.act_flat(observation))

    return act


class OpenCVPolicy:
    """A file in OpenCV's own engine."""

    def __init__(self, path: Path, inputs: Mapping[str, int]) -> None:
        """Read the file.

        Args:
            path: Of the ONNX file.
            inputs: Name and size of every input, in order.
        """
        self._net, self._inputs = cv2.dnn.readNetFromONNX(str(path)), dict(inputs)
        self.reset()

    def reset(self) -> None:
        """Forget the last command."""
        self._last: NDArray[np.float32] | None = None

    def act_flat(self, observation: ArrayLike) -> NDArray[np.floating]:
        """Commands for raw observations. Shape (observation size,) or (n, observation size)."""
        vector = np.asarray(observation, np.float32)
        for name, value in feeds(self._inputs, np.atleast_2d(vector), self._last).items():
            self._net.setInput(value, name)
        commands = np.asarray(self._net.forward(), np.float32)
        self._last = commands
        return commands.reshape(*vector.shape[:-1], -1)


def feeds(
    inputs: Mapping[str, int], observation: FloatArray, last: FloatArray | None
) -> dict[str, NDArray[np.float32]]:
    """What goes into each input of a file.

    Args:
        inputs: Name and size of every input, in order.
        observation: Raw. Shape (n, observation size).
        last: The commands before, shape (n, action size); ``None`` where there were none.
    """
    sensors = [name for name in inputs if name not in MEMORY]
    ends = np.cumsum([inputs[name] for name in sensors])[:-1]
    fed = dict(zip(sensors, np.split(observation, ends, axis=1), strict=True))
    if len(sensors) < len(inputs):
        n, actions = len(observation), MEMORY[0]
        fed[actions] = np.zeros((n, inputs[actions])) if last is None else last
        fed[MEMORY[1]] = np.full((n, 1), last is not None)
    return {name: np.ascontiguousarray(value, np.float32) for name, value in fed.items()}
