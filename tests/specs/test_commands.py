"""Commands in the robot's own units, and back."""

import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, robot_names
from hacpo_robot.control.gripper import Gripper
from hacpo_robot.specs.commands import CommandScale, command_signature
from hacpo_robot.specs.signature import Signature, uniform_field


def scale_of(gripper):
    arm = uniform_field("arm", ("x", "y"), 0.05, unit="m")
    opening = uniform_field("gripper", ("opening",), 1.0, unit="1")
    return CommandScale.of(command_signature(Signature((arm, opening)), gripper), gripper)


@pytest.mark.parametrize("name", robot_names())
def test_actions_come_back_from_their_commands(name, rng):
    scale = scale_of(load_robot(name).gripper)
    actions = np.concatenate([rng.uniform(-1, 1, (1000, 3)), [[-1.0] * 3, [1.0] * 3]])
    np.testing.assert_allclose(scale.actions(scale.commands(actions)), actions, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", robot_names())
def test_the_gripper_is_commanded_by_the_width_that_its_fingers_stand_at(name):
    spec = load_robot(name).gripper
    opening = np.linspace(-1, 1, 21)[:, None]
    commands = scale_of(spec).commands(np.hstack([opening, opening, opening]))
    gripper = Gripper(spec)
    np.testing.assert_allclose(commands[:, -1:], gripper.width(gripper.targets(opening)), rtol=0, atol=1e-12)
    assert (np.diff(commands[:, -1]) > 0).all(), "wider commands must open wider"


def test_commands_and_actions_beyond_their_bounds_are_clipped():
    scale = scale_of(load_robot("panda").gripper)
    np.testing.assert_array_equal(scale.commands(np.full(3, 7.0)), scale.high)
    np.testing.assert_allclose(scale.actions(np.full(3, -7.0)), [-1.0] * 3, rtol=0, atol=1e-12)
