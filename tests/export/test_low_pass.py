"""A low pass inside the file remembers the last action, of its own robots, until it is told to forget."""

import numpy as np
import pytest

from hacpo_robot.export.runtime import PolicyError, load_policy
from tests.export.policies import write_policy


def act_twice(policy):
    """Actions for a cube beside the tool, then for one at the tool."""
    still = {"joint_pos": [0, 0, 0], "gripper_width": 0.03}
    return [policy.act({**still, "cube_pos": [x, 0, 0]})[0] for x in (0.08, 0.0)]


@pytest.mark.parametrize("inputs", ["obs", "sensors"])
@pytest.mark.parametrize("low_pass_hz", [None, 2.0])
def test_low_pass_remembers_until_reset(tmp_path, inputs, low_pass_hz):
    policy = load_policy(write_policy(tmp_path / "policy.onnx", inputs=inputs, low_pass_hz=low_pass_hz))
    keep = 0.0 if low_pass_hz is None else np.exp(-2 * np.pi * 2.0 / 20)
    np.testing.assert_allclose(act_twice(policy), [0.08, keep * 0.08], atol=1e-7)
    policy.reset()
    np.testing.assert_allclose(act_twice(policy), [0.08, keep * 0.08], atol=1e-7)


def test_low_pass_does_not_hang_on_what_its_user_does_with_an_action(tmp_path):
    policy = load_policy(write_policy(tmp_path / "policy.onnx", low_pass_hz=2.0))
    for observation in (np.zeros(7), np.zeros((1, 7))):
        policy.reset()
        first, again = policy.act_flat(observation).copy(), policy.act_flat(observation)
        again *= 7.0
        np.testing.assert_array_equal(policy.act_flat(observation), first)


def test_low_pass_of_other_robots_is_refused(tmp_path):
    policy = load_policy(write_policy(tmp_path / "policy.onnx", low_pass_hz=2.0))
    policy.act_flat(np.zeros((3, 7)))
    with pytest.raises(PolicyError, match=r"remembers 3 robots, not 1; reset\(\) first"):
        policy.act_flat(np.zeros(7))
    policy.reset()
    assert policy.act_flat(np.zeros(7)).shape == (4,)
