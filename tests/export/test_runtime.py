"""The runtime stands alone, and every mistake gets one sentence that names the sensor."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from hacpo_robot.export import runtime
from hacpo_robot.export.runtime import PolicyError, load_policy
from tests.export.policies import Clock, write_policy

ALONE = """
import sys
import numpy, onnxruntime

class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in {*sys.stdlib_module_names, "numpy", "onnxruntime", "runtime"}:
            raise ModuleNotFoundError(f"{name} is not on this robot", name=name)

def refuse(event, arguments):
    if event == "pickle.find_class":
        raise RuntimeError("a pickle was read")

sys.meta_path.insert(0, Nothing())
for name in set(sys.modules) - set(sys.stdlib_module_names):
    if name.split(".")[0] not in {*sys.stdlib_module_names, "numpy", "onnxruntime", "__main__"}:
        del sys.modules[name]
sys.addaudithook(refuse)
sys.dont_write_bytecode = True
sys.path.insert(0, FOLDER)
"""
"""Start of a program on a computer that has Python, numpy and onnxruntime, and refuses pickles."""


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


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_value_that_is_not_finite_is_named(policy, sensors, value):
    with pytest.raises(PolicyError, match=r"^sensor 'cube_pos' is not finite$"):
        policy.act({**sensors, "cube_pos": [0.0, value, 0.0]})


@pytest.mark.parametrize(
    "value",
    [
        "open",
        ["0.1"],
        None,
        1j,
        [[0.1], [0.1, 0.2]],
        np.array([0.1], object),
        np.datetime64("2026-01-01"),
        {},
    ],
)
def test_sensor_without_numbers_is_named(policy, sensors, value):
    with pytest.raises(PolicyError, match="'gripper_width' is not an array of numbers"):
        policy.act({**sensors, "gripper_width": value})


@pytest.mark.parametrize("kind", [np.float16, np.float64, np.int8, np.uint64, np.bool_])
def test_numbers_of_every_kind_are_read(policy, sensors, kind):
    expected = policy.act({**sensors, "cube_pos": [1.0, 0.0, 1.0]})
    np.testing.assert_array_equal(policy.act({**sensors, "cube_pos": np.array([1, 0, 1], kind)}), expected)


def test_sensors_of_different_batches_are_refused(policy, sensors):
    with pytest.raises(PolicyError, match=r"disagree on the number of robots: .*cube_pos \(2, 3\)"):
        policy.act({**sensors, "cube_pos": np.zeros((2, 3))})


def test_flat_vector_of_wrong_length_is_refused(policy):
    with pytest.raises(PolicyError, match=r"shape \(5,\), expected \((\d+),\) or \(n, \1\)"):
        policy.act_flat(np.zeros(5))


def test_file_cut_short_anywhere_is_refused(exported, tmp_path):
    whole = (exported / "policy.onnx").read_bytes()
    keys = [entry.key.encode() for entry in onnx.load(exported / "policy.onnx").metadata_props]
    between_entries = [whole.index(key) - back for key in keys for back in range(7)]
    for length in [*range(0, len(whole), 97), *between_entries, len(whole) - 1]:
        (tmp_path / "cut.onnx").write_bytes(whole[:length])
        with pytest.raises(PolicyError, match="cut short"):
            load_policy(tmp_path / "cut.onnx")


def test_file_of_another_version_is_named(exported, tmp_path):
    path = tmp_path / "policy.onnx"
    model = onnx.load(exported / "policy.onnx")
    for entry in model.metadata_props:
        entry.value = entry.value.replace('"schema_version": 2', '"schema_version": 3')
    onnx.save(model, path)
    with pytest.raises(PolicyError, match=r"has 3 as policy_metadata\.schema_version, expected 2"):
        load_policy(path)


def test_runtime_needs_nothing_but_numpy_and_onnxruntime(exported, tmp_path):
    program = (
        ALONE.replace("FOLDER", repr(str(exported)))
        + f"""
