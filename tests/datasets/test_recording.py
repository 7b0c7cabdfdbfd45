"""What is recorded is what happened, and what is told of it later says the same."""

import numpy as np

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.datasets.recording import record
from hacpo_robot.datasets.telling import as_experience, tell
from hacpo_robot.envs.episodes import make_episodes
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.sharing.steps import concatenate
from hacpo_robot.sharing.translation import own_words
from hacpo_robot.specs.commands import CommandScale, command_signature


def wave(observation):
    """A policy that reacts to what it senses, in float32 as trained ones do."""
    return np.sin(7 * observation[:, :5]).astype(np.float32)


def test_recorded_episodes_are_those_of_the_vector_environment():
    episodes = make_episodes("scara", "reach", 2, seed=3, n_threads=1)
    episodes.begin(np.arange(2))
    recorded = record(episodes, wave)
    env = make_vec_env(episodes.cell.robot, episodes.cell.task, 2, seed=3, n_threads=1)
    observation, infos = env.reset(), []
    for step in range(env.horizon):
        for world, episode in enumerate(recorded):
            np.testing.assert_array_equal(episode.observation[step], observation[world])
        observation, reward, _, infos = env.step(wave(observation))
        assert [episode.reward[step] for episode in recorded] == reward.tolist()
        assert [episode.success[step] for episode in recorded] == env.last_success.tolist()
    env.close()
    for world, episode in enumerate(recorded):
        np.testing.assert_array_equal(episode.observation[-1], infos[world]["terminal_observation"])
        assert len(episode) == env.horizon


def test_columns_have_a_row_per_step_and_moments_one_more(dataset):
    header = dataset.header
    for episode in dataset.episodes:
        n = len(episode)
        assert episode.observation.shape == (n + 1, header.observation.size)
        assert episode.body.shape == (n + 1, header.body.size)
        assert episode.world.shape == (n + 1, header.world.size)
        assert episode.action.shape == (n, header.action.size)
        assert episode.reward.shape == episode.success.shape == episode.support.shape == (n,)
        assert (episode.observation.dtype, episode.action.dtype) == (np.float32, np.float32)
        assert np.abs(episode.action).max() <= 1
        assert len(episode.states) == n


def test_an_episode_told_again_says_the_same(dataset):
    task = load_task("lift")
    gripper = load_robot("scara").gripper
    scale = CommandScale.of(command_signature(dataset.header.action, gripper), gripper)
    steps = concatenate(as_experience(list(dataset.episodes), task, scale))
    for told, lived in zip(tell(own_words(steps), steps, task), dataset.episodes, strict=True):
        for name in ("observation", "action", "body", "world", "success"):
            np.testing.assert_array_equal(getattr(told, name), getattr(lived, name), err_msg=name)
        np.testing.assert_allclose(told.reward, lived.reward, atol=1e-6)  # judged again, from the hub state
        assert told.start is None


def test_published_effects_are_those_of_the_simulation():
    episodes, effects = make_episodes("scara", "lift", 2, seed=5, n_threads=1), []

    def act(observation):
        effects.append(episodes.cell.effect())
        return wave(observation)

    published = as_experience(record(episodes, act), episodes.cell.task, episodes.cell.command_scale)
    for world, steps in enumerate(published):
        n = len(steps) - 2  # after the last step the world begins anew
        seen = np.stack(effects[1 : n + 1])[:, world]
        np.testing.assert_allclose(steps.effect[:n], seen, atol=1e-6)  # actions are kept in float32
        assert np.ptp(seen[:, -1]) > 0.03, "the hand opened and closed"
