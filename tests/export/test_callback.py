"""Exports during training: as often as asked, and training never notices."""

import numpy as np
import pytest
import torch

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.export import callback as module
from hacpo_robot.export.callback import ExportCallback
from hacpo_robot.export.runtime import load_policy


@pytest.fixture
def model(small_model):
    env = make_vec_env(load_robot("ur5e"), load_task("reach"), n_envs=4, seed=0, n_threads=1)
    return small_model(env)


def test_the_newest_policy_is_kept_and_training_does_not_notice(
    model, small_model, tmp_path, provenance, monkeypatch
):
    monkeypatch.setattr(module, "N_EPISODES", 2)
    steps = []

    class Watched(ExportCallback):
        def _export(self):
            super()._export()
            steps.append(load_policy(tmp_path / "x" / "policy.onnx").metadata["source"]["step"])

    model.learn(128, callback=Watched(tmp_path / "x", 60, provenance))
    assert steps == [64, 128]
    alone = small_model(make_vec_env(load_robot("ur5e"), load_task("reach"), n_envs=4, seed=0, n_threads=1))
    alone.learn(128)
    for own, other in zip(model.policy.parameters(), alone.policy.parameters(), strict=True):
        assert torch.equal(own, other)
    exported = load_policy(tmp_path / "x" / "policy.onnx")
    observation = np.zeros(alone.observation_space.shape, np.float32)
    normalized = alone.get_vec_normalize_env().normalize_obs(observation)
    actions, _ = alone.predict(normalized, deterministic=True)
    arm = actions[:-1] * exported.high[:-1]
    np.testing.assert_allclose(exported.act_flat(observation)[:-1], arm, rtol=0, atol=1e-5)


def test_an_export_that_is_not_possible_is_told_and_training_goes_on(
    model, tmp_path, provenance, caplog, monkeypatch
):
    monkeypatch.setattr(module, "N_EPISODES", 2)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "notes.md").touch()
    model.learn(128, callback=ExportCallback(tmp_path / "x", 60, provenance))
    assert model.num_timesteps == 128
    assert [record.getMessage().split(": ")[0] for record in caplog.records] == [
        "no export of ur5e at 64 steps",
        "no export of ur5e at 128 steps",
    ]
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["notes.md"]
