"""One world for Gymnasium, many for its vector protocol: the same worlds that Stable-Baselines3 sees."""

import subprocess
import sys
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from stable_baselines3.common.env_checker import check_env as check_env_of_sb3

from hacpo_robot.catalog import load_robot, load_task, possible_pairs
from hacpo_robot.envs import single
from hacpo_robot.envs.gymnasium_vector import ManipulationVectorEnv
from hacpo_robot.envs.registration import env_id
from hacpo_robot.envs.single import ManipulationEnv
from hacpo_robot.envs.vector import make_babble_env, make_vec_env
from hacpo_robot.errors import HacpoError, InvalidSpecError, UnknownNameError

IDS = {pair: env_id(load_robot(pair[0]), pair[1]) for pair in possible_pairs()}
SOME = [("panda", "lift"), ("ur5e", "lift"), ("kinova3", "reach")]
"""A joint and a tool interface, a task with an object and one with a goal."""
SHORT = replace(load_task("lift"), horizon_s=0.4)
"""Eight control steps."""
DOOR = replace(load_task("lift"), name="door", needs=("door_handle",))
LAME = replace(load_robot("panda"), name="lame", unable={"door_handle": "it cannot get up"})


def actions_of(env, rng, n_steps, n_envs):
    return rng.uniform(-1, 1, (n_steps, n_envs, env.action_signature.size)).astype(np.float32)


def drop_cube(cell, world):
    """Take the cube off the table."""
    qpos = cell.worlds.qpos[world].copy()
    qpos[cell.handles.box_qpos[0] :][:3] = [0.6, 0.0, 0.9]
    cell.worlds.place(np.array([world]), qpos[None])


# -- the protocols' own checks ---------------------------------------------------------------------


@pytest.mark.parametrize("name", IDS.values())
def test_gymnasium_accepts_the_environment(name):
    env = gymnasium.make(name)
    check_env(env.unwrapped, skip_render_check=True)  # pictures need OpenGL
    env.close()


def test_sb3_accepts_the_environment():
    env = ManipulationEnv("panda", "lift")
    check_env_of_sb3(env, skip_render_check=True)
    env.close()


@pytest.mark.parametrize("pair", SOME, ids="-".join)
def test_make_vec_gives_one_native_batch(pair):
    envs = gymnasium.make_vec(IDS[pair], num_envs=3, n_threads=1)
    assert isinstance(envs.unwrapped, ManipulationVectorEnv)
    assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    observation, infos = envs.reset(seed=1)
    assert envs.observation_space.contains(observation)
    assert infos == {}
    observation, reward, *_ = envs.step(envs.action_space.sample())
    assert envs.observation_space.contains(observation)
    assert (observation.dtype, reward.dtype) == (np.float32, np.float64)
    envs.close()
    envs.close()


# -- seeds -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", SOME, ids="-".join)
@pytest.mark.parametrize(("n_envs", "n_threads"), [(1, 1), (5, 2)])
def test_one_world_moves_as_the_first_of_many(pair, n_envs, n_threads, rng):
    env = ManipulationEnv(*pair)
    envs = make_vec_env(env.robot, env.task, n_envs=n_envs, seed=0, n_threads=n_threads)
    envs.seed(8)
    np.testing.assert_array_equal(env.reset(seed=8)[0], envs.reset()[0])
    for action in actions_of(env, rng, 2 * env.horizon + 3, n_envs):
        observation, reward, terminated, truncated, info = env.step(action[0])
        rows, rewards, ended, infos = envs.step(action)
        assert np.float32(reward) == rewards[0]
        assert (terminated or truncated) == ended[0]
        if ended[0]:
            np.testing.assert_array_equal(observation, infos[0]["terminal_observation"])
            assert truncated == infos[0]["TimeLimit.truncated"]
            assert info["is_success"] == infos[0]["is_success"]
            observation, _ = env.reset()
        np.testing.assert_array_equal(observation, rows[0])
    env.close()


def test_worlds_of_both_vector_protocols_are_the_same(rng):
    envs = ManipulationVectorEnv("panda", "lift", 4, n_threads=2)
    twin = make_vec_env(load_robot("panda"), load_task("lift"), n_envs=4, n_threads=1)
    twin.seed(5)
    np.testing.assert_array_equal(envs.reset(seed=5)[0], twin.reset())
    for action in actions_of(envs, rng, envs.horizon + 2, 4):
        np.testing.assert_array_equal(envs.step(action)[0], twin.step(action)[0])


