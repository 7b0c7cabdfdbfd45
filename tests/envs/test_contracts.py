"""What holds for every robot on every task; a new file in robots/ or tasks/ is tested by being there."""

from dataclasses import replace

import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task, possible_pairs, robot_names
from hacpo_robot.envs.expert import ScriptedExpert
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.specs.prop import Region

N_ENVS = 8
N_EPISODES = 100
PAIRS = possible_pairs()
LIFT = load_task("lift")


@pytest.fixture(params=PAIRS, ids="-".join)
def pair(request):
    robot, task = request.param
    return load_robot(robot), load_task(task)


@pytest.fixture
def env(pair):
    env = make_vec_env(*pair, n_envs=N_ENVS, seed=3, n_threads=1)
    yield env
    env.close()


def random_actions(env, rng, n_steps):
    return rng.uniform(-1.0, 1.0, (n_steps, env.num_envs, env.action_space.shape[0]))


def run_expert(env):
    """One whole episode; yields what each step returned."""
    expert = ScriptedExpert(env.cell)
    for _ in range(env.horizon):
        yield env.step(expert.act())


# -- spaces and numbers ----------------------------------------------------------------------------


def test_observations_and_rewards_keep_their_promises(env, rng):
    assert env.observation_space.contains(env.reset()[0])
    for action in random_actions(env, rng, 200):
        observation, reward, done, infos = env.step(action)
        assert observation.dtype == reward.dtype == np.float32
        assert observation.shape == (N_ENVS, *env.observation_space.shape)
        assert all(env.observation_space.contains(row) for row in observation), "out of bounds or not finite"
        assert reward.shape == done.shape == (N_ENVS,)
        assert len(infos) == N_ENVS
        assert ((reward >= 0) & (reward <= 1)).all()


def test_layout_matches_the_spaces(env):
    signature = env.observation_signature
    assert env.observation_space.shape == (signature.size,)
    np.testing.assert_array_equal(env.observation_space.low, signature.low.astype(np.float32))
    np.testing.assert_array_equal(env.observation_space.high, signature.high.astype(np.float32))
    assert sorted(env.body_names + env.world_names) == sorted(signature.names)
    assert env.action_space.shape == (env.action_signature.size,)
    assert (env.action_space.low == -1).all()
    assert (env.action_space.high == 1).all()


def test_actions_beyond_the_bounds_count_as_the_bounds(pair, rng):
    one, other = (make_vec_env(*pair, n_envs=2, seed=3, n_threads=1) for _ in range(2))
    for action in random_actions(one, rng, 10):
        far = 5 * np.sign(action)
        np.testing.assert_array_equal(one.step(far)[0], other.step(np.sign(action))[0])


def test_reward_is_the_weighted_sum_of_its_terms(env, rng):
    terms = env.task.rewards
    for action in random_actions(env, rng, 50):
        outcome = env.cell.step(action)
        assert set(outcome.terms) == set(terms)
        for name, value in outcome.terms.items():
            assert value.shape == (N_ENVS,), f"term {name!r} has shape {value.shape}"
            assert ((value >= 0) & (value <= 1)).all(), f"term {name!r} leaves [0, 1]"
        total = sum(term.weight * outcome.terms[name] for name, term in terms.items())
        np.testing.assert_allclose(outcome.reward, np.where(outcome.lost, 0.0, total), atol=1e-12)


def lay_boxes_at_fingertips(env):
    """What is observed with every box at the one fingertip, then at the other."""
    worlds, state = env.cell.worlds, env.cell.state
    to_finger = state.tool_rot_w[..., 0] * state.gripper_width / 2
    for first in env.cell.handles.box_qpos:
        for side in (-1.0, 1.0):
            qpos = worlds.qpos.copy()
            qpos[:, first : first + 3] = state.tool_pos_w + side * to_finger
            worlds.place(np.arange(N_ENVS), qpos, worlds.mocap.copy())
            yield env.set_state(env.get_state())


def test_no_observation_element_is_constant(env, rng):
    # Random motion hardly ever touches an object, and the expert only those it has to.
    seen = [env.step(action)[0] for action in random_actions(env, rng, 200)]
    env.reset()
    seen += [step[0] for step in run_expert(env)]
    seen += list(lay_boxes_at_fingertips(env))
    spread = np.ptp(np.concatenate(seen), axis=0)
    names = np.array(env.observation_signature.element_names)
    assert (spread > 1e-6).all(), f"constant: {names[spread <= 1e-6]}"


def test_motors_hold_the_arm_after_a_reset(env):
    joints, nothing = env.cell.joints, np.zeros((N_ENVS, env.action_signature.size))
    nothing[:, -1] = 1.0
    force, effort = joints.wrist_force.copy(), joints.effort.copy()
    for _ in range(10):
        env.cell.step(nothing)
    np.testing.assert_allclose(force, env.cell.joints.wrist_force, atol=2.0)
    np.testing.assert_allclose(effort, env.cell.joints.effort, atol=2.0)


def test_arrays_are_not_shared_between_steps(env, rng):
    actions = random_actions(env, rng, 2)
    first = [*env.step(actions[0])[:3], *env.hub_state(), env.effect()]
    copies = [array.copy() for array in first]
    second = [*env.step(actions[1])[:3], *env.hub_state(), env.effect()]
    env.reset()
    for kept, copy, later in zip(first, copies, second, strict=True):
        np.testing.assert_array_equal(kept, copy)
        assert not np.shares_memory(kept, later)


