"""Scripts answer to what happens; that each of them works is shown with every robot in the contracts."""

import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task, task_names
from hacpo_robot.envs.expert import ScriptedExpert
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.specs.rotation import half_turn_error, heading_of

N_ENVS = 16
SLIP = 0.06
"""How far the box jumps sideways [m]: out of the reach of the fingers that push it."""


@pytest.mark.parametrize("name", task_names())
def test_only_the_last_stage_lasts_for_ever(name):
    task = load_task(name)
    env = make_vec_env(load_robot("ur5e"), task, n_envs=N_ENVS, seed=1, n_threads=1)
    expert = ScriptedExpert(env.cell)
    seen = set()
    for _ in range(env.horizon):
        seen |= set(expert.stage.tolist())
        env.cell.step(expert.act())
        assert not task.script[-1].done(env.cell.state).any()
    env.close()
    assert seen == set(range(len(task.script))), "a stage was never entered"


@pytest.mark.parametrize("robot", ["panda", "ur5e", "wx250"])
def test_push_comes_back_for_a_box_that_slipped_off(robot):
    env = make_vec_env(load_robot(robot), load_task("push"), n_envs=N_ENVS, seed=1, n_threads=1)
    cell, expert = env.cell, ScriptedExpert(env.cell)
    start = cell.state.object_pos_w[:, 0]
    success = slipped = np.zeros(N_ENVS, bool)
    for _ in range(2 * env.horizon):
        success = cell.step(expert.act()).success
        moved = np.linalg.norm(cell.state.object_pos_w[:, 0] - start, axis=-1) > 0.02
        worlds = np.flatnonzero(moved & ~slipped)
        qpos = cell.worlds.qpos[worlds].copy()
        qpos[:, cell.handles.box_qpos[0] + 1] += SLIP * np.where(worlds % 2, 1.0, -1.0)
        cell.worlds.place(worlds, qpos, cell.worlds.mocap[worlds].copy())
        slipped = slipped | moved
    env.close()
    assert slipped.all(), "no box was moved"
    assert success.sum() >= N_ENVS - 1


def test_half_turn_error_lays_a_frame_along_a_line_either_way_round():
    heading, line = np.array([0.0, 0.1, -3.1, 1.0]), np.array([3.0, 0.1 + np.pi, 3.1, 2.5])
    zero, one = np.zeros(4), np.ones(4)
    cosine, sine = np.cos(heading), np.sin(heading)
    rotation = np.array([[cosine, -sine, zero], [sine, cosine, zero], [zero, zero, one]]).transpose(2, 0, 1)
    np.testing.assert_allclose(heading_of(rotation), heading)
    expected = [3.0 - np.pi, 0.0, 6.2 - 2 * np.pi, 1.5]
    np.testing.assert_allclose(half_turn_error(rotation, line), expected, atol=1e-12)
