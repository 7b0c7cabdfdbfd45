"""The graph is the policy: it equals SB3's own prediction, and refuses to be built on nothing."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from hacpo_robot.errors import ExportError
from hacpo_robot.export.graph import (
    Normalize,
    ObservationStatistics,
    make_policy_graph,
    write_metadata,
    write_onnx,
)


def predict(model, signature, observations):
    """SB3's own way from raw observations to commands."""
    normalized = model.get_vec_normalize_env().normalize_obs(observations)
    actions, _ = model.predict(normalized, deterministic=True)
    return signature.low + (actions + 1) / 2 * (signature.high - signature.low)


def run(graph, observations):
    with torch.no_grad():
        return graph(torch.from_numpy(observations.astype(np.float32))).numpy()


def test_graph_equals_prediction_of_sb3(trained):
    signature = trained.env.action_signature
    commands = run(make_policy_graph(trained.model, signature), trained.recorded)
    expected = predict(trained.model, signature, trained.recorded)
    assert np.ptp(expected, axis=0).min() > 0, "a constant policy would prove nothing"
    np.testing.assert_allclose(commands, expected, rtol=0, atol=1e-5)  # float32 against float64 statistics


def test_graph_stays_within_command_bounds_on_extreme_input(trained):
    signature = trained.env.action_signature
    extreme = np.array([[-1e30], [-1e6], [1e6], [1e30]]) * np.ones(trained.recorded.shape[1])
    commands = run(make_policy_graph(trained.model, signature), extreme)
    assert (commands >= signature.low.astype(np.float32)).all()
    assert (commands <= signature.high.astype(np.float32) + 1e-7).all()


def test_graph_leaves_the_model_in_training_mode(panda):
    panda.model.policy.train()
    graph = make_policy_graph(panda.model, panda.env.action_signature)
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
    write_onnx(make_policy_graph(panda.model, panda.env.action_signature), path, values)
    assert {entry.key: entry.value for entry in onnx.load(path).metadata_props} == values


def test_write_metadata_replaces_entries_and_keeps_the_graph(panda, tmp_path):
    path = tmp_path / "policy.onnx"
    write_onnx(make_policy_graph(panda.model, panda.env.action_signature), path, {"a": "1", "b": "2"})
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
        make_policy_graph(small_model(fresh_env), fresh_env.action_signature)


def test_graph_refuses_a_model_without_normalizer(fresh_env, small_model):
    model = small_model(fresh_env)
    model.env = model.env.venv
    model._vec_normalize_env = None
    with pytest.raises(ExportError, match="no VecNormalize"):
        make_policy_graph(model, fresh_env.action_signature)


def test_graph_refuses_a_normalizer_that_does_not_normalize(fresh_env, small_model):
    with pytest.raises(ExportError, match="does not normalise"):
        make_policy_graph(small_model(fresh_env, norm_obs=False), fresh_env.action_signature)


def test_graph_refuses_the_action_layout_of_another_robot(panda):
    with pytest.raises(ExportError, match="the robot in 1 numbers"):
        make_policy_graph(panda.model, panda.env.action_signature.select(("gripper",)))