import time
import runtime
policy = runtime.load_policy({str(exported / "policy.onnx")!r})
home = policy.metadata["robot"]["home"]
guard = runtime.Guard(policy, joint_pos=home, gripper_width=0.04)
zeros = {{name: numpy.zeros(size) for name, size in policy.sensors.items()}}
read = lambda: runtime.Reading(sensors=zeros, joint_pos=home, stamps=time.monotonic())
sent = []
report = runtime.ControlLoop(policy, guard, read=read, send=sent.append, sleep=lambda _: None).run(2)
print(report.n_cycles, [command.status for command in sent], sent[0].arm.shape)
"""
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, "2 ['run', 'run', 'hold'] (7,)\n"), result.stderr


def test_runtime_has_no_way_to_read_a_pickle():
    source = Path(runtime.__file__).read_text()
    names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    assert not (names | attributes) & {
        "pickle",
        "load",
        "allow_pickle",
        "eval",
        "exec",
        "__import__",
        "memmap",
    }


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


@pytest.mark.parametrize(
    ("stamps", "sentence"),
    [
        (99.8, "'joint_pos' is stale: 0.200 s old, at most 0.100 s allowed"),
        ({"joint_pos": 100, "gripper_width": 99.8, "cube_pos": 100}, "'gripper_width' is stale"),
        ({"joint_pos": 100, "gripper_width": 100}, "'cube_pos' has None as time stamp, expected seconds"),
        ({"joint_pos": 100, "gripper_width": 100, "cube_pos": "now"}, "'cube_pos' has 'now' as time stamp"),
        (100.1, "'joint_pos' is from the future by 0.100 s; stamp with the policy's clock"),
    ],
)
def test_stale_sensor_is_named(tmp_path, stamps, sentence):
    policy = load_policy(write_policy(tmp_path / "policy.onnx"), Clock())
    sensors = {"joint_pos": [0, 0, 0], "gripper_width": 0.03, "cube_pos": [0, 0, 0]}
    assert policy.act(sensors, 99.95).shape == (4,)
    with pytest.raises(PolicyError, match=sentence):
        policy.act(sensors, stamps)


def run_self_test(policy_file):
    command = [sys.executable, runtime.__file__, str(policy_file), "--self-test"]
    return subprocess.run(command, capture_output=True, text=True)


def test_self_test_replays_what_was_recorded(exported):
    result = run_self_test(exported / "policy.onnx")
    n = len(json.loads((exported / "test_vectors.json").read_text())["actions"])
    assert f"{n} recorded replayed" in result.stdout, result.stderr


def test_self_test_finds_a_change_that_no_action_shows(exported, tmp_path):
    folder = shutil.copytree(exported, tmp_path / "x")
    file = folder / "policy.onnx"
    content = file.read_bytes()
    at = content.index(b"created_at") + len(b'created_at": "')
    assert content[at : at + 1] == b"2"
    file.write_bytes(content[:at] + b"3" + content[at + 1 :])
    result = run_self_test(file)
    assert result.returncode == 2
    assert "was written with another policy, or this one changed on its way" in result.stderr


GOOD_VECTORS = {"inputs": {"obs": [[0.0] * 7] * 2}, "actions": [[0.0] * 4] * 2}


@pytest.mark.parametrize(
    ("vectors", "sentence"),
    [
        (GOOD_VECTORS, ""),
        ({**GOOD_VECTORS, "policy_sha256": "0" * 64}, "was written with another policy"),
        ({**GOOD_VECTORS, "actions": [[0.0, 0.0, 0.0, 0.01]] * 2}, "records other actions"),
        ({**GOOD_VECTORS, "actions": [[0.0] * 4]}, "records other actions"),
        ({**GOOD_VECTORS, "actions": [[0.0, None]]}, "not an array of numbers"),
        ({"inputs": GOOD_VECTORS["inputs"]}, "does not hold test vectors"),
        ({**GOOD_VECTORS, "inputs": {"obs": [[0.0] * 6]}}, "does not hold test vectors"),
        ({**GOOD_VECTORS, "inputs": {"camera": [[0.0] * 7]}}, "does not hold test vectors"),
        ({**GOOD_VECTORS, "inputs": {"obs": "policy"}}, "not an array of numbers"),
        ({**GOOD_VECTORS, "inputs": 3}, "does not hold test vectors"),
        ([], "does not hold test vectors"),
        ("[" * 100_000, "nested too deeply"),
        ("{", "JSON that cannot be read"),
        ('{"actions": NaN}', "NaN"),
    ],
)
def test_self_test_ends_in_one_sentence_whatever_was_recorded(
    tmp_path, vectors, sentence, monkeypatch, capfd
):
    path = write_policy(tmp_path / "policy.onnx")
    if isinstance(vectors, dict):
        vectors = {"policy_sha256": load_policy(path).sha256} | vectors
    recorded = vectors if isinstance(vectors, str) else json.dumps(vectors)
    (tmp_path / "test_vectors.json").write_text(recorded)
    monkeypatch.setattr(sys, "argv", ["runtime.py", str(path), "--self-test"])
    assert runtime.main() == (2 if sentence else 0)
    out, err = capfd.readouterr()
    assert (out.count("\n"), err.count("\n")) == ((0, 1) if sentence else (1, 0))
    assert sentence in err
