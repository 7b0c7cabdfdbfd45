"""The graph is the policy: it equals SB3's own prediction, and refuses to be built on nothing."""

import json
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.control.gripper import Gripper
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.errors import ExportError, InvalidSpecError
from hacpo_robot.export.candidate import Candidate
from hacpo_robot.export.graph import Normalize, ObservationStatistics, write_metadata, write_onnx
from hacpo_robot.export.interface import Interface


def run(graph, *inputs):
    with torch.no_grad():
        return graph(*(torch.from_numpy(each.astype(np.float32)) for each in inputs)).numpy()


def test_graph_equals_prediction_of_sb3(trained):
    candidate = trained.candidate()
    commands = run(candidate.as_graph(), trained.recorded)
    normalized = trained.model.get_vec_normalize_env().normalize_obs(trained.recorded)
    actions, _ = trained.model.predict(normalized, deterministic=True)
    low, high = (getattr(trained.env.action_signature, end)[:-1] for end in ("low", "high"))
    arm = low + (actions[:, :-1] + 1) / 2 * (high - low)
    assert np.ptp(commands, axis=0).min() > 0, "a constant policy would prove nothing"
    np.testing.assert_allclose(commands[:, :-1], arm, rtol=0, atol=1e-5)  # float32 against float64 statistics
    gripper = Gripper(trained.env.robot.gripper)
    width = gripper.width(gripper.targets(actions[:, -1:]))
    np.testing.assert_allclose(commands[:, -1:], width, rtol=0, atol=1e-6)


def test_graph_stays_within_command_bounds_on_extreme_input(trained):
    candidate = trained.candidate()
    extreme = np.array([[-1e30], [-1e6], [1e6], [1e30]]) * np.ones(trained.recorded.shape[1])
    commands = run(candidate.as_graph(), extreme)
    assert (commands >= candidate.scale.low.astype(np.float32)).all()
    assert (commands <= candidate.scale.high.astype(np.float32) + 1e-7).all()


def test_sensors_by_name_give_what_one_vector_gives(panda):
    candidate = panda.candidate(inputs="sensors")
    graph = candidate.as_graph()
    assert list(graph.inputs) == list(panda.env.observation_signature.names)
    parts = panda.env.observation_signature.split(panda.recorded)
    expected = run(panda.candidate().as_graph(), panda.recorded)
    np.testing.assert_array_equal(run(graph, *(parts[name] for name in graph.inputs)), expected)


