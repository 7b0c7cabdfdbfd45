"""What leaves equals what was trained, in two engines, and nothing leaves otherwise."""

import json

import numpy as np
import pytest
import torch

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.errors import ExportError
from hacpo_robot.export import exporter
from hacpo_robot.export.candidate import Candidate
from hacpo_robot.export.exporter import FILES, export_policy
from hacpo_robot.export.metadata import ReportedEvaluation
from hacpo_robot.export.parity import TOLERANCE, ParityReport, check_parity, compare_episodes
from hacpo_robot.export.runtime import load_policy


def test_every_robot_leaves_with_parity_in_two_engines_on_recorded_random_and_extreme_input(
    trained, tmp_path, provenance
):
    report = export_policy(trained.candidate(), tmp_path / "x", provenance, trained.episodes)
    assert report.passed
    assert report.n_samples == {"recorded": 100, "random": 1000, "extreme": 1001}
    assert report.tolerance == {"onnxruntime": 1e-5, "cv2": 1e-4}
    assert {name: set(sets) for name, sets in report.max_abs_error.items()} == {
        engine: set(report.n_samples) for engine in report.tolerance
    }


@pytest.mark.parametrize("inputs", ["obs", "sensors"])
@pytest.mark.parametrize("low_pass_hz", [None, 3.0])
def test_every_interface_leaves_with_parity(panda, tmp_path, provenance, inputs, low_pass_hz):
    candidate = panda.candidate(inputs=inputs, low_pass_hz=low_pass_hz)
    assert export_policy(candidate, tmp_path / "x", provenance, panda.episodes).passed
    policy = load_policy(tmp_path / "x" / "policy.onnx")
    assert policy.replay(tmp_path / "x" / "test_vectors.json") == 25
    trained = candidate.as_trained()
    for row in panda.episodes[0]:
        np.testing.assert_allclose(policy.act_flat(row), trained.act_flat(row), rtol=0, atol=1e-5)


def test_metadata_describes_the_robot_that_was_trained(trained, tmp_path, provenance):
    evaluation = ReportedEvaluation(n_episodes=8, n_success=6, pc_success_ci95=(40.9, 92.9))
    export_policy(trained.candidate(), tmp_path / "x", provenance, trained.episodes, evaluation)
    metadata = load_policy(tmp_path / "x" / "policy.onnx").metadata
    assert metadata == json.loads((tmp_path / "x" / "policy.json").read_text())
    robot, observation, action = (
        trained.env.robot,
        trained.env.observation_signature,
        trained.env.action_signature,
    )
    assert [field["name"] for field in metadata["observations"]] == list(observation.names)
    assert [value for field in metadata["actions"][:-1] for value in field["high"]] == action.high[
        :-1
    ].tolist()
    gripper = metadata["actions"][-1]
    assert (gripper["unit"], gripper["low"], gripper["high"]) == (
        "m",
        [robot.gripper.min_width],
        [robot.gripper.max_width],
    )
    assert metadata["robot"]["joint_names"] == list(robot.arm.joints)
    assert ("m" in metadata["robot"]["joint_units"]) == bool(robot.arm.slides)
    assert metadata["evaluation"]["pc_success"] == 75.0
    assert metadata["parity"] == json.loads((tmp_path / "x" / "parity.json").read_text())
    assert metadata["source"] == {"run": "runs/x", "step": 32}


def report(engine="onnxruntime", error=0.0, n=1):
    return ParityReport(
        max_abs_error={engine: {"a": error}}, n_samples={"a": n}, tolerance=TOLERANCE, versions={}
    )


def test_report_fails_on_nan_on_no_samples_and_beyond_the_tolerance_of_the_engine():
    assert report(error=1e-6).passed
    assert not report(error=2e-5).passed
    assert report("cv2", 2e-5).passed
    assert not report("cv2", 2e-4).passed
    assert not report(error=float("nan")).passed
    assert not report(n=0).passed


def test_parity_sees_a_changed_weight(exported, panda):
    trained = panda.candidate().as_trained()
    policy = load_policy(exported / "policy.onnx")
    assert check_parity(trained, {"onnxruntime": policy}, {"recorded": panda.recorded}).passed
    with torch.no_grad():
        panda.model.policy.action_net.bias.add_(1e-2)
    changed = check_parity(trained, {"onnxruntime": policy}, {"recorded": panda.recorded})
    with torch.no_grad():
        panda.model.policy.action_net.bias.sub_(1e-2)
    assert not changed.passed


def test_episodes_are_compared_one_by_one():
    loop = compare_episodes(np.array([True, True, False]), np.array([True, False, True]))
    assert (loop.n_success, loop.n_success_file, loop.n_same, loop.n_episodes) == (2, 2, 1, 3)


def test_a_file_is_tried_in_closed_loop_before_it_leaves(panda, tmp_path, provenance):
    seen = []

    def trial(policy):
        seen.append(policy.metadata["parity"])
        assert not (tmp_path / "x").exists()
        return compare_episodes(np.array([True]), np.array([True]))

    export_policy(panda.candidate(), tmp_path / "x", provenance, panda.episodes, trial=trial)
    assert seen == [None]
    assert json.loads((tmp_path / "x" / "parity.json").read_text())["closed_loop"]["n_same"] == 1


def test_failed_parity_leaves_the_earlier_export_alone(export, monkeypatch):
    folder = export()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(exporter, "check_parity", lambda *_: report(error=0.5))
    sentence = r"differs from the policy by 5\.0e-01 on a observations in onnxruntime \(at most 1e-05\)"
    with pytest.raises(ExportError, match=sentence):
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
    short = [episode[:, :3] for episode in panda.episodes]
    with pytest.raises(ExportError, match=r"shape \(25, 3\), expected \(length, \d+\)"):
        export_policy(panda.candidate(), tmp_path / "x", provenance, short)
    with pytest.raises(ExportError, match="no episode was recorded"):
        export_policy(panda.candidate(), tmp_path / "x", provenance, [])
    assert list(tmp_path.iterdir()) == []


def test_stiffness_is_that_of_a_position_servo_and_zero_for_a_velocity_servo(panda):
    env = make_vec_env(load_robot("sawyer"), load_task("reach"), n_envs=1, seed=0, n_threads=1)
    sawyer = Candidate(model=panda.model, env=env).body
    # 24 per Nm of torque limit, and 0.07 s of that: docs/physics.md. Limits: 80 Nm at the first joint.
    body = panda.candidate().body
    assert (body.stiffness[0], body.damping[0]) == pytest.approx((24 * 80, 0.07 * 24 * 80))
    assert sawyer.stiffness == (0.0,) * 7
    assert sawyer.damping[0] == pytest.approx(0.07 * 24 * 80)
