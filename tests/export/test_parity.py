"""What leaves equals what was trained, in two engines, and nothing leaves otherwise."""

import json

import cv2
import numpy as np
import pytest
import torch

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.errors import ExportError
from hacpo_robot.export import exporter
from hacpo_robot.export.exporter import FILES, export_policy, read_servo
from hacpo_robot.export.graph import make_policy_graph
from hacpo_robot.export.metadata import Evaluation
from hacpo_robot.export.parity import TOLERANCE, ParityReport, check_parity
from hacpo_robot.export.runtime import load_policy


def test_every_robot_leaves_with_parity_on_recorded_random_and_extreme_input(trained, tmp_path, provenance):
    report = export_policy(trained.model, trained.env, tmp_path / "x", provenance, trained.recorded)
    assert report.passed
    assert report.n_samples == {"recorded": 100, "random": 1000}
    size = trained.recorded.shape[1]
    extreme = np.concatenate([np.full((1, size), bound) for bound in (-1e30, -1e3, 0.0, 1e3, 1e30)])
    graph = make_policy_graph(trained.model, trained.env.action_signature)
    far = check_parity(tmp_path / "x" / "policy.onnx", graph, {"extreme": extreme})
    assert far.passed, far


def test_opencv_commands_what_onnxruntime_commands(exported, panda):
    engine = cv2.dnn.readNetFromONNX(str(exported / "policy.onnx"))
    policy = load_policy(exported / "policy.onnx")
    for observation in panda.recorded[:10]:
        engine.setInput(observation[None])
        np.testing.assert_allclose(engine.forward()[0], policy.act_flat(observation), rtol=0, atol=TOLERANCE)


def test_metadata_describes_the_robot_that_was_trained(trained, tmp_path, provenance):
    evaluation = Evaluation(n_episodes=8, n_success=6, pc_success_ci95=(40.9, 92.9))
    export_policy(trained.model, trained.env, tmp_path / "x", provenance, trained.recorded, evaluation)
    metadata = load_policy(tmp_path / "x" / "policy.onnx").metadata
    assert metadata == json.loads((tmp_path / "x" / "policy.json").read_text())
    observation, action = trained.env.observation_signature, trained.env.action_signature
    assert [field["name"] for field in metadata["observations"]] == list(observation.names)
    assert [value for field in metadata["actions"] for value in field["high"]] == action.high.tolist()
    assert metadata["robot"]["n_joints"] == trained.env.robot.n_joints
    assert metadata["evaluation"]["pc_success"] == 75.0
    assert metadata["parity"] == json.loads((tmp_path / "x" / "parity.json").read_text())
    assert metadata["source"] == {"run": "runs/x", "step": 32}


def test_report_fails_on_nan_on_no_samples_and_beyond_tolerance():
    def report(error, n):
        return ParityReport(max_abs_error={"a": error}, n_samples={"a": n}, tolerance=1e-5, versions={})

    assert report(1e-6, 1).passed
    assert not report(2e-5, 1).passed
    assert not report(float("nan"), 1).passed
    assert not report(0.0, 0).passed


def test_parity_sees_a_changed_weight(exported, panda):
    graph = make_policy_graph(panda.model, panda.env.action_signature)
    with torch.no_grad():
        graph.actor[-1].bias.add_(1e-2)
    assert not check_parity(exported / "policy.onnx", graph, {"recorded": panda.recorded}).passed


def test_failed_parity_leaves_the_earlier_export_alone(export, monkeypatch):
    folder = export()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    failed = ParityReport(max_abs_error={"random": 0.5}, n_samples={"random": 1}, tolerance=1e-5, versions={})
    monkeypatch.setattr(exporter, "check_parity", lambda *_: failed)
    with pytest.raises(ExportError, match=r"differs from the policy by more than 1e-05: random 5\.0e-01"):
        export()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert list(folder.parent.iterdir()) == [folder], "something half-written is left"


def test_export_replaces_an_earlier_export(export):
    export()
    assert sorted(path.name for path in export().iterdir()) == sorted(FILES)


def test_export_refuses_a_folder_that_holds_something_else(export):
    (export() / "thesis.tex").touch()
    with pytest.raises(ExportError, match=r"also holds thesis\.tex"):
        export()


def test_export_refuses_recorded_observations_of_another_robot(panda, tmp_path, provenance):
    with pytest.raises(ExportError, match=r"shape \(100, 3\), expected \(n, \d+\)"):
        export_policy(panda.model, panda.env, tmp_path / "x", provenance, panda.recorded[:, :3])
    assert list(tmp_path.iterdir()) == []


def test_stiffness_is_that_of_a_position_servo_and_zero_for_a_velocity_servo():
    panda, sawyer = (
        read_servo(make_vec_env(load_robot(name), load_task("reach"), n_envs=1, seed=0, n_threads=1))
        for name in ("panda", "sawyer")
    )
    # 24 per Nm of torque limit, and 0.07 s of that: docs/physics.md. Limits: 80 Nm at the first joint.
    assert (panda.stiffness[0], panda.damping[0]) == pytest.approx((24 * 80, 0.07 * 24 * 80))
    assert sawyer.stiffness == (0.0,) * 7
    assert sawyer.damping[0] == pytest.approx(0.07 * 24 * 80)
