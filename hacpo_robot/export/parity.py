"""Proof that an exported file commands what the trained policy commands."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from hacpo_robot.export.graph import PolicyGraph
from hacpo_robot.export.runtime import load_policy
from hacpo_robot.specs.signature import FloatArray

TOLERANCE = 1e-5
"""Largest difference that may leave, in command units (rad, m, or gripper opening in [-1, 1])."""
RUNTIMES = ("torch", "onnxruntime", "numpy")


@dataclass(frozen=True, kw_only=True)
class ParityReport:
    """How far the file was from the policy."""

    max_abs_error: dict[str, float]
    """Largest difference per set of observations, in command units; nan where one was nan."""
    n_samples: dict[str, int]
    """Observations per set."""
    tolerance: float
    versions: dict[str, str]
    """Of the libraries that were compared."""

    @property
    def passed(self) -> bool:
        """Whether every set has observations and stayed within the tolerance."""
        measured = bool(self.n_samples) and all(n > 0 for n in self.n_samples.values())
        return measured and all(error <= self.tolerance for error in self.max_abs_error.values())

    def as_json(self) -> dict[str, object]:
        """All fields and the verdict, as JSON takes them."""
        return {"passed": self.passed, **asdict(self)}


def check_parity(path: Path, graph: PolicyGraph, observations: Mapping[str, FloatArray]) -> ParityReport:
    """Compare the file, through the runtime that ships with it, against the graph in torch.

    Every observation is run alone as well as in a batch.

    Args:
        path: The exported file.
        graph: What it must equal.
        observations: Raw observations by name of the set. Shape (n, observation size) each.
    """
    policy = load_policy(path)
    errors = {}
    for name, batch in observations.items():
        inputs = np.asarray(batch, np.float32)
        with torch.no_grad():
            expected = graph(torch.from_numpy(inputs)).numpy()  # (n, action size)
        alone = np.array([policy.act_flat(row) for row in inputs]).reshape(expected.shape)
        found = np.stack([alone, policy.act_flat(inputs)])  # (2, n, action size)
        errors[name] = float(np.abs(found - expected).max(initial=0.0))
    return ParityReport(
        max_abs_error=errors,
        n_samples={name: len(batch) for name, batch in observations.items()},
        tolerance=TOLERANCE,
        versions={package: version(package) for package in RUNTIMES},
    )
