"""What every test may ask for."""

import numpy as np
import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def torch_single_threaded() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