def test_a_seed_repeats_the_starts_and_no_seed_goes_on():
    env = ManipulationEnv("panda", "lift")
    first, second = env.reset(seed=3)[0], env.reset()[0]
    assert (first != second).any()
    np.testing.assert_array_equal(env.reset(seed=3)[0], first)
    np.testing.assert_array_equal(env.reset()[0], second)
    assert (env.reset(seed=4)[0] != first).any()


@pytest.mark.parametrize("kind", [ManipulationEnv, ManipulationVectorEnv])
def test_without_any_seed_chance_decides_and_tells_the_seed(kind):
    one, other, again = (kind("panda", "lift") for _ in range(3))
    start = one.reset()[0]
    assert (start != other.reset()[0]).any()
    np.testing.assert_array_equal(again.reset(seed=one.np_random_seed)[0], start)


def test_np_random_is_what_the_world_draws_from():
    env = ManipulationEnv("panda", "lift")
    start = env.reset(seed=6)[0]
    env.np_random = np.random.default_rng([6, 0])
    np.testing.assert_array_equal(env.reset()[0], start)


# -- how episodes end ------------------------------------------------------------------------------


def test_time_truncates():
    env = ManipulationEnv("panda", SHORT)
    env.reset(seed=0)
    ends = [env.step(np.zeros(env.action_signature.size))[2:4] for _ in range(8)]
    assert ends == [(False, False)] * 7 + [(False, True)]


@pytest.mark.parametrize("age", [0, 7])
def test_a_lost_object_terminates_even_at_the_last_step(age):
    env = ManipulationEnv("panda", SHORT)
    env.reset(seed=0)
    for _ in range(age):
        env.step(np.zeros(env.action_signature.size))
    drop_cube(env.cell, 0)
    _, reward, terminated, truncated, info = env.step(np.zeros(env.action_signature.size))
    assert (reward, terminated, truncated) == (0.0, True, False)
    assert (info["is_lost"], info["is_broken"], info["is_success"]) == (True, False, False)


def test_broken_physics_terminates(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # MuJoCo notes bad numbers in a file in the working directory
    env = ManipulationEnv("panda", "lift")
    env.reset(seed=0)
    observation, _, terminated, truncated, info = env.step(np.full(env.action_signature.size, np.nan))
    assert np.isfinite(observation).all()
    assert (terminated, truncated, info["is_broken"]) == (True, False, True)


def test_reward_is_the_weighted_sum_of_the_terms_in_the_info(rng):
    env = ManipulationEnv("panda", "lift")
    env.reset(seed=0)
    for action in actions_of(env, rng, 20, 1):
        _, reward, _, _, info = env.step(action[0])
        terms = env.task.rewards
        total = sum(terms[name].weight * value for name, value in info["reward_terms"].items())
        assert reward == pytest.approx(total)


def assert_same_infos(ours, theirs):
    """Same keys, types and values, at any depth."""
    assert set(ours) == set(theirs)
    for key, value in theirs.items():
        if isinstance(value, dict):
            assert_same_infos(ours[key], value)
        elif key == "final_obs":
            assert ours[key].dtype == value.dtype == object
            for one, other in zip(ours[key], value, strict=True):
                assert (one is None) == (other is None)
                np.testing.assert_array_equal(one, other)
        else:
            assert ours[key].dtype == value.dtype, key
            np.testing.assert_array_equal(ours[key], value, err_msg=key)


def test_every_step_is_that_of_gymnasium_over_single_environments(rng):
    n_envs, seeds = 4, [5, 6, 7, 8]
    ours = ManipulationVectorEnv("panda", SHORT, n_envs, n_threads=2)
    theirs = SyncVectorEnv(
        [lambda: ManipulationEnv("panda", SHORT)] * n_envs, autoreset_mode=AutoresetMode.SAME_STEP
    )
    np.testing.assert_array_equal(ours.reset(seed=seeds)[0], theirs.reset(seed=seeds)[0])
    n_ended = 0
    for step, action in enumerate(actions_of(ours, rng, 40, n_envs)):
        if step == 3:  # from here on the worlds are not all of one age
            mask = np.array([False, True, False, True])
            one, other = (envs.reset(options={"reset_mask": mask.copy()}) for envs in (ours, theirs))
            np.testing.assert_array_equal(one[0], other[0])
            assert_same_infos(one[1], other[1])
        if step == 6:
            drop_cube(ours.cell, 2)
            drop_cube(theirs.envs[2].cell, 0)
        one, other = ours.step(action), theirs.step(action)
        for value, expected in zip(one[:4], other[:4], strict=True):
            assert value.dtype == expected.dtype
            np.testing.assert_array_equal(value, expected)
        assert_same_infos(one[4], other[4])
        n_ended += int((one[2] | one[3]).sum())
    assert n_ended > 3 * n_envs
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    theirs.close()


def test_what_a_step_returned_does_not_change_later(rng):
    envs = ManipulationVectorEnv("panda", SHORT, 2, n_threads=1)
    envs.reset(seed=0)
    kept = [envs.step(action) for action in actions_of(envs, rng, 8, 2)]
    finals = [row.copy() for row in kept[-1][4]["final_obs"]]
    copies = [[np.copy(value) for value in step[:4]] for step in kept]
    for action in actions_of(envs, rng, 8, 2):
        envs.step(action)
    for step, copy in zip(kept, copies, strict=True):
        for value, before in zip(step[:4], copy, strict=True):
            np.testing.assert_array_equal(value, before)
    for row, before in zip(kept[-1][4]["final_obs"], finals, strict=True):
        np.testing.assert_array_equal(row, before)


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: make_vec_env(LAME, DOOR, n_envs=1),
        lambda: make_babble_env(LAME, DOOR, n_envs=1, seed=0),
        lambda: ManipulationEnv(LAME, DOOR),
        lambda: ManipulationVectorEnv(LAME, DOOR),
    ],
    ids=["sb3", "babble", "single", "vector"],
)
def test_an_impossible_pair_is_refused_with_its_reason(make):
    with pytest.raises(InvalidSpecError, match=r"^robot 'lame' cannot do task 'door': it cannot get up$"):
        make()


