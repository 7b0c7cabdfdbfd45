"""A world does not depend on how many others are simulated with it."""

import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.vector import make_vec_env


@pytest.mark.parametrize("robot", ["panda", "ur5e", "kinova3"])
def test_a_world_moves_the_same_whoever_else_is_there(robot, rng):
    """The last row of an odd number is where matrix products round otherwise."""
    task = load_task("lift")
    odd, even = (make_vec_env(load_robot(robot), task, n_envs=n, seed=4, n_threads=1) for n in (3, 4))
    np.testing.assert_array_equal(odd.reset(), even.reset()[:3])
    for _ in range(60):
        action = rng.uniform(-1, 1, (4, odd.action_signature.size)).astype(np.float32)
        np.testing.assert_array_equal(odd.step(action[:3])[0], even.step(action)[0][:3])
