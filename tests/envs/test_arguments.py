"""What environments may be asked for beyond robot and task."""

import gymnasium
import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.gymnasium_vector import ManipulationVectorEnv
from hacpo_robot.envs.single import ManipulationEnv
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.errors import InvalidSpecError, UnknownNameError

ID = "hacpo_robot/Lift-Panda-v0"


def test_a_level_of_randomization_goes_by_its_name():
    env = gymnasium.make(ID, randomization="mild").unwrapped
    assert env.cell.variation is not None
    assert gymnasium.make(ID, randomization="none").unwrapped.cell.variation is None
    assert gymnasium.make_vec(ID, num_envs=2, randomization="wide").unwrapped.cell.variation is not None
    with pytest.raises(UnknownNameError, match=r"unknown randomization 'wild' .*valid: mild, none"):
        ManipulationEnv("panda", "lift", randomization="wild")


def test_pictures_are_of_one_world_from_a_camera_that_exists():
    with pytest.raises(UnknownNameError, match=r"unknown camera 'top'.*valid: close, front, overview, side"):
        ManipulationEnv("panda", "lift", render_mode="rgb_array", camera="top")
    with pytest.raises(InvalidSpecError, match="no render mode 'rgb_array' of many worlds"):
        gymnasium.make_vec(ID, num_envs=2, render_mode="rgb_array")


def test_a_masked_reset_with_one_seed_leaves_the_other_worlds_generators_alone():
    envs = ManipulationVectorEnv("panda", "lift", 3, n_threads=1)
    envs.reset(seed=1)
    following = [rng.bit_generator.state for rng in envs.cell.rngs]
    envs.reset(seed=7, options={"reset_mask": np.array([False, True, False])})
    assert [rng.bit_generator.state == old for rng, old in zip(envs.cell.rngs, following, strict=True)] == [
        True,
        False,
        True,
    ]
    twin = ManipulationVectorEnv("panda", "lift", 3, n_threads=1)
    twin.reset(seed=7)
    np.testing.assert_array_equal(envs.cell.worlds.qpos[1], twin.cell.worlds.qpos[1])


def test_shortened_first_episodes_tell_the_steps_that_they_lasted():
    env = make_vec_env(load_robot("ur5e"), load_task("reach"), n_envs=8, n_threads=1, stagger=True)
    env.reset()
    lasted, told = np.zeros(8, int), []
    for step in range(env.horizon + 5):
        if step == 3:
            env.set_state(env.get_state())
        lasted += 1
        _, _, ended, infos = env.step(np.zeros((8, env.action_signature.size)))
        for world in np.flatnonzero(ended):
            told.append((infos[world]["episode"]["l"], int(lasted[world])))
            lasted[world] = 0
    assert len(told) >= 8
    assert len({length for length, _ in told}) > 3
    assert all(length == steps for length, steps in told)
