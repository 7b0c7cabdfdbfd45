"""A fleet that stopped goes on as if it had not; a damaged checkpoint is never believed."""

import hashlib
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from stable_baselines3 import PPO

from hacpo_robot.errors import CheckpointError
from hacpo_robot.learning.checkpoint import VERSION, find_checkpoint, load_checkpoint, save_checkpoint
from hacpo_robot.learning.fleet import Fleet
from hacpo_robot.specs.training import PaceSettings
from tests.learning.fleets import ITERATION, SHARING_SETTINGS, assert_same_parameters, make_toy_fleet, run


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Checkpoints of iterations 2 and 3; nobody waits for anybody."""
    folder = tmp_path_factory.mktemp("checkpoints")
    fleet = make_toy_fleet("hacpo", replace(SHARING_SETTINGS, pace=PaceSettings(head_start=1.0)))
    run(fleet, 3, lambda fleet: fleet.iteration > 1 and save_checkpoint(fleet, folder))
    return folder


@pytest.fixture
def folder(written, tmp_path):
    return shutil.copytree(written, tmp_path / "checkpoints", symlinks=True)


@pytest.mark.parametrize("sharing", ["none", "self", "hacpo"])
def test_stopping_and_going_on_changes_nothing(sharing, tmp_path):
    straight, learned = make_toy_fleet(sharing), []

    def save(fleet):
        if fleet.iteration == 2:
            save_checkpoint(fleet, tmp_path)
        learned.extend(each.callback.accepted for each in fleet.learners if each.callback)

    run(straight, 4, save)
    assert sharing == "none" or max(learned[-4:]) > 0, "nothing was shared after the checkpoint"
    resumed = make_toy_fleet(sharing)
    load_checkpoint(resumed, find_checkpoint(tmp_path))
    assert (resumed.iteration, resumed.steps) == (2, 2 * ITERATION)
    run(resumed, 4)
    for one, other in zip(straight.learners, resumed.learners, strict=True):
        assert_same_parameters(one.model, other.model)
        np.testing.assert_array_equal(one.normalizer.obs_rms.mean, other.normalizer.obs_rms.mean)
        assert one.success_rate == other.success_rate


def test_last_points_at_the_newest_checkpoint(folder):
    assert (folder / "last").resolve() == find_checkpoint(folder)
    assert find_checkpoint(folder).name == f"step_{3 * ITERATION:012d}"
    assert not list(folder.glob(".*")), "something half-written is left"


def test_a_checkpoint_is_found_by_its_steps(folder):
    assert find_checkpoint(folder, str(2 * ITERATION)).name == f"step_{2 * ITERATION:012d}"


@pytest.mark.parametrize("which", ["7", "newest", "-1"])
def test_a_checkpoint_that_is_not_there_is_refused_with_those_that_are(folder, which):
    sentence = f"no checkpoint '{which}' in .*; valid: last, best, {2 * ITERATION}, {3 * ITERATION}$"
    with pytest.raises(CheckpointError, match=sentence):
        find_checkpoint(folder, which)


@pytest.mark.parametrize(
    ("earlier", "later", "robots", "best"),
    [
        ({"two": 0.9, "three": 0.2}, {"two": 0.4, "three": 0.5}, (), 2),
        ({"two": 0.9, "three": 0.2}, {"two": 0.4, "three": 0.5}, ("three",), 3),
        ({"two": 0.5, "three": 0.5}, {"two": 0.4, "three": 0.6}, (), 3),
        ({"two": 0.0, "three": 0.0}, {}, (), 2),
    ],
)
def test_the_best_checkpoint_had_most_success_in_training(folder, earlier, later, robots, best):
    claim(folder / f"step_{2 * ITERATION:012d}", success=earlier)
    claim(folder / f"step_{3 * ITERATION:012d}", success=later)
    assert find_checkpoint(folder, "best", robots).name == f"step_{best * ITERATION:012d}"


def test_success_is_noted_with_every_checkpoint(folder):
    fleet = make_toy_fleet("hacpo")
    load_checkpoint(fleet, find_checkpoint(folder))
    noted = json.loads((find_checkpoint(folder) / "state.json").read_text())["success"]
    assert noted == {learner.name: learner.success_rate for learner in fleet.learners}


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGES = {"truncated": truncate, "flipped": flip, "removed": lambda path: path.unlink()}
FILES = (
    "two/policy.zip",
    "three/pool.npz",
    "two/normalizer.safetensors",
    "three/schema.safetensors",
)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_passed_over_with_a_word(folder, caplog, file, damage):
    newest = find_checkpoint(folder)
    DAMAGES[damage](newest / file)
    found = find_checkpoint(folder)
    assert found.name == f"step_{2 * ITERATION:012d}"
    (message,) = caplog.messages
    assert str(newest) in message
    assert "trying the one before" in message


def claim(checkpoint, **values):
    """Let a checkpoint say something else, under a seal that fits."""
    path = checkpoint / "state.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
    (checkpoint / "state.sha256").write_text(hashlib.sha256(path.read_bytes()).hexdigest())


def test_a_state_of_another_version_is_passed_over(folder, caplog):
    claim(find_checkpoint(folder), version=99)
    assert find_checkpoint(folder).name == f"step_{2 * ITERATION:012d}"
    assert f"version 99, of another hacpo-robot; this one reads {VERSION}" in caplog.text


@pytest.mark.parametrize("damage", ["truncated", "removed"])
def test_a_checkpoint_with_half_a_state_or_none_is_passed_over(folder, damage):
    DAMAGES[damage](find_checkpoint(folder) / "state.json")
    assert find_checkpoint(folder).name == f"step_{2 * ITERATION:012d}"


def test_a_changed_number_in_the_state_is_noticed(folder):
    path = find_checkpoint(folder) / "state.json"
    assert '"iteration": 3' in path.read_text()
    path.write_text(path.read_text().replace('"iteration": 3', '"iteration": 2'))
    assert find_checkpoint(folder).name == f"step_{2 * ITERATION:012d}"


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        '{"sha256": {}}',
    ],
)
def test_a_state_that_says_nothing_is_passed_over(folder, text):
    (find_checkpoint(folder) / "state.json").write_text(text)
    assert find_checkpoint(folder).name == f"step_{2 * ITERATION:012d}"


def test_no_whole_checkpoint_is_one_clear_sentence(folder, tmp_path):
    for checkpoint in folder.glob("step_*"):
        flip(checkpoint / "two" / "policy.zip")
    with pytest.raises(CheckpointError, match=r"no usable checkpoint in .* \(2 passed over; .* changed\)"):
        find_checkpoint(folder)
    with pytest.raises(CheckpointError, match=r"\(none\)"):
        find_checkpoint(tmp_path / "nowhere")


def test_a_draft_left_by_a_crash_is_no_checkpoint(folder):
    newest = find_checkpoint(folder)
    shutil.copytree(newest, folder / ".step_000000999999.draft")
    assert find_checkpoint(folder) == newest


def test_a_checkpoint_of_other_robots_is_refused(folder):
    fleet = make_toy_fleet("hacpo")
    with pytest.raises(CheckpointError, match=r"holds \['two', 'three'\], the run has \['two'\]"):
        load_checkpoint(Fleet(fleet.learners[:1], fleet.exchange), find_checkpoint(folder))


def test_policy_opens_with_plain_sb3(folder):
    model = PPO.load(find_checkpoint(folder) / "two" / "policy.zip", device="cpu")
    fleet = make_toy_fleet("hacpo")
    load_checkpoint(fleet, find_checkpoint(folder))
    assert_same_parameters(model, fleet.learners[0].model)
    assert model.predict(np.zeros(7, np.float32), deterministic=True)[0].shape == (3,)


def test_saving_a_step_again_replaces_it(folder):
    fleet = make_toy_fleet("hacpo")
    load_checkpoint(fleet, find_checkpoint(folder))
    fleet.iteration = 77
    again = save_checkpoint(fleet, folder)
    assert again == folder / f"step_{3 * ITERATION:012d}"
    assert json.loads((find_checkpoint(folder) / "state.json").read_text())["iteration"] == 77
