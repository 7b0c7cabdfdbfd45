"""Limits come from what a policy did."""

import numpy as np
import pytest

from hacpo_robot.export.limits import measure_limits
from hacpo_robot.specs.action import CartesianDelta, JointPositionDelta, JointVelocity
from hacpo_robot.specs.commands import CommandScale
from hacpo_robot.specs.sensor import SensorSpec

SCALE = CommandScale(np.array([-0.1, -0.1, 0.0]), np.array([0.1, 0.1, 0.08]), np.zeros(3))
REST = [0.0, 0.0, 0.08]


def limits(action, episodes, sensors=()):
    return measure_limits(action, sensors, SCALE, [np.array(episode) for episode in episodes], 20.0)


def test_joints_are_as_fast_as_their_commands_make_them():
    episodes = [[REST, REST]]
    np.testing.assert_allclose(limits(JointPositionDelta(), episodes).joint_speed, [2.0, 2.0])
    np.testing.assert_allclose(limits(JointVelocity(), episodes).joint_speed, [0.1, 0.1])
    assert limits(CartesianDelta(), episodes).joint_speed is None


def test_jump_is_twice_what_was_usual_within_an_episode_from_rest_on():
    steps = [[REST, [0.01, 0.15, 0.08]], [[0.0, 0.04, 0.08], [0.01, 0.15, 0.08]]]
    np.testing.assert_allclose(
        limits(CartesianDelta(), steps).jump,
        [0.02, 0.2, 0.0008],  # twice; all of the range; the least share of the range for what never moved
        rtol=1e-6,
    )


def test_a_hand_that_is_shut_from_the_first_step_on_may_be_shut_at_once():
    assert limits(CartesianDelta(), [[[0.0, 0.0, 0.02]] * 3]).jump[-1] == 0.08
    np.testing.assert_allclose(limits(CartesianDelta(), [[[0.0, 0.0, 0.05]]]).jump[-1], 0.06)


@pytest.mark.parametrize(
    ("sensors", "age"),
    [
        ([], 0.1),
        ([SensorSpec(quantity="joint_pos")], 0.1),
        ([SensorSpec(quantity="joint_pos"), SensorSpec(quantity="object_pos", rate_hz=5, delay_s=0.1)], 0.4),
    ],
)
def test_a_reading_may_be_two_periods_older_than_in_training(sensors, age):
    assert limits(CartesianDelta(), [[REST]], sensors).max_age_s == pytest.approx(age)
