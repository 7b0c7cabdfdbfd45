"""Both formats: what is written is read back to the last bit, and lies where their readers look."""

import json
import os
import subprocess
import sys

import h5py
import numpy as np
import pyarrow.parquet as pq
import pytest

from hacpo_robot.datasets.formats import FORMATS, load_format, read_dataset, write_dataset
from hacpo_robot.errors import DatasetError, MissingExtraError, UnknownNameError


@pytest.fixture(scope="module")
def written(dataset, tmp_path_factory):
    """The dataset in every format, by name of the format."""
    folder = tmp_path_factory.mktemp("datasets")
    return {name: write_dataset(dataset, folder, name) for name in FORMATS}


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_read_back_is_what_was_written(written, dataset, assert_same, name):
    assert_same(read_dataset(written[name]), dataset)
    assert not list(written[name].parent.glob(".*"))


def test_robomimic_finds_every_key_it_asks_for(written, dataset):
    with h5py.File(written["robomimic"]) as file:
        data = file["data"]
        assert data.attrs["total"] == dataset.n_steps
        arguments = json.loads(data.attrs["env_args"])
        assert arguments["env_name"] == "hacpo_robot/Lift-Scara-v0"
        assert {"type", "env_kwargs"} <= set(arguments)
        assert {name: list(keys[()]) for name, keys in file["mask"].items()} == {
            "train": [b"demo_0", b"demo_1"],
            "success": [b"demo_0", b"demo_1"],
        }
        for number, episode in enumerate(dataset.episodes):
            demo, n = data[f"demo_{number}"], len(episode)
            assert demo.attrs["num_samples"] == n
            assert set(demo["obs"]) == set(demo["next_obs"]) == set(dataset.header.observation.names)
            for name in demo["obs"]:
                place = dataset.header.observation.where(name)
                np.testing.assert_array_equal(demo["obs"][name][()], episode.observation[:-1, place])
                np.testing.assert_array_equal(demo["next_obs"][name][()], episode.observation[1:, place])
            assert demo["actions"].shape == (n, dataset.header.action.size)
            assert demo["dones"][()].tolist() == [0] * (n - 1) + [1]
            assert len(demo["rewards"]) == len(demo["states"]) == n


def test_robomimic_columns_carry_their_units(written, dataset):
    with h5py.File(written["robomimic"]) as file:
        demo = file["data/demo_0"]
        joints = demo["obs/joint_pos"].attrs
        assert len(joints["units"]) == len(joints["elements"]) == demo["obs/joint_pos"].shape[1]
        assert set(joints["units"]) == {"rad", "m"}  # the SCARA's third joint slides
        assert list(demo["obs/tool_pos"].attrs["frames"]) == ["world"] * 3
        np.testing.assert_array_equal(demo["actions"].attrs["high"], dataset.header.action.high)


def test_lerobot_finds_every_file_and_column_it_asks_for(written, dataset):
    folder = written["lerobot"]
    info = json.loads((folder / "meta/info.json").read_text())
    assert (info["codebase_version"], info["fps"], info["robot_type"]) == ("v3.0", 20, "scara")
    assert (info["total_episodes"], info["total_frames"]) == (len(dataset.episodes), dataset.n_steps)
    table = pq.read_table(folder / info["data_path"].format(chunk_index=0, file_index=0))
    assert table.column_names == list(info["features"])
    assert table.column("index").to_pylist() == list(range(dataset.n_steps))
    action = info["features"]["action"]
    assert action["names"] == list(dataset.header.action.element_names)
    assert action["shape"] == [len(action["names"])] == [len(action["units"])]
    assert table.schema.field("action").type.list_size == len(action["names"])
    assert table.column("timestamp").to_pylist()[1] == pytest.approx(0.05)
    assert sum(table.column("next.done").to_pylist()) == len(dataset.episodes)


