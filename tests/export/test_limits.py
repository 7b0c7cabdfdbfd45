"""Limits come from what a policy did."""

import numpy as np

from hacpo_robot.export.commands import CommandScale
from hacpo_robot.export.limits import measure_limits
from hacpo_robot.specs.action import CartesianDelta, JointPositionDelta, JointVelocity

SCALE = CommandScale(np.array([-0.1, -0.1, 0.0]), np.array([0.1, 0.1, 0.08]), np.zeros(3))


def limits(action, episodes):
    return measure_limits(action, SCALE, [np.array(episode) for episode in episodes], 20.0)


def test_joints_are_as_fast_as_their_commands_make_them():
    episodes = [np.zeros((2, 3))]
    np.testing.assert_allclose(limits(JointPositionDelta(), episodes).joint_speed, [2.0, 2.0])
    np.testing.assert_allclose(limits(JointVelocity(), episodes).joint_speed, [0.1, 0.1])
    assert limits(CartesianDelta(), episodes).joint_speed is None


def test_jump_is_twice_what_was_usual_within_an_episode():
    steps = [[[0.0, 0.0, 0.0], [0.01, 0.15, 0.0]], [[0.09, 0.0, 0.0], [0.1, 0.15, 0.0]]]
    np.testing.assert_allclose(
        limits(CartesianDelta(), steps).jump,
        [0.02, 0.2, 0.0008],  # twice; all of the range; the least share of the range for what never moved
        rtol=1e-6,
    )


def test_a_reading_may_be_two_periods_old():
    assert limits(CartesianDelta(), [np.zeros((2, 3))]).max_age_s == 0.1


def test_episodes_of_one_step_leave_the_jump_free():
    np.testing.assert_allclose(limits(CartesianDelta(), [np.zeros((1, 3))]).jump, [0.2, 0.2, 0.08])
