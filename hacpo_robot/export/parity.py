"""Proof that an exported file commands what the trained policy commands."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.export.engines import Engine
from hacpo_robot.specs.signature import FloatArray, Signature
from hacpo_robot.versions import version_of

TOLERANCE = {"onnxruntime": 1e-5, "cv2": 1e-4}
"""Largest difference from the trained policy that may leave, per engine, in command units."""
LIBRARIES = ("torch", "stable-baselines3", "onnxruntime", "opencv-python", "numpy")
N_RANDOM, N_CORNERS = 1000, 200
FAR = (1.0, 10.0, 1e3, 1e6, 1e30)
"""Multiples of the bounds that a broken sensor may deliver."""
LARGEST = 1e38
"""What single precision can hold."""


@dataclass(frozen=True, kw_only=True)
class ClosedLoop:
    """Episodes from the same starts, by the trained policy and by the file."""

    n_episodes: int
    n_success: int
    """Successes of the trained policy."""
    n_success_file: int
    n_same: int
    """Episodes with the same outcome."""


@dataclass(frozen=True, kw_only=True)
class ParityReport:
    """How far the file was from the policy."""

    max_abs_error: dict[str, dict[str, float]]
    """Largest difference per engine and set of observations, command units; nan where one was nan."""
    n_samples: dict[str, int]
    """Observations per set; each was run alone and in batches."""
    tolerance: dict[str, float]
    """Per engine."""
    versions: dict[str, str]
    """Of the libraries that were compared."""
    closed_loop: ClosedLoop | None = None
    """``None`` where no episodes were run."""

    @property
    def passed(self) -> bool:
        """Whether every set has observations and every engine stayed within its tolerance."""
        measured = bool(self.n_samples) and all(n > 0 for n in self.n_samples.values())
        return measured and all(
            error <= self.tolerance[engine]
            for engine, errors in self.max_abs_error.items()
            for error in errors.values()
        )

    @property
    def largest(self) -> float:
        """Largest difference in the engine that ships, command units."""
        return max(self.max_abs_error["onnxruntime"].values())

    def as_json(self) -> dict[str, object]:
        """All fields and the verdict, as JSON takes them."""
        return {"passed": self.passed, **asdict(self)}


def check_parity(
    trained: Engine, engines: Mapping[str, Engine], observations: Mapping[str, FloatArray]
) -> ParityReport:
    """Compare a file in some engines with the trained policy.

    Args:
        trained: What they must equal.
        engines: By name, see ``TOLERANCE``.
        observations: Raw observations by name of the set. Shape (n, observation size) each.
    """
    errors: dict[str, dict[str, float]] = {name: {} for name in engines}
    for name, rows in observations.items():
        expected = _replay(trained, rows)
        for engine, policy in engines.items():
            errors[engine][name] = float(np.abs(_replay(policy, rows) - expected).max(initial=0.0))
    return ParityReport(
        max_abs_error=errors,
        n_samples={name: len(rows) for name, rows in observations.items()},
        tolerance={name: TOLERANCE[name] for name in engines},
        versions={package: version_of(package) for package in LIBRARIES},
    )


def compare_episodes(trained: NDArray[np.bool_], file: NDArray[np.bool_]) -> ClosedLoop:
    """Success by the trained policy and by the file, from the same starts. Shape (n_episodes,) each."""
    return ClosedLoop(
        n_episodes=len(trained),
        n_success=int(trained.sum()),
        n_success_file=int(file.sum()),
        n_same=int((trained == file).sum()),
    )


def _replay(policy: Engine, rows: FloatArray) -> NDArray[np.floating]:
    """One after the other, then all at once, and at once again. Shape (3, n, action size)."""
    policy.reset()
    alone = np.array([policy.act_flat(row) for row in rows])
    policy.reset()
    return np.stack([alone, policy.act_flat(rows), policy.act_flat(rows[::-1])])


def invented_observations(signature: Signature) -> dict[str, FloatArray]:
    """Observations that no simulator delivered: random ones, and extreme ones at the bounds and far beyond.

    Shape (n, observation size) each.
    """
    rng = np.random.default_rng(0)
    low, high = signature.low, signature.high
    corners = np.where(rng.random((N_CORNERS, signature.size)) < 0.5, low, high)
    extreme = np.concatenate([np.zeros((1, signature.size)), *(factor * corners for factor in FAR)])
    return {
        "random": rng.uniform(low, high, (N_RANDOM, signature.size)),
        "extreme": np.clip(extreme, -LARGEST, LARGEST),
    }
