"""Imperfect sensors: what they deliver, whose generators they draw from; perfect ones draw from none."""

from dataclasses import replace

import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.imperfection import Imperfection
from hacpo_robot.envs.keypoints import join_corners, split_corners
from hacpo_robot.envs.observation import Observer
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.envs.workcell import CONTROL_HZ
from hacpo_robot.specs.sensor import CameraSpec, SensorSpec

PANDA, LIFT = load_robot("panda"), load_task("lift")
CAMERA = CameraSpec(name="front", pos=(0.7, 0.5, 1.3), target=(0, 0, 0.9), fovy=30, width=640, height=480)
WIDTH, JOINTS = SensorSpec(quantity="gripper_width"), SensorSpec(quantity="joint_pos")
CORNERS = SensorSpec(quantity="object_keypoints", camera=CAMERA)
EVERYTHING_WRONG = (
    replace(JOINTS, noise=0.01, bias=0.02, rate_hz=10.0),
    replace(WIDTH, delay_s=0.1, noise=0.001),
    SensorSpec(quantity="object_pos", dropout=0.3, noise=0.002, delay_s=0.05),
    SensorSpec(quantity="object_rot"),
    replace(CORNERS, noise=1.0, bias=2.0, dropout=0.2, delay_s=0.15, rate_hz=7.0),
)


def run(sensors, ideal):
    """What is delivered after the reset and after each step. (n_steps, n, size) -> same shape."""
    n_worlds = ideal.shape[1]
    rngs = [np.random.default_rng([5, world]) for world in range(n_worlds)]
    channels = Observer(replace(PANDA, sensors=sensors), LIFT).channels
    imperfection = Imperfection(channels, n_worlds, CONTROL_HZ)
    imperfection.reset(np.arange(n_worlds), ideal[0], rngs)
    delivered = [imperfection.deliver(ideal[0])]
    for now in ideal[1:]:
        imperfection.step(now, rngs)
        delivered.append(imperfection.deliver(now))
    return np.array(delivered)


def counting(n_steps, n_worlds, size):
    """A series that tells when it was read: step number, in millimetres. Shape (n_steps, n_worlds, size)."""
    return np.tile(np.arange(n_steps)[:, None, None] / 1000, (1, n_worlds, size))


def make_env(sensors, n_envs=3, **settings):
    return make_vec_env(
        replace(PANDA, sensors=sensors), LIFT, n_envs=n_envs, seed=3, **({"n_threads": 1} | settings)
    )


def actions(rng, n_steps, n_envs):
    return rng.uniform(-1, 1, (n_steps, n_envs, PANDA.n_joints + 1))


# -- one imperfection at a time ----------------------------------------------------------------------


@pytest.mark.parametrize(("delay_s", "steps"), [(0.0, 0), (0.05, 1), (0.15, 3), (0.06, 1), (0.02, 0)])
def test_a_delay_shifts_the_series_by_whole_steps(delay_s, steps):
    ideal = counting(12, 2, 8)
    delivered = run((JOINTS, replace(WIDTH, delay_s=delay_s)), ideal)
    np.testing.assert_array_equal(delivered[:, :, :7], ideal[:, :, :7], err_msg="the perfect one")
    expected = np.maximum(np.arange(12) - steps, 0) / 1000
    np.testing.assert_array_equal(delivered[:, 0, 7], expected)


@pytest.mark.parametrize(
    ("rate_hz", "read_at"),
    [
        (20.0, range(12)),
        (100.0, range(12)),
        (10.0, [0, 0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10]),
        (8.0, [0, 0, 0, 3, 3, 5, 5, 5, 8, 8, 10, 10]),  # a reading every 2.5 steps
    ],
)
def test_a_slow_sensor_holds_its_reading(rate_hz, read_at):
    delivered = run((replace(WIDTH, rate_hz=rate_hz),), counting(12, 2, 1))
    np.testing.assert_array_equal(delivered[:, 0, 0], np.array(read_at) / 1000)


def test_noise_has_its_spread_and_is_new_in_every_reading():
    error = run((replace(JOINTS, noise=0.05),), np.zeros((50, 400, 7)))
    n = error.size
    assert abs(error.mean()) < 4 * 0.05 / np.sqrt(n)
    assert error.std() == pytest.approx(0.05, rel=4 / np.sqrt(2 * n))
    for one, other in (
        (error[1:], error[:-1]),
        (error[:, 1:], error[:, :-1]),
        (error[..., 1:], error[..., :-1]),
    ):
        correlation = np.corrcoef(one.ravel(), other.ravel())[0, 1]
        assert abs(correlation) < 4 / np.sqrt(one.size), "two steps, worlds or joints share their noise"