def test_bad_arguments_get_one_sentence():
    with pytest.raises(UnknownNameError, match="unknown robot 'pnada'"):
        ManipulationEnv("pnada", "lift")
    with pytest.raises(InvalidSpecError, match="no render mode 'human'; valid: rgb_array"):
        ManipulationEnv("panda", "lift", render_mode="human")
    envs = ManipulationVectorEnv("panda", "lift", 2, n_threads=1)
    with pytest.raises(InvalidSpecError, match="3 seeds for 2 environments"):
        envs.reset(seed=[1, 2, 3])
    with pytest.raises(InvalidSpecError, match=r"reset_mask must be bool of shape \(2,\), not int64"):
        envs.reset(options={"reset_mask": np.array([0, 1])})


# -- pictures --------------------------------------------------------------------------------------


def test_without_render_mode_there_is_no_picture():
    assert ManipulationEnv("panda", "lift").render() is None


def test_without_opengl_there_is_a_sentence(monkeypatch):
    def no_camera(_scene):
        raise RuntimeError("no display")

    monkeypatch.setattr(single, "Camera", no_camera)
    monkeypatch.setenv("MUJOCO_GL", "disabled")
    env = ManipulationEnv("panda", "lift", render_mode="rgb_array")
    env.reset(seed=0)
    with pytest.raises(HacpoError, match="needs OpenGL, which MUJOCO_GL='disabled' does not open here"):
        env.render()


@pytest.mark.slow
def test_pictures_show_the_world_move():
    code = """if True:
        import gymnasium, hacpo_robot, numpy as np
        from gymnasium.utils.env_checker import check_env
        env = gymnasium.make("hacpo_robot/Lift-Panda-v0", render_mode="rgb_array")
        env.reset(seed=0)
        first = env.render()
        for _ in range(10):
            env.step(np.ones(env.action_space.shape, np.float32))
        moved = np.abs(first.astype(int) - env.render()).max(axis=-1) > 20
        assert first.shape == (360, 480, 3) and first.dtype == np.uint8
        assert 0.002 < moved.mean() < 0.5, moved.mean()
        check_env(env.unwrapped)
        env.close()
    """
    environment = {"MUJOCO_GL": "egl", "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
