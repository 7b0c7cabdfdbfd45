"""Recorded inputs of a policy with the commands they must lead to, for engines that we never saw."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.export.engines import feeds
from hacpo_robot.export.parity import TOLERANCE
from hacpo_robot.export.trained import TrainedPolicy
from hacpo_robot.specs.signature import FloatArray

N_VECTORS = 64


@dataclass(frozen=True)
class Vectors:
    """Consecutive moments of one episode."""

    inputs: dict[str, NDArray[np.float32]]
    """Per input of the graph. Shape (n, size) each."""
    actions: NDArray[np.float32]
    """Shape (n, action size)."""

    def as_json(self) -> dict[str, object]:
        """Numbers that give back the same float32."""
        return {
            "tolerance": TOLERANCE["onnxruntime"],
            "inputs": {name: rows.tolist() for name, rows in self.inputs.items()},
            "actions": self.actions.tolist(),
        }


def record_vectors(trained: TrainedPolicy, inputs: Mapping[str, int], episode: FloatArray) -> Vectors:
    """The first moments of an episode.

    Args:
        trained: The policy as it was trained.
        inputs: Name and size of every input of the graph.
        episode: Raw observations in order. Shape (length, observation size).
    """
    observations = episode[:N_VECTORS]
    actions = trained.follow(observations).astype(np.float32)
    before = [None, *actions[:-1, None]]
    fed = [feeds(inputs, row[None], last) for row, last in zip(observations, before, strict=True)]
    return Vectors({name: np.concatenate([each[name] for each in fed]) for name in inputs}, actions)
