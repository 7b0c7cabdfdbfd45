"""Steps of many worlds, cut into the episodes of one."""

import numpy as np

from hacpo_robot.sharing.recorder import EpisodeRecorder, Step


def step(time, ended=(False, False)):
    """Two worlds; every number is ``time + world / 10``."""
    mark = time + np.array([[0.0], [0.1]])
    return Step(mark, mark, mark, mark, mark, np.array([1.0, 2.0]), np.array(ended))


def observed(experience):
    return experience.observation[:, 0].tolist()


def test_cut_gives_the_steps_of_the_episode_that_just_ended():
    recorder = EpisodeRecorder(2)
    recorder.add(step(0))
    recorder.add(step(1, (False, True)))
    first = recorder.cut(1, gamma=0.5, last_value=8.0)
    recorder.add(step(2))
    recorder.add(step(3, (True, True)))
    assert observed(first) == [0.1, 1.1]
    assert first.returns.tolist() == [2 + 0.5 * (2 + 0.5 * 8), 2 + 0.5 * 8]
    assert observed(recorder.cut(0, 0.5, 0.0)) == [0.0, 1.0, 2.0, 3.0]
    assert observed(recorder.cut(1, 0.5, 0.0)) == [2.1, 3.1]


def test_every_cut_has_a_number_of_its_own():
    recorder = EpisodeRecorder(2)
    recorder.add(step(0, (True, True)))
    assert [recorder.cut(world, 0.9, 0.0).episode.tolist() for world in (0, 1)] == [[1], [2]]


def test_forget_keeps_what_running_episodes_and_the_last_rollout_need():
    recorder = EpisodeRecorder(2)
    for time in range(6):
        recorder.add(step(time, (False, time == 3)))
    recorder.forget(2)
    recorder.add(step(6, (True, True)))
    assert observed(recorder.cut(0, 0.9, 0.0)) == [0, 1, 2, 3, 4, 5, 6]
    recorder.add(step(7))
    recorder.forget(3)
    assert observed(recorder.rollout(99))[:3] == [5, 6, 7]


def test_rollout_goes_world_after_world_and_splits_runs_where_episodes_ended():
    recorder = EpisodeRecorder(2)
    for time in range(5):
        recorder.add(step(time, (False, time in (1, 3))))
    rollout = recorder.rollout(4)
    assert observed(rollout) == [1.0, 2.0, 3.0, 4.0, 1.1, 2.1, 3.1, 4.1]
    _, runs = np.unique(rollout.episode, return_inverse=True)
    assert runs.tolist() == [0, 0, 0, 0, 1, 2, 2, 3]


def test_recorder_state_restores_running_episodes():
    recorder, again = EpisodeRecorder(2), EpisodeRecorder(2)
    for time in range(3):
        recorder.add(step(time, (False, time == 1)))
    again.set_state(recorder.get_state())
    for each in (recorder, again):
        each.add(step(3, (True, True)))
    for world in (0, 1):
        one, other = recorder.cut(world, 0.9, 1.0), again.cut(world, 0.9, 1.0)
        for name, array in vars(one).items():
            np.testing.assert_array_equal(array, getattr(other, name), err_msg=name)


def test_state_of_a_recorder_that_saw_nothing_restores():
    again = EpisodeRecorder(2)
    again.add(step(0))
    again.set_state(EpisodeRecorder(2).get_state())
    again.add(step(1, (True, False)))
    assert observed(again.cut(0, 0.9, 0.0)) == [1.0]
