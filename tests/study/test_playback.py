"""An exported policy in the place of a trained one, also on another hand."""

import numpy as np
import pytest

from hacpo_robot.catalog import load_robot
from hacpo_robot.control.gripper import Gripper
from hacpo_robot.export.engines import as_action
from hacpo_robot.study.playback import scale_of


class Commander:
    """A policy that commands half the arm's range and a width of 4 cm."""

    def __init__(self):
        self.low, self.high = np.array([-0.1, -0.001]), np.array([0.1, 0.079])
        self.n_resets = 0

    def reset(self):
        self.n_resets += 1

    def act_flat(self, observation):
        return np.tile([0.05, 0.04], (len(observation), 1))


@pytest.mark.parametrize("robot", ["panda", "ur5e", "sawyer"])
def test_a_commanded_width_is_the_width_of_whatever_gripper_plays(robot):
    spec, policy = load_robot(robot).gripper, Commander()
    actions = as_action(policy, scale_of(policy, spec))(np.zeros((2, 3), np.float32))
    np.testing.assert_allclose(actions[:, 0], 0.5)
    gripper = Gripper(spec)
    np.testing.assert_allclose(gripper.width(gripper.targets(actions[:, 1:])), 0.04, rtol=0, atol=1e-12)


def test_every_playback_begins_without_a_last_command():
    policy = Commander()
    for _ in range(2):
        as_action(policy, scale_of(policy, load_robot("panda").gripper))
    assert policy.n_resets == 2
