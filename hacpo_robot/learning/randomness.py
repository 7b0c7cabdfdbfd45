"""The process-wide generators that Stable-Baselines3 draws from, kept apart per learner."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from hacpo_robot.specs.signature import FloatArray


class Randomness:
    """One learner's own state of torch's and NumPy's global generators.

    SB3 samples actions and shuffles batches from process-wide generators. Learners that take
    turns in one process would disturb each other; with this, each one draws from those that it
    would have thrown alone.
    """

    def __init__(self) -> None:
        """Remember the generators as they are now, right after SB3 seeded them."""
        self._torch = torch.get_rng_state()
        self._numpy = np.random.get_state()  # noqa: NPY002

    @contextmanager
    def mine(self) -> Iterator[None]:
        """Run a block with this learner's generators, then put the others back."""
        torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
        self._apply()
        try:
            yield
        finally:
            self._torch, self._numpy = torch.get_rng_state(), np.random.get_state()  # noqa: NPY002
            torch.set_rng_state(torch_before)
            np.random.set_state(numpy_before)  # noqa: NPY002

    def _apply(self) -> None:
        torch.set_rng_state(self._torch)
        np.random.set_state(self._numpy)  # noqa: NPY002

    def get_state(self) -> dict[str, FloatArray]:
        """Both generators as arrays."""
        _, keys, position, has_gauss, gauss = self._numpy
        return {
            "torch": self._torch.numpy().copy(),
            "numpy_keys": np.asarray(keys),
            "numpy_rest": np.array([position, has_gauss, gauss], float),
        }

    def set_state(self, state: dict[str, FloatArray]) -> None:
        """Continue from what :meth:`get_state` returned."""
        position, has_gauss, gauss = state["numpy_rest"]
        keys = state["numpy_keys"].astype(np.uint32)
        self._torch = torch.as_tensor(state["torch"])
        self._numpy = (
            "MT19937",
            keys,
            int(position),
            int(has_gauss),
            float(gauss),
        )
