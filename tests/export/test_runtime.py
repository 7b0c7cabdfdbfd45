"""The runtime stands alone, and every mistake gets one sentence that names the sensor."""

import subprocess
import sys

import numpy as np
import onnx
import pytest

from hacpo_robot.export.graph import write_metadata
from hacpo_robot.export.runtime import PolicyError, load_policy

BLOCKED = ("torch", "mujoco", "stable_baselines3", "gymnasium", "cv2", "scipy", "onnx", "hacpo_robot")


@pytest.fixture(scope="module")
def policy(exported):
    return load_policy(exported / "policy.onnx")


@pytest.fixture
def sensors(panda):
    """Raw sensor values of one moment, by name."""
    return {
        name: value.copy() for name, value in panda.env.observation_signature.split(panda.recorded[0]).items()
    }


def test_named_sensors_in_any_order_equal_the_flat_vector(policy, sensors, panda):
    shuffled = dict(reversed(sensors.items()))
    np.testing.assert_array_equal(policy.act(shuffled), policy.act_flat(panda.recorded[0]))


def test_many_robots_at_once_equal_one_after_the_other(policy, panda):
    batch = policy.act(panda.env.observation_signature.split(panda.recorded))
    assert batch.shape == (100, panda.env.action_signature.size)
    alone = [policy.act_flat(observation) for observation in panda.recorded]
    np.testing.assert_allclose(batch, alone, rtol=0, atol=1e-6)  # sums in another order


def test_a_sensor_of_one_number_may_be_a_plain_number(policy, sensors):
    expected = policy.act(sensors)
    width = float(sensors["gripper_width"][0])
    np.testing.assert_array_equal(policy.act({**sensors, "gripper_width": width}), expected)


def test_missing_sensor_is_named(policy, sensors):
    del sensors["cube_pos"]
    with pytest.raises(PolicyError, match=r"missing sensor 'cube_pos'; this policy reads joint_pos \(7\)"):
        policy.act(sensors)


def test_unknown_sensor_is_named(policy, sensors):
    with pytest.raises(PolicyError, match="unknown sensor 'camera'"):
        policy.act({**sensors, "camera": np.zeros(3)})


def test_wrong_shape_is_named(policy, sensors):
    with pytest.raises(PolicyError, match=r"'cube_pos' has shape \(4,\), expected \(3,\) or \(n, 3\)"):
        policy.act({**sensors, "cube_pos": np.zeros(4)})


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_value_that_is_not_finite_is_named(policy, sensors, value):
    with pytest.raises(PolicyError, match=r"^sensor 'cube_pos' is not finite$"):
        policy.act({**sensors, "cube_pos": [0.0, value, 0.0]})


def test_sensor_without_numbers_is_named(policy, sensors):
    with pytest.raises(PolicyError, match="'gripper_width' is not an array of numbers"):
        policy.act({**sensors, "gripper_width": "open"})


def test_sensors_of_different_batches_are_refused(policy, sensors):
    with pytest.raises(PolicyError, match=r"disagree on the number of robots: .*cube_pos \(2, 3\)"):
        policy.act({**sensors, "cube_pos": np.zeros((2, 3))})


def test_flat_vector_of_wrong_length_is_refused(policy):
    with pytest.raises(PolicyError, match=r"shape \(5,\), expected \((\d+),\) or \(n, \1\)"):
        policy.act_flat(np.zeros(5))


def test_absent_file_is_refused(tmp_path):
    with pytest.raises(PolicyError, match="No such file"):
        load_policy(tmp_path / "policy.onnx")


def test_file_cut_short_anywhere_is_refused(exported, tmp_path):
    whole = (exported / "policy.onnx").read_bytes()
    keys = [entry.key.encode() for entry in onnx.load(exported / "policy.onnx").metadata_props]
    between_entries = [whole.index(key) - back for key in keys for back in range(7)]
    for length in [*range(0, len(whole), 97), *between_entries, len(whole) - 1]:
        (tmp_path / "cut.onnx").write_bytes(whole[:length])
        with pytest.raises(PolicyError, match="cut short"):
            load_policy(tmp_path / "cut.onnx")


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ({}, "has no policy_metadata"),
        ({"policy_metadata": "{"}, "cannot be read"),
        ({"policy_metadata": "[]"}, "cannot be read"),
        ({"policy_metadata": '{"schema_version": 1}'}, "cannot be read: KeyError"),
        ({"policy_metadata": '{"schema_version": 2}'}, "metadata version 2; this runtime reads version 1"),
        (
            {"policy_metadata": '{"schema_version": 1, "observations": [], "actions": []}'},
            "describes {'obs': 0, 'actions': 0} but its graph has {'obs': 27, 'actions': 8}",
        ),
    ],
)
def test_file_with_unfit_metadata_is_refused(exported, tmp_path, metadata, sentence):
    path = tmp_path / "policy.onnx"
    onnx.save(onnx.load(exported / "policy.onnx"), path)
    write_metadata(path, metadata)
    with pytest.raises(PolicyError, match=sentence):
        load_policy(path)


def test_runtime_needs_nothing_but_numpy_and_onnxruntime(exported, tmp_path):
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({BLOCKED!r})); sys.path.insert(0, {str(exported)!r});"
        "sys.dont_write_bytecode = True; import runtime, numpy;"
        f"policy = runtime.load_policy({str(exported / 'policy.onnx')!r});"
        "print(policy.act({name: numpy.zeros(size) for name, size in policy.sensors.items()}).shape)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, "(8,)\n"), result.stderr


def test_self_test_prints_one_line(exported):
    command = [sys.executable, str(exported / "runtime.py"), str(exported / "policy.onnx"), "--self-test"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("panda on lift: 8 commands from 27 sensor values")
    assert result.stdout.count("\n") == 1


def test_command_line_refuses_a_bad_file_in_one_sentence(exported):
    command = [sys.executable, str(exported / "runtime.py"), str(exported / "README.md"), "--self-test"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
