"""A policy file in robosuite's own environment."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hacpo_robot.robots.grippers import ROBOTIQ_85

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.reset import HOME_NOISE
from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.export.runtime import load_policy
from hacpo_robot.study.playback import check_fit
from hacpo_robot.study.robosuite_judge import judge_in_robosuite


@pytest.fixture(scope="module")
def policy(finished) -> Path:
    run, *_ = finished
    return run.exported("panda") / "policy.onnx"


def test_the_file_alone_runs_an_episode_from_its_home_posture(policy):
    told = []
    away = judge_in_robosuite(policy, 2, seed=0, n_processes=1, progress=lambda *now: told.append(now))
    home = load_policy(policy).metadata["robot"]["home"]
    for clip in away.clips:
        assert (clip.robot, clip.task) == ("panda", "lift")
        np.testing.assert_allclose(clip.qpos[0, : len(home)], home, atol=5 * HOME_NOISE)
        assert len(clip.qpos) == 100
    assert told == [(1, told[0][1]), (2, away.evaluation.n_success)]
    assert away.evaluation.n_episodes == 2


@pytest.mark.slow
def test_episodes_are_the_same_whatever_their_number_and_processes(policy):
    alone = judge_in_robosuite(policy, 1, seed=3, n_processes=1)
    both = judge_in_robosuite(policy, 2, seed=3, n_processes=2)
    np.testing.assert_array_equal(alone.clips[0].qpos, both.clips[0].qpos)
    assert (both.clips[1].qpos[0] != both.clips[0].qpos[0]).any()


def test_a_robot_with_other_sensors_is_refused_with_both_lists(policy):
    with pytest.raises(InvalidSpecError, match=r"reads joint_pos.*; ur5e on lift has tool_pos"):
        judge_in_robosuite(policy, 1, seed=0, robot="ur5e", n_processes=1)


def test_a_robot_that_robosuite_lacks_is_refused(policy):
    with pytest.raises(InvalidSpecError, match="no counterpart of 'scara'"):
        judge_in_robosuite(policy, 1, seed=0, robot="scara", n_processes=1)


@pytest.mark.parametrize(
    ("part", "name", "change", "sentence"),
    [
        ("observations", "joint_pos", {"unit": "deg"}, "reads joint_pos as .*deg.*has it as .*rad"),
        ("actions", "joint_delta", {"high": [1.0] * 7}, "commands joint_delta as"),
        ("control", None, {"frequency_hz": 50}, "acts 50 times a second; panda on lift does 20"),
    ],
)
def test_a_file_with_other_units_bounds_or_rate_is_refused(policy, part, name, change, sentence):
    metadata = load_policy(policy).metadata
    described = metadata[part]
    entry = described if name is None else next(field for field in described if field["name"] == name)
    entry.update(change)
    with pytest.raises(InvalidSpecError, match=sentence):
        check_fit(metadata, load_robot("panda"), load_task("lift"))


def test_another_hand_fits_as_widths_are_widths(policy):
    robot = replace(load_robot("panda"), gripper=ROBOTIQ_85)
    check_fit(load_policy(policy).metadata, robot, load_task("lift"))
