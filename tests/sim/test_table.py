"""No arm reaches through the table, and leaning on it is felt, and paid less."""

import mujoco
import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task, robot_names
from hacpo_robot.envs.expert import tool_action
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.sim.instruments import GRIPPER, ROBOT
from hacpo_robot.specs.terms import unpressed

N_WORLDS, N_STEPS = 8, 60
DEEPEST = 0.01
"""How far servos that strain against the table may press a link into it [m]."""


@pytest.fixture(scope="module", params=robot_names())
def leaning(request):
    """Every robot flung about low over the table: (env, contacts with the table seen on the way)."""
    env = make_vec_env(load_robot(request.param), load_task("reach"), n_envs=N_WORLDS, seed=2, n_threads=1)
    env.reset()
    rng, model = np.random.default_rng(3), env.cell.scene.model
    data, seen = mujoco.MjData(model), []
    for step in range(N_STEPS):
        if step % 10 == 0:
            move, turn = rng.normal(0, 0.1, (N_WORLDS, 3)), rng.normal(0, 1.0, (N_WORLDS, 3))
        move[:, 2] = -0.1
        env.cell.step(tool_action(env.cell, move, turn, np.ones(N_WORLDS)))
        now = zip(env.cell.worlds.qpos, env.cell.table_force, strict=True)
        seen += [contacts(model, data, *world) for world in now]
    env.close()
    return env, seen


def contacts(model, data, qpos, force):
    """Names of the bodies that touch the table, how deep each does, and the force that was felt."""
    data.qpos[:] = qpos
    mujoco.mj_fwdPosition(model, data)
    table = model.geom("table").id
    touching = [
        (model.body(model.geom_bodyid[max(contact.geom)]).name, -contact.dist)
        for contact in data.contact
        if table in contact.geom
    ]
    return [(name, depth) for name, depth in touching if name.startswith(ROBOT)], force


def test_no_link_goes_through_the_table(leaning):
    env, seen = leaning
    depths = [(depth, name) for touching, _ in seen for name, depth in touching]
    assert depths, f"{env.cell.robot.name} never touched the table: the test shows nothing"
    depth, name = max(depths)
    assert depth < DEEPEST, f"{name} is {1000 * depth:.0f} mm deep in the table"


def test_what_presses_is_felt(leaning):
    _, seen = leaning
    assert max(force for _, force in seen) > 20


def test_force_on_the_table_is_that_of_its_contacts():
    env = make_vec_env(load_robot("sawyer"), load_task("reach"), n_envs=1, seed=0, n_threads=1)
    env.reset()
    model, cell = env.cell.scene.model, env.cell
    data, force = mujoco.MjData(model), np.zeros(6)
    largest = 0.0
    for _ in range(40):
        action = tool_action(cell, np.array([[0.0, 0.0, -0.1]]), np.zeros((1, 3)), np.ones(1))
        cell.step(action)
        data.qpos[:] = cell.worlds.qpos[0]
        sensors = cell.worlds.sensors[0]
        mujoco.mj_setState(
            model, data, cell.worlds.get_state()["physics"][0], mujoco.mjtState.mjSTATE_FULLPHYSICS
        )
        data.ctrl[:] = 0
        mujoco.mj_forward(model, data)
        total = np.zeros(3)
        for index, contact in enumerate(data.contact):
            mujoco.mj_contactForce(model, data, index, force)
            total += contact.frame.reshape(3, 3).T @ force[:3]
        columns = cell.handles.table_force
        np.testing.assert_allclose(np.abs(data.sensordata[columns]), np.abs(total), atol=1e-6)
        largest = max(largest, np.linalg.norm(sensors[columns]))
    assert largest > 5
    env.close()


def test_leaning_is_paid_less():
    np.testing.assert_allclose(unpressed(np.array([0.0, 20.0, 60.0, 100.0])), [1, 1, 0.1**0.25, 0.1])


@pytest.mark.parametrize(("preset", "share"), [(None, 0.1), ("robosuite", 1.0)])
def test_terms_shrink_with_the_force_but_not_those_of_robosuite(preset, share, monkeypatch):
    task = load_task("lift") if preset is None else load_task("lift").with_preset(preset)
    env = make_vec_env(load_robot("panda"), task, n_envs=2, seed=0, n_threads=1)
    env.reset()
    state = env.get_state()
    free = env.cell.step(np.zeros((2, env.cell.action_signature.size)))
    env.set_state(state)
    monkeypatch.setattr(type(env.cell), "table_force", np.array([100.0, 0.0]))
    pressed = env.cell.step(np.zeros((2, env.cell.action_signature.size)))
    np.testing.assert_allclose(pressed.reward, free.reward * [share, 1.0])
    env.close()


def test_the_gripper_s_force_counts_too():
    model = make_vec_env(load_robot("panda"), load_task("reach"), n_envs=1, n_threads=1).cell.scene.model
    sensor = model.sensor("table_force")
    root = model.body(sensor.objid[0]).id
    fingers = [b for b in range(model.nbody) if model.body(b).name.startswith(GRIPPER)]
    for body in fingers:
        while body not in (0, root):
            body = model.body_parentid[body]
        assert body == root