def test_bias_is_drawn_at_reset_and_stays():
    n = 2000
    error = run((replace(JOINTS, bias=0.05),), np.zeros((5, n, 7)))
    np.testing.assert_array_equal(error, np.broadcast_to(error[0], error.shape))
    assert error[0].std() == pytest.approx(0.05, rel=4 / np.sqrt(2 * 7 * n))
    assert len(np.unique(error[0])) == 7 * n


def test_a_lost_reading_is_replaced_by_the_last_one():
    p, n, n_steps = 0.3, 300, 40
    delivered = run((replace(JOINTS, dropout=p),), counting(n_steps, n, 7))
    assert (delivered == delivered[..., :1]).all(), "a reading is lost as a whole"
    read_at = np.round(delivered[..., 0] * 1000).astype(int)
    assert (read_at[0] == 0).all(), "the first reading is never lost"
    arrived = read_at == np.arange(n_steps)[:, None]
    held = read_at[1:] == read_at[:-1]
    assert (arrived[1:] ^ held).all(), "either the new reading arrives or the last one stays"
    draws = arrived[1:].size
    assert 1 - arrived[1:].mean() == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / draws))


def test_sensors_lose_their_readings_independently():
    sensors = (replace(JOINTS, dropout=0.5), replace(WIDTH, dropout=0.5))
    delivered = run(sensors, counting(40, 100, 8))
    now = np.arange(40)[1:, None] / 1000
    together = np.corrcoef((delivered[1:, :, 0] == now).ravel(), (delivered[1:, :, 7] == now).ravel())[0, 1]
    assert abs(together) < 4 / np.sqrt(39 * 100)


def test_delivered_readings_stay_inside_the_bounds():
    delivered = run((replace(WIDTH, noise=5.0),), np.zeros((10, 50, 1)))
    assert delivered.min() == -0.01
    assert delivered.max() == 0.2


# -- a detector --------------------------------------------------------------------------------------


def all_seen(rng, n_steps, n_worlds):
    pixels = np.tile(rng.uniform(100, 300, (8, 2)), (n_steps, n_worlds, 1, 1))
    return pixels, join_corners(CAMERA, pixels, np.ones((n_steps, n_worlds, 8), bool))


def test_a_detector_loses_single_corners(rng):
    p = 0.25
    pixels, ideal = all_seen(rng, 30, 60)
    told, visible = split_corners(run((replace(CORNERS, dropout=p),), ideal))
    assert visible[0].all()
    draws = visible[1:].size
    assert 1 - visible[1:].mean() == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / draws))
    np.testing.assert_array_equal(told[visible], pixels[visible])
    step, world = np.argwhere(visible.any(-1) & ~visible.all(-1))[0]
    hidden = ~visible[step, world]
    mean = pixels[step, world][~hidden].mean(axis=0)
    np.testing.assert_allclose(told[step, world][hidden], np.tile(mean, (hidden.sum(), 1)))


def test_noise_moves_pixels_and_leaves_flags_alone(rng):
    pixels, ideal = all_seen(rng, 30, 60)
    told, visible = split_corners(run((replace(CORNERS, noise=3.0, bias=4.0),), ideal))
    assert visible.all()
    error = told - pixels
    assert (error - error.mean(axis=0)).std() == pytest.approx(3.0, rel=0.05)
    assert error.mean(axis=0).std() == pytest.approx(4.0, rel=4 / np.sqrt(2 * 60 * 16) + 0.02)


# -- in the cell -------------------------------------------------------------------------------------


def test_perfect_sensors_leave_the_generators_and_the_observation_alone(rng):
    env, twin = make_env(PANDA.sensors), make_env(PANDA.sensors)
    before = [rng.bit_generator.state for rng in env.cell.rngs]
    for action in actions(rng, 5, 3):
        observed = env.step(action)[0]
        twin.step(action)
        ideal = twin.cell.observer.observe(twin.cell.state, twin.cell.joints)
        np.testing.assert_array_equal(observed, ideal.astype(np.float32))
    assert [rng.bit_generator.state for rng in env.cell.rngs] == before
    assert not [key for key in env.get_state() if key.startswith("sensor_")]


