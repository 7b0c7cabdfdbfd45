"""The task-space description that every robot shares."""

from dataclasses import fields, replace

import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task, possible_pairs
from hacpo_robot.envs.hub import BODY, OPEN, body_vector, compute_effect, task_state, world_vector
from hacpo_robot.envs.vector import make_vec_env

N_ENVS = 6
PAIRS = possible_pairs()


@pytest.fixture(params=PAIRS, ids="-".join)
def env(request, rng):
    """Worlds in the middle of an episode."""
    robot, task = request.param
    env = make_vec_env(load_robot(robot), load_task(task), n_envs=N_ENVS, seed=3, n_threads=1)
    for _ in range(12):
        env.step(rng.uniform(-1, 1, (N_ENVS, env.action_space.shape[0])))
    yield env
    env.close()


def test_hub_state_has_the_promised_layout(env):
    body, world = env.hub_state()
    assert body.shape == (N_ENVS, BODY.size)
    assert world.shape == (N_ENVS, env.world_signature.size)
    assert env.effect().shape == (N_ENVS, env.effect_signature.size)


def test_hub_fields_hold_what_their_names_say(env):
    state = env.cell.state
    body, world = (s.split(z) for s, z in zip((BODY, env.world_signature), env.hub_state(), strict=True))
    np.testing.assert_array_equal(body["tool_pos"], state.tool_pos_w)
    np.testing.assert_array_equal(body["gripper_width"], np.minimum(state.gripper_width, OPEN))
    np.testing.assert_array_equal(world["goal_pos"], state.goal_pos_w)
    for index, prop in enumerate(env.task.props):
        np.testing.assert_array_equal(world[f"{prop.name}_pos"], state.object_pos_w[:, index])
        np.testing.assert_array_equal(world[f"{prop.name}_touch"], state.touch[:, index])


def test_task_state_inverts_the_hub_vectors(env):
    state = env.cell.state
    body, world = env.hub_state()
    again = task_state(body, world, len(env.task.props))
    state = replace(state, gripper_width=np.minimum(state.gripper_width, OPEN))
    for field in fields(state):
        np.testing.assert_allclose(getattr(again, field.name), getattr(state, field.name), atol=1e-9)
    np.testing.assert_allclose(body_vector(again), body, atol=1e-9)
    np.testing.assert_allclose(world_vector(again), world, atol=1e-9)


def test_sensing_a_hub_state_equals_the_observed_world_fields(env):
    observed = env.cell.observe()[:, env.observation_signature.indices(env.world_names)]
    np.testing.assert_allclose(env.sense_world(*env.hub_state()), observed, atol=1e-9)


def test_reward_of_a_hub_state_is_the_reward_of_the_world(env):
    body, world = env.hub_state()
    again = task_state(body, world, len(env.task.props))
    for name, term in env.task.rewards.items():
        np.testing.assert_allclose(term.value(again), term.value(env.cell.state), atol=1e-9, err_msg=name)


def test_effect_takes_the_tool_from_before_to_after(env, rng):
    before = env.cell.state
    action = rng.uniform(-1, 1, (N_ENVS, env.action_space.shape[0]))
    env.step(action)
    effect = env.effect_signature.split(env.effect())
    np.testing.assert_allclose(before.tool_pos_w + effect["translation"], env.cell.state.tool_pos_w)
    angle = np.linalg.norm(effect["rotation"], axis=-1)
    turn = env.cell.state.tool_rot_w @ before.tool_rot_w.swapaxes(-1, -2)
    np.testing.assert_allclose(np.trace(turn, axis1=-2, axis2=-1), 1 + 2 * np.cos(angle), atol=1e-9)
    np.testing.assert_allclose(effect["gripper"], env.command_scale.commands(action)[:, -1:], atol=1e-12)


def test_standing_still_has_no_effect(env):
    state = env.cell.state
    effect = compute_effect(state, state, np.zeros((N_ENVS, 1)))
    np.testing.assert_allclose(effect, 0.0, atol=1e-9)