# -- episodes --------------------------------------------------------------------------------------


def test_two_resets_differ(env):
    first, second = env.reset(), env.reset()
    assert (first != second).any(axis=-1).all()
    assert (first[0] != first[1:]).any(axis=-1).all(), "two worlds start alike"


def test_success_is_not_already_true_at_reset(env):
    for _ in range(10):
        env.reset()
        assert not env.task.success(env.cell.state).any()


def test_a_lucky_start_is_drawn_again():
    near = Region(x=(-0.14, -0.08), y=(-0.03, 0.03), z=(0.97, 1.03))
    env = make_vec_env(load_robot("panda"), replace(load_task("reach"), goal=near), n_envs=64, seed=0)
    assert not env.task.success(env.cell.state).any(), "about one start in seven would be lucky"


def test_a_task_that_is_always_done_is_refused():
    done = replace(load_task("reach"), success=lambda state: np.ones(len(state.goal_pos_w), bool))
    with pytest.raises(InvalidSpecError, match="task 'reach': success is true in"):
        make_vec_env(load_robot("panda"), done, n_envs=2, seed=0)


def test_same_seed_gives_the_same_trajectory(pair, rng):
    one = make_vec_env(*pair, n_envs=4, seed=11, n_threads=1)
    many = make_vec_env(*pair, n_envs=6, seed=11, n_threads=2)
    other = make_vec_env(*pair, n_envs=4, seed=12, n_threads=1)
    np.testing.assert_array_equal(one.reset(), many.reset()[:4])
    assert (one.reset() != other.reset()).any()
    many.reset()
    for action in random_actions(many, rng, one.horizon + 5):
        observation, reward, done, _ = one.step(action[:4])
        again = many.step(action)
        np.testing.assert_array_equal(observation, again[0][:4])
        np.testing.assert_array_equal(reward, again[1][:4])
        np.testing.assert_array_equal(done, again[2][:4])


def test_seeding_anew_repeats_the_starts(env):
    env.seed(5)
    first = env.reset()
    env.reset()
    env.seed(5)
    np.testing.assert_array_equal(env.reset(), first)


def test_episode_ends_by_time_with_everything_sb3_asks_for(env):
    twin = make_vec_env(env.robot, replace(env.task, horizon_s=60.0), n_envs=N_ENVS, seed=3, n_threads=1)
    total = np.zeros(N_ENVS)
    for step in range(env.horizon):
        action = np.zeros((N_ENVS, env.action_space.shape[0]))
        observation, reward, done, infos = env.step(action)
        unending = twin.step(action)[0]
        total += reward
        assert done.all() == done.any() == (step == env.horizon - 1)
    for world, info in enumerate(infos):
        assert info["TimeLimit.truncated"] is True
        assert info["is_success"] is False
        assert info["terminal_observation"].shape == env.observation_space.shape
        np.testing.assert_array_equal(info["terminal_observation"], unending[world])
        assert (observation[world] != unending[world]).any(), "the next episode did not begin"
        assert info["episode"]["l"] == env.horizon
        assert info["episode"]["r"] == pytest.approx(total[world], rel=1e-5)


def test_expert_succeeds(pair):
    env = make_vec_env(*pair, n_envs=N_EPISODES, seed=1000, n_threads=1)
    for _, _, done, infos in run_expert(env):  # noqa: B007
        pass
    assert done.all()
    n_success = sum(info["is_success"] for info in infos)
    assert n_success >= 0.95 * N_EPISODES, f"{n_success} of {N_EPISODES}"
    assert env.n_lost == env.n_broken == 0


# -- lost objects ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", robot_names())
def test_a_lost_object_ends_only_its_own_episode(name, rng):
    env, twin = (make_vec_env(load_robot(name), LIFT, n_envs=4, seed=3, n_threads=1) for _ in range(2))
    qpos = env.cell.worlds.qpos[1].copy()
    cube = env.cell.handles.box_qpos[0]
    qpos[cube : cube + 3] = [0.6, 0.0, 0.9]
    env.cell.worlds.place(np.array([1]), qpos[None])
    action = random_actions(env, rng, 1)[0]
    observation, reward, done, infos = env.step(action)
    expected = twin.step(action)
    others = [0, 2, 3]
    assert done.tolist() == [False, True, False, False]
    assert infos[1]["TimeLimit.truncated"] is False
    assert infos[1]["is_success"] is False
    assert reward[1] == 0
    assert (env.n_lost, env.n_broken) == (1, 0)
    np.testing.assert_array_equal(observation[others], expected[0][others])
    np.testing.assert_array_equal(reward[others], expected[1][others])


@pytest.mark.parametrize("name", robot_names())
def test_a_broken_world_ends_only_its_own_episode(name, rng, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # MuJoCo notes bad numbers in a file in the working directory
    env, twin = (make_vec_env(load_robot(name), LIFT, n_envs=4, seed=3, n_threads=1) for _ in range(2))
    for poison in (np.nan, 0.0):
        action = random_actions(env, rng, 1)[0]
        healthy = twin.step(action)
        action[2] += poison
        observation, reward, done, _ = env.step(action)
        assert np.isfinite(observation).all()
        assert np.isfinite(reward).all()
        assert done.tolist() == [False, False, np.isnan(poison), False]
        np.testing.assert_array_equal(observation[[0, 1, 3]], healthy[0][[0, 1, 3]])
    assert (env.n_lost, env.n_broken) == (0, 1)
