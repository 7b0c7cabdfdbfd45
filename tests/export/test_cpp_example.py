"""The C++ example commands what the Python runtime commands, and every mistake gets one sentence."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from hacpo_robot.export.exporter import export_policy
from hacpo_robot.export.runtime import load_policy

pytestmark = pytest.mark.slow  # the compiler takes its time

EXAMPLE = Path(__file__).parents[2] / "examples" / "cpp"
TOLERANCE = 1e-4  # of a second engine, as for OpenCV in Python


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The example, built as its README says."""
    if shutil.which("cmake") is None:
        pytest.skip("the C++ example needs cmake; `make cpp` installs it")
    build = tmp_path_factory.mktemp("build")
    configure = ["cmake", "-S", str(EXAMPLE), "-B", str(build), "-DCMAKE_BUILD_TYPE=Debug"]
    configured = subprocess.run(
        [*configure, "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON"], capture_output=True, text=True
    )
    if configured.returncode:
        pytest.skip(f"`make cpp` installs what the C++ example needs: {configured.stderr}")
    subprocess.run(["cmake", "--build", str(build), "--parallel"], check=True)
    return build / "run_policy"


@pytest.fixture
def run(program, exported):
    """Run the example on the exported policy, or on another folder."""

    def _run(*arguments, folder=exported):
        return subprocess.run([program, folder, *arguments], capture_output=True, text=True, timeout=60)

    return _run


@pytest.fixture
def observations(rng, panda):
    """Shape (100, observation size), anywhere within the bounds of the sensors."""
    signature = panda.env.observation_signature
    return rng.uniform(signature.low, signature.high, (100, signature.size)).astype(np.float32)


@pytest.fixture
def sensors(panda):
    """Arguments that give every sensor what it read at one moment."""
    named = panda.env.observation_signature.split(panda.recorded[0])
    return {name: f"{name}={','.join(map(repr, value.tolist()))}" for name, value in named.items()}


@pytest.fixture
def broken(exported, tmp_path):
    """A copy of the exported folder, to be damaged."""
    return shutil.copytree(exported, tmp_path / "broken")


def write_vectors(path, inputs, actions):
    rows = {name: values.tolist() for name, values in inputs.items()}
    path.write_text(json.dumps({"inputs": rows, "actions": actions.tolist()}))
    return path


def assert_one_sentence(result, sentence):
    assert (result.returncode, result.stdout) == (2, ""), result.stderr
    assert result.stderr.count("\n") == 1
    assert sentence in result.stderr


@pytest.mark.parametrize("inputs", ["obs", "sensors"])
def test_example_commands_what_the_python_runtime_commands(
    run, panda, provenance, observations, tmp_path, inputs
):
    folder = tmp_path / "panda"
    export_policy(panda.candidate(inputs=inputs), folder, provenance, panda.episodes)
    actions = load_policy(folder / "policy.onnx").act_flat(observations)
    named = panda.env.observation_signature.split(observations)
    vectors = write_vectors(tmp_path / "vectors.json", named, actions)
    result = run("--vectors", vectors, folder=folder)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.startswith("100 vectors, largest difference ")
    assert float(result.stdout.split()[4].rstrip(",")) <= TOLERANCE
    assert run("--vectors", folder / "test_vectors.json", folder=folder).returncode == 0


def test_vectors_of_another_policy_are_told_by_exit_code_1(run, exported, observations, tmp_path):
    actions = load_policy(exported / "policy.onnx").act_flat(observations)
    actions[70, 3] += 2 * TOLERANCE
    vectors = write_vectors(tmp_path / "vectors.json", {"obs": observations}, actions)
    result = run("--vectors", vectors)
    assert (result.returncode, result.stdout) == (
        1,
        "100 vectors, largest difference 2.0e-04, allowed 1e-04\n",
    )


def test_named_sensors_in_any_order_give_named_commands(run, exported, panda, sensors):
    result = run(*reversed(sensors.values()))
    assert result.returncode == 0, result.stderr
    names, elements, values, units = zip(*(line.split() for line in result.stdout.splitlines()), strict=True)
    assert names == ("joint_delta",) * 7 + ("gripper",)
    assert elements == (*panda.env.robot.arm.joints, "width")
    assert units == ("rad",) * 7 + ("m",)
    expected = load_policy(exported / "policy.onnx").act_flat(panda.recorded[0])
    np.testing.assert_allclose(np.array(values, float), expected, rtol=0, atol=TOLERANCE)


def test_without_sensors_the_policy_is_described(run):
    result = run()
    assert result.stdout.startswith(
        "panda on lift, joint_position_delta at 20 Hz\nreads\n  joint_pos=joint1,"
    )
    assert "  cube_pos=x,y,z [m] in world\n" in result.stdout


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("", 'missing sensor "cube_pos"; this policy reads joint_pos (7), '),
        ("cube_pos=0,0", 'sensor "cube_pos" has 2 values, expected 3'),
        ("cube_pos=0,nan,0", 'sensor "cube_pos" is not finite'),
        ("cube_pos=0,1e99,0", 'sensor "cube_pos" is not finite'),
        ("cube_pos=0,x,0", '"cube_pos=0,x,0" is not a sensor with its values'),
        ("cube_pos", '"cube_pos" is not a sensor with its values'),
        ("camera=0", 'unknown sensor "camera"; this policy reads joint_pos (7), '),
        ("gripper_width=0", 'sensor "gripper_width" is given twice'),
    ],
)
def test_wrong_sensor_is_named(run, sensors, argument, sentence):
    del sensors["cube_pos"]
    assert_one_sentence(run(*sensors.values(), *filter(None, [argument])), sentence)


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        (("schema_version",), 1, "it has version 1, this program reads version 2"),
        (("inputs",), "pixels", 'its inputs are "pixels", known are "obs" and "sensors"'),
        (("control", "low_pass_hz"), 5.0, "the policy smooths its commands by a low pass"),
        (("observations",), [], "does not read the sensors of policy.json"),
        (("actions",), [], "commands 8 numbers, but policy.json describes "),
        (("observations", 0, "size"), 6, '"joint_pos" has 7 element names for a size of 6'),
        (("observations", 0, "name"), None, "(/observations/0/name) type must be string, but is null"),
    ],
)
def test_unfit_metadata_is_refused(run, broken, place, value, sentence):
    document = json.loads((broken / "policy.json").read_text())
    entry = document
    for key in place[:-1]:
        entry = entry[key]
    entry[place[-1]] = value
    (broken / "policy.json").write_text(json.dumps(document))
    assert_one_sentence(run(folder=broken), sentence)


@pytest.mark.parametrize("name", ["policy.onnx", "policy.json"])
def test_file_cut_short_anywhere_is_refused(run, broken, name):
    whole = (broken / name).read_bytes()
    for length in np.linspace(0, 0.9 * len(whole), 20, dtype=int):
        (broken / name).write_bytes(whole[:length])
        assert_one_sentence(run(folder=broken), f"{name} is damaged")


@pytest.mark.parametrize("name", ["policy.onnx", "policy.json"])
def test_absent_file_is_refused(run, broken, name):
    (broken / name).unlink()
    assert_one_sentence(run(folder=broken), f"cannot open {broken / name}")
