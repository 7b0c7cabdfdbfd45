"""Many worlds in one native call are many worlds alone."""

import mujoco
import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.scene import make_scene
from hacpo_robot.sim.worlds import Worlds

N_WORLDS, N_STEPS = 6, 30


@pytest.fixture(scope="module")
def scene():
    return make_scene(load_robot("panda"), load_task("lift"))


@pytest.fixture
def starts(scene, rng):
    """Postures around home. Shape (N_WORLDS, nq)."""
    handles = Handles.of(scene)
    qpos = np.tile(Worlds([scene.model] * 1, substeps=10, n_threads=1).default_qpos, (N_WORLDS, 1))
    qpos[:, handles.arm_qpos] = scene.robot.arm.home + rng.normal(0, 0.1, (N_WORLDS, scene.robot.n_joints))
    return qpos


@pytest.fixture
def controls(scene, rng):
    """Targets that fling the arm about. Shape (N_STEPS, N_WORLDS, nu)."""
    target = np.zeros(scene.model.nu)
    target[Handles.of(scene).arm_ctrl] = scene.robot.arm.home
    return target + rng.uniform(-0.5, 0.5, (N_STEPS, N_WORLDS, scene.model.nu))


@pytest.fixture(autouse=True)
def no_log_in_the_checkout(tmp_path, monkeypatch):
    """MuJoCo notes bad numbers in a file in the working directory."""
    monkeypatch.chdir(tmp_path)


def run(model, starts, controls, n_threads=1):
    """Positions, sensors and failures after every step."""
    worlds = Worlds([model] * len(starts), substeps=10, n_threads=n_threads)
    worlds.place(np.arange(len(starts)), starts)
    steps = [(worlds.step(control), worlds.qpos.copy(), worlds.sensors.copy()) for control in controls]
    worlds.close()
    failed, qpos, sensors = (np.array(column) for column in zip(*steps, strict=True))
    return failed, qpos, sensors


def test_a_world_alone_moves_as_among_many(scene, starts, controls):
    _, qpos, sensors = run(scene.model, starts, controls)
    for world in range(N_WORLDS):
        own = slice(world, world + 1)
        _, qpos_alone, sensors_alone = run(scene.model, starts[own], controls[:, own])
        np.testing.assert_array_equal(qpos_alone, qpos[:, own])
        np.testing.assert_array_equal(sensors_alone, sensors[:, own])


def test_threads_do_not_change_the_outcome(scene, starts, controls):
    _, qpos, sensors = run(scene.model, starts, controls, n_threads=1)
    _, qpos_two, sensors_two = run(scene.model, starts, controls, n_threads=2)
    np.testing.assert_array_equal(qpos_two, qpos)
    np.testing.assert_array_equal(sensors_two, sensors)


@pytest.mark.parametrize("poison", ["state", "control"])
def test_a_world_with_bad_numbers_fails_alone(scene, starts, controls, poison):
    _, healthy, _ = run(scene.model, starts, controls)
    starts, controls = starts.copy(), controls.copy()
    if poison == "state":
        starts[2, 3] = np.nan
    else:
        controls[0, 2, 0] = np.nan
    failed, qpos, _ = run(scene.model, starts, controls, n_threads=2)
    others = np.delete(np.arange(N_WORLDS), 2)
    assert failed[0, 2], f"a world with a NaN {poison} is called healthy"
    assert not failed[:, others].any()
    np.testing.assert_array_equal(qpos[:, others], healthy[:, others])


def test_a_failed_world_recovers_when_placed_anew(scene, starts, controls):
    worlds = Worlds([scene.model] * 2, substeps=10, n_threads=1)
    bad = starts[:2].copy()
    bad[1] = np.nan
    worlds.place(np.arange(2), bad)
    assert worlds.step(controls[0, :2]).tolist() == [False, True]
    worlds.place(np.array([1]), starts[1:2])
    assert not worlds.step(controls[1, :2]).any()
    assert np.isfinite(worlds.sensors).all()


def test_place_shows_exactly_the_placed_state(scene, starts):
    worlds = Worlds([scene.model] * N_WORLDS, substeps=10, n_threads=1)
    worlds.place(np.arange(N_WORLDS), starts)
    np.testing.assert_array_equal(worlds.qpos, starts)
    data = mujoco.MjData(scene.model)
    for world in range(N_WORLDS):
        data.qpos[:] = starts[world]
        mujoco.mj_forward(scene.model, data)
        np.testing.assert_array_equal(worlds.sensors[world], data.sensordata)


def test_place_leaves_the_other_worlds_alone(scene, starts, controls):
    worlds = Worlds([scene.model] * N_WORLDS, substeps=10, n_threads=1)
    worlds.place(np.arange(N_WORLDS), starts)
    worlds.step(controls[0])
    before = worlds.get_state()
    worlds.place(np.array([4]), starts[:1])
    others = np.delete(np.arange(N_WORLDS), 4)
    for name, value in worlds.get_state().items():
        np.testing.assert_array_equal(value[others], before[name][others])


def test_worlds_continue_from_a_saved_state(scene, starts, controls):
    worlds = Worlds([scene.model] * N_WORLDS, substeps=10, n_threads=1)
    worlds.place(np.arange(N_WORLDS), starts)
    worlds.step(controls[0])
    saved = worlds.get_state()
    worlds.step(controls[1])
    expected = worlds.get_state()
    worlds.step(controls[2])
    worlds.set_state(saved)
    worlds.step(controls[1])
    for name, value in worlds.get_state().items():
        np.testing.assert_array_equal(value, expected[name])


def test_positions_cannot_be_written_from_outside(scene):
    worlds = Worlds([scene.model] * 1, substeps=10, n_threads=1)
    with pytest.raises(ValueError, match="read-only"):
        worlds.qpos[0, 0] = 1.0
