"""One small trained policy per robot, shared by all export tests."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecNormalize

from hacpo_robot.catalog import load_robot, load_task, robot_names
from hacpo_robot.envs.vector import ManipulationVecEnv, make_vec_env
from hacpo_robot.export.candidate import Candidate
from hacpo_robot.export.exporter import export_policy
from hacpo_robot.export.interface import Interface
from hacpo_robot.export.metadata import Provenance
from hacpo_robot.specs.signature import FloatArray

PROVENANCE = Provenance(run="runs/x", step=32, seed=0, sharing="none", robots=("panda", "ur5e"))


@dataclass(frozen=True)
class Trained:
    """A policy with everything an export needs."""

    model: PPO
    env: ManipulationVecEnv
    episodes: list[FloatArray]
    """Raw observations of four rollouts. Shape (25, observation size) each."""

    @property
    def recorded(self) -> FloatArray:
        """All of them. Shape (100, observation size)."""
        return np.concatenate(self.episodes)

    def candidate(self, **interface) -> Candidate:
        return Candidate(model=self.model, env=self.env, interface=Interface(**interface))


def make_small_model(env: ManipulationVecEnv, *, norm_obs: bool = True) -> PPO:
    normalized = VecNormalize(env, norm_obs=norm_obs, norm_reward=False)
    settings = {"n_steps": 8, "batch_size": 16, "n_epochs": 1, "seed": 0, "device": "cpu"}
    return PPO("MlpPolicy", normalized, policy_kwargs={"net_arch": [16, 16]}, **settings)


def record(env: ManipulationVecEnv, n_steps: int) -> list[FloatArray]:
    rng = np.random.default_rng(0)
    shape = (env.num_envs, env.action_signature.size)
    return list(np.stack([env.step(rng.uniform(-1, 1, shape))[0] for _ in range(n_steps)], axis=1))


@cache
def train_small(robot: str) -> Trained:
    env = make_vec_env(load_robot(robot), load_task("lift"), n_envs=4, seed=0, n_threads=1)
    model = make_small_model(env)
    model.learn(64)
    with torch.no_grad():  # SB3 starts with actions near 0; let them fill and exceed [-1, 1]
        model.policy.action_net.weight.mul_(100.0)
    return Trained(model, env, record(env, 25))


@pytest.fixture(scope="session", params=robot_names())
def trained(request: pytest.FixtureRequest) -> Trained:
    return train_small(request.param)


@pytest.fixture(scope="session")
def panda() -> Trained:
    return train_small("panda")


@pytest.fixture(scope="session")
def exported(panda: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an exported panda policy; tests leave it as it is."""
    folder = tmp_path_factory.mktemp("exported") / "panda"
    export_policy(panda.candidate(), folder, PROVENANCE, panda.episodes)
    return folder


@pytest.fixture
def export(panda: Trained, tmp_path: Path) -> Callable[[], Path]:
    """Export the panda policy anew into a folder of this test."""

    def _export() -> Path:
        export_policy(panda.candidate(), tmp_path / "panda", PROVENANCE, panda.episodes)
        return tmp_path / "panda"

    return _export


@pytest.fixture
def fresh_env() -> Iterator[ManipulationVecEnv]:
    env = make_vec_env(load_robot("panda"), load_task("lift"), n_envs=4, seed=0, n_threads=1)
    yield env
    env.close()


@pytest.fixture
def small_model() -> Callable[..., PPO]:
    return make_small_model


@pytest.fixture
def provenance() -> Provenance:
    return PROVENANCE
