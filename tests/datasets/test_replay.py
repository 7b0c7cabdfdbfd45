"""An episode played again follows the recording to the last bit, or says how far it strays."""

from dataclasses import replace

import numpy as np
import pytest

from hacpo_robot.datasets.episode import Episode
from hacpo_robot.datasets.formats import FORMATS, read_dataset, write_dataset
from hacpo_robot.datasets.recording import record
from hacpo_robot.datasets.replay import guess_start, replay
from hacpo_robot.envs.episodes import make_episodes
from hacpo_robot.envs.expert import ScriptedExpert
from hacpo_robot.envs.hub import body_vector, world_vector
from hacpo_robot.errors import DatasetError
from tests.datasets.conftest import header_of


@pytest.mark.parametrize("name", FORMATS)
def test_a_replay_follows_to_the_last_bit_and_succeeds_again(dataset, tmp_path, name):
    read = read_dataset(write_dataset(dataset, tmp_path, name))
    played = replay(read.header, read.episodes[1])
    assert played.exact
    assert played.success
    assert played.tool_astray == played.object_astray == 0
    assert len(played.qpos) == len(dataset.episodes[1])


def test_a_replay_of_tool_motion_follows_to_the_last_bit():
    episodes = make_episodes("ur5e", "reach", 4, seed=1, n_threads=1)
    expert = ScriptedExpert(episodes.cell)
    played = replay(header_of(episodes.cell), record(episodes, lambda _: expert.act())[2])
    assert played.exact
    assert played.success


def test_a_replay_without_its_start_begins_as_sensed_and_says_how_far_it_strays(dataset):
    played = replay(dataset.header, replace(dataset.episodes[0], start=None))
    assert played.success
    assert 0 < played.tool_astray < 0.01  # joints are sensed in float32, fingers open where they rested
    assert not played.exact


def test_other_actions_are_told_from_the_recording(dataset):
    episode = dataset.episodes[0]
    played = replay(dataset.header, replace(episode, action=-episode.action))
    assert not played.exact
    assert not played.success
    assert played.tool_astray > 0.05


@pytest.mark.parametrize("robot", ["scara", "wx250", "jaco", "ur5e"])  # joints; sines and cosines; neither
def test_a_made_up_start_is_the_real_one_as_far_as_the_robot_senses_it(robot):
    episodes = make_episodes(robot, "push", 1, seed=2, n_threads=1)
    cell = episodes.cell
    episode = first_moment(episodes)
    start = guess_start(cell, header_of(cell), episode)
    np.testing.assert_allclose(start.mocap, cell.worlds.mocap[0], atol=1e-12)
    np.testing.assert_allclose(start.goal, cell.state.goal_pos_w[0], atol=1e-12)
    senses_joints = any(sensor.quantity == "joint_pos" for sensor in cell.robot.sensors)
    tolerance = 1e-6 if senses_joints else 0.1  # float32; five times the spread around home
    np.testing.assert_allclose(start.qpos, cell.worlds.qpos[0], atol=tolerance)


def test_where_a_fixture_stood_cannot_be_made_up():
    episodes = make_episodes("panda", "open_door", 1, n_threads=1)
    with pytest.raises(DatasetError, match="nobody kept where its door stood"):
        guess_start(episodes.cell, header_of(episodes.cell), first_moment(episodes))


def first_moment(episodes):
    """An episode of no steps."""
    state, nothing = episodes.cell.state, np.zeros(0)
    return Episode(
        observation=episodes.observe(),
        action=np.zeros((0, episodes.cell.action_signature.size), np.float32),
        body=body_vector(state),
        world=world_vector(state),
        reward=nothing.astype(np.float32),
        success=nothing.astype(bool),
        support=nothing,
        effect_error=nothing,
        states=np.zeros((0, 0)),
        start=None,
    )