def test_low_pass_keeps_its_share_of_the_last_command_where_there_is_one(panda):
    graph = panda.candidate(low_pass_hz=2.0).as_graph()
    assert list(graph.inputs) == ["obs", "last_actions", "has_last"]
    fresh = run(panda.candidate().as_graph(), panda.recorded)
    last, has_last = np.full_like(fresh, 0.05), np.zeros((len(fresh), 1))
    has_last[::2] = 1.0
    found = run(graph, panda.recorded, last, has_last)
    keep = np.exp(-2 * np.pi * 2.0 / 20)  # 20 commands per second
    np.testing.assert_allclose(found[::2], (1 - keep) * fresh[::2] + keep * 0.05, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(found[1::2], fresh[1::2])


@pytest.mark.parametrize("cutoff", [0.0, -1.0, np.inf, np.nan])
def test_a_low_pass_that_filters_nothing_or_everything_is_refused(cutoff):
    with pytest.raises(InvalidSpecError, match="low_pass_hz must be positive and finite"):
        Interface(low_pass_hz=cutoff)


def test_inputs_that_do_not_exist_are_refused():
    with pytest.raises(InvalidSpecError, match="inputs must be obs or sensors, not 'joints'"):
        Interface(inputs="joints")


def test_graph_leaves_the_model_in_training_mode(panda):
    panda.model.policy.train()
    graph = panda.candidate().as_graph()
    assert panda.model.policy.action_net.training
    own = {parameter.data_ptr() for parameter in panda.model.policy.parameters()}
    assert not own & {parameter.data_ptr() for parameter in graph.parameters()}


def test_normalize_keeps_precision_of_a_sensor_that_hardly_moves():
    mean, std = np.array([0.7123456789]), np.array([1e-4])
    observation = np.array([[0.7123]], np.float32)
    exact = (observation.astype(np.float64) - mean) / std
    statistics = ObservationStatistics(mean=mean, std=std, clip=10.0, epsilon=1e-8, count=1.0)
    found = run(Normalize(statistics), observation)
    np.testing.assert_allclose(found, exact, rtol=1e-6)


def test_metadata_survives_the_file_at_full_precision(panda, tmp_path):
    values = {"a": "0.1,0.30000000000000004", "policy_metadata": json.dumps({"unit": "°", "x": 1 / 3})}
    path = tmp_path / "policy.onnx"
    write_onnx(panda.candidate().as_graph(), path, values)
    assert {entry.key: entry.value for entry in onnx.load(path).metadata_props} == values


def test_write_metadata_replaces_entries_and_keeps_the_graph(panda, tmp_path):
    path = tmp_path / "policy.onnx"
    write_onnx(panda.candidate().as_graph(), path, {"a": "1", "b": "2"})
    before = onnx.load(path)
    write_metadata(path, {"a": "3"})
    after = onnx.load(path)
    assert [(entry.key, entry.value) for entry in after.metadata_props] == [("a", "3")]
    assert after.graph == before.graph


def test_file_is_one_piece_of_opset_17_with_a_dynamic_batch(exported: Path):
    model = onnx.load(exported / "policy.onnx", load_external_data=False)
    assert [entry.version for entry in model.opset_import] == [17]
    assert not any(tensor.external_data for tensor in model.graph.initializer)
    for value in (*model.graph.input, *model.graph.output):
        assert value.type.tensor_type.shape.dim[0].dim_param == "batch", value.name
    assert [value.name for value in model.graph.input] == ["obs"]
    assert [value.name for value in model.graph.output] == ["actions"]


def test_graph_refuses_statistics_of_no_data(fresh_env, small_model):
    with pytest.raises(ExportError, match="has seen no observation"):
        Candidate(model=small_model(fresh_env), env=fresh_env).as_graph()


def test_graph_refuses_a_model_without_normalizer(fresh_env, small_model):
    model = small_model(fresh_env)
    model.env = model.env.venv
    model._vec_normalize_env = None
    with pytest.raises(ExportError, match="no VecNormalize"):
        Candidate(model=model, env=fresh_env).as_graph()


def test_graph_refuses_a_normalizer_that_does_not_normalize(fresh_env, small_model):
    with pytest.raises(ExportError, match="does not normalise"):
        Candidate(model=small_model(fresh_env, norm_obs=False), env=fresh_env).as_graph()


def test_graph_refuses_the_environment_of_another_robot(panda):
    scara = make_vec_env(load_robot("scara"), load_task("lift"), n_envs=1, seed=0, n_threads=1)
    with pytest.raises(ExportError, match="the robot in 5 numbers"):
        Candidate(model=panda.model, env=scara).as_graph()


def test_constants_that_are_equal_stand_apart_in_the_file_and_opencv_reads_it(trained, tmp_path):
    graph = trained.candidate().as_graph()
    with torch.no_grad():
        for parameter in (graph.actor[1].bias, graph.unscale.bow, graph.unscale.low):
            parameter.zero_()  # as after a run that was too short to learn anything
    write_onnx(graph, tmp_path / "policy.onnx", {})
    nodes = onnx.load(tmp_path / "policy.onnx").graph.node
    assert not [node for node in nodes if node.op_type == "Identity"]
    net = cv2.dnn.readNetFromONNX(str(tmp_path / "policy.onnx"))
    net.setInput(trained.recorded[:1].astype(np.float32), "obs")
    np.testing.assert_allclose(net.forward(), run(graph, trained.recorded[:1]), atol=1e-5)