def test_lerobot_episodes_and_statistics_describe_the_data(written, dataset):
    folder = written["lerobot"]
    episodes = pq.read_table(folder / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    assert [row["length"] for row in episodes] == [len(episode) for episode in dataset.episodes]
    assert episodes[1]["dataset_from_index"] == episodes[0]["dataset_to_index"] == len(dataset.episodes[0])
    assert [row["tasks"] for row in episodes] == [["lift"]] * len(episodes)
    statistics = json.loads((folder / "meta/stats.json").read_text())
    actions = np.concatenate([episode.action for episode in dataset.episodes])
    np.testing.assert_allclose(statistics["action"]["mean"], actions.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(statistics["action"]["q50"], np.median(actions, axis=0), atol=1e-6)
    assert statistics["action"]["count"] == [dataset.n_steps]
    np.testing.assert_allclose(episodes[1]["stats/action/max"], dataset.episodes[1].action.max(axis=0))


def test_a_dataset_is_never_written_over(written, dataset):
    with pytest.raises(DatasetError, match=r"scara\.hdf5 exists; move it away, or choose another --output"):
        write_dataset(dataset, written["robomimic"].parent, "robomimic")


def test_what_is_no_dataset_is_refused_by_name(tmp_path):
    (tmp_path / "empty.hdf5").write_bytes(b"nothing")
    for path in (tmp_path, tmp_path / "empty.hdf5"):
        with pytest.raises(DatasetError, match=f"{path} holds no dataset of ours"):
            read_dataset(path)
    with pytest.raises(DatasetError, match=r"nowhere\.hdf5 does not exist"):
        read_dataset(tmp_path / "nowhere.hdf5")


def test_an_unknown_format_lists_those_that_exist():
    with pytest.raises(UnknownNameError, match="unknown format 'rlds'; valid: lerobot, robomimic"):
        load_format("rlds")


@pytest.mark.parametrize(("name", "library"), [("robomimic", "h5py"), ("lerobot", "pyarrow")])
def test_a_missing_library_is_told_with_the_extra_that_brings_it(monkeypatch, name, library):
    monkeypatch.delitem(sys.modules, f"hacpo_robot.datasets.{name}", raising=False)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingExtraError, match=rf"{library} is not installed.* -e '\.\[datasets\]'"):
        load_format(name)


# -- the readers of the formats themselves ----------------------------------------------------------

READ = {
    "robomimic": """
import sys, json
import robomimic.utils.obs_utils as observations
from robomimic.utils.dataset import SequenceDataset
from robomimic.utils.file_utils import get_env_metadata_from_dataset
path, keys = sys.argv[1], sys.argv[2].split(",")
observations.initialize_obs_utils_with_obs_specs({"obs": {"low_dim": keys}})
steps = SequenceDataset(path, obs_keys=keys, dataset_keys=("actions", "rewards", "dones"), seq_length=1,
                        hdf5_cache_mode="all", hdf5_use_swmr=False, filter_by_attribute="train")
item = steps[3]
print(json.dumps({"n": len(steps), "action": item["actions"][0].tolist(),
                  "sensed": {key: item["obs"][key][0].tolist() for key in keys},
                  "env": get_env_metadata_from_dataset(path)["env_name"]}))
""",
    "lerobot": """
import sys, json
from lerobot.datasets.lerobot_dataset import LeRobotDataset
steps = LeRobotDataset("hacpo/robot", root=sys.argv[1], delta_timestamps={"action": [0.0, 0.05]})
item = steps[3]
print(json.dumps({"n": len(steps), "action": item["action"][0].tolist(),
                  "following": item["action"][1].tolist(), "state": item["observation.state"].tolist(),
                  "task": item["task"], "episodes": steps.num_episodes, "fps": steps.fps}))
""",
}


def read_elsewhere(name, path, *arguments):
    """What the format's own reader says, in a Python of its own."""
    python = os.environ.get(f"{name.upper()}_PYTHON")
    if python is None:
        pytest.skip(f"{name} cannot live beside our pins: set {name.upper()}_PYTHON to a Python that has it")
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [python, "-c", READ[name], str(path), *arguments]
    done = subprocess.run(command, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_robomimic_itself_reads_the_file(written, dataset):
    signature, episode = dataset.header.observation, dataset.episodes[0]
    said = read_elsewhere("robomimic", written["robomimic"], ",".join(signature.names))
    assert (said["n"], said["env"]) == (dataset.n_steps, "hacpo_robot/Lift-Scara-v0")
    np.testing.assert_array_equal(np.float32(said["action"]), episode.action[3])
    for name, values in said["sensed"].items():
        np.testing.assert_array_equal(np.float32(values), episode.observation[3, signature.where(name)])


def test_lerobot_itself_reads_the_folder(written, dataset):
    said, episode = read_elsewhere("lerobot", written["lerobot"]), dataset.episodes[0]
    assert (said["n"], said["episodes"], said["fps"]) == (dataset.n_steps, len(dataset.episodes), 20)
    assert said["task"] == "lift"
    np.testing.assert_array_equal(np.float32(said["action"]), episode.action[3])
    np.testing.assert_array_equal(np.float32(said["following"]), episode.action[4])
    np.testing.assert_array_equal(np.float32(said["state"]), episode.observation[3])