def test_observing_twice_tells_the_same(rng):
    env = make_env(EVERYTHING_WRONG)
    for action in actions(rng, 5, 3):
        delivered = env.step(action)[0]
        for _ in range(2):
            np.testing.assert_array_equal(env.cell.observe().astype(np.float32), delivered)


def test_a_world_depends_on_its_own_generator_only(rng):
    one, many = make_env(EVERYTHING_WRONG, 2), make_env(EVERYTHING_WRONG, 5, n_threads=2)
    np.testing.assert_array_equal(one.reset(), many.reset()[:2])
    for action in actions(rng, one.horizon + 5, 5):
        np.testing.assert_array_equal(one.step(action[:2])[0], many.step(action)[0][:2])


def test_a_reset_of_one_world_leaves_the_others_alone(rng):
    env, twin = make_env(EVERYTHING_WRONG), make_env(EVERYTHING_WRONG)
    for step, action in enumerate(actions(rng, 12, 3)):
        one, other = env.step(action)[0], twin.step(action)[0]
        np.testing.assert_array_equal(one[[0, 2]], other[[0, 2]])
        if step == 5:
            env.cell.reset(np.array([1]))
            np.testing.assert_array_equal(env.cell.observe()[[0, 2]], twin.cell.observe()[[0, 2]])


def test_a_running_cell_delivers_late_and_seldom(rng):
    env = make_env((replace(JOINTS, delay_s=0.1), replace(WIDTH, rate_hz=5.0)))
    delivered, ideal = [], []
    for step, action in enumerate(actions(rng, 17, 3)):
        delivered.append(env.step(action)[0])
        ideal.append(env.cell.observer.observe(env.cell.state, env.cell.joints).astype(np.float32))
        if step == 5:
            env.cell.reset(np.array([1]))
    for world, steps in ((0, range(3, 17)), (1, range(9, 17))):
        reset = -1 if world == 0 else 5
        for step in steps:
            np.testing.assert_array_equal(delivered[step][world, :7], ideal[step - 2][world, :7])
            read = step - (step - reset) % 4
            if read > reset:
                assert delivered[step][world, 7] == ideal[read][world, 7]


def test_after_a_reset_nothing_of_the_last_episode_is_delivered(rng):
    env = make_env((replace(JOINTS, delay_s=0.2), replace(WIDTH, rate_hz=1.0)))
    for action in actions(rng, 9, 3):
        env.step(action)
    env.cell.reset(np.array([0, 2]))
    ideal = env.cell.observer.observe(env.cell.state, env.cell.joints)
    np.testing.assert_array_equal(env.cell.observe()[[0, 2]], ideal[[0, 2]])
    assert (env.cell.observe()[1] != ideal[1]).any()


def test_a_resumed_run_delivers_what_the_whole_run_would_have(rng):
    env = make_env(EVERYTHING_WRONG)
    first, second = actions(rng, 7, 3), actions(rng, 20, 3)
    for action in first:
        last = env.step(action)[0]
    state, saved_rngs = env.get_state(), [rng.bit_generator.state for rng in env.cell.rngs]
    again = make_env(EVERYTHING_WRONG)
    np.testing.assert_array_equal(again.set_state(state), last)
    for own, saved in zip(again.cell.rngs, saved_rngs, strict=True):
        own.bit_generator.state = saved
    for action in second:
        np.testing.assert_array_equal(env.step(action)[0], again.step(action)[0])


def test_imperfect_sensors_do_not_touch_the_physics(rng):
    env = make_env(EVERYTHING_WRONG)
    perfect = make_env(tuple(SensorSpec(quantity=s.quantity, camera=s.camera) for s in EVERYTHING_WRONG))
    for world in range(3):
        env.cell.worlds.place(np.array([world]), perfect.cell.worlds.qpos[[world]])
    env.set_state(env.get_state())
    perfect.set_state(perfect.get_state())
    for action in actions(rng, 5, 3):
        env.step(action)
        perfect.step(action)
        np.testing.assert_array_equal(env.cell.worlds.qpos, perfect.cell.worlds.qpos)


def test_everything_imperfect_stays_in_bounds(rng):
    env = make_env(EVERYTHING_WRONG, 16)
    assert env.observation_space.shape == (7 + 1 + 3 + 6 + 24,)
    for action in actions(rng, 60, 16):
        assert all(env.observation_space.contains(row) for row in env.step(action)[0])
