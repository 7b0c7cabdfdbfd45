"""Worlds that differ: each by its own generator, the same ones when they are resumed, and felt in physics."""

from dataclasses import replace

import gymnasium
import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task, possible_pairs, robot_names
from hacpo_robot.envs.expert import ScriptedExpert
from hacpo_robot.envs.keypoints import detect_corners
from hacpo_robot.envs.single import ManipulationEnv
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.specs.randomization import CAMERA, LATENCY, NAMES, Randomization
from hacpo_robot.specs.sensor import CameraSpec, SensorSpec

PAIRS = [(robot, task) for robot, task in possible_pairs() if robot == "panda" or task == "lift"]
WIDE = Randomization(
    object_mass=(0.5, 2.0),
    friction=(0.7, 1.3),
    joint_damping=(0.3, 3.0),
    servo_gain=(0.8, 1.2),
    gripper_speed=(0.5, 1.5),
    sensor_noise=(0.5, 2.0),
    latency=(0, 3),
    camera_pos=0.02,
    camera_target=0.05,
)
CAMERA_SPEC = CameraSpec(name="side", pos=(0.1, 0.9, 1.3), target=(0.0, 0.0, 0.82))
SENSORS = (
    SensorSpec(quantity="joint_pos", noise=0.01),
    SensorSpec(quantity="object_keypoints", camera=CAMERA_SPEC),
    SensorSpec(quantity="object_pos", noise=0.002, delay_s=0.1),
)
WATCHER = replace(load_robot("panda"), name="watcher", sensors=SENSORS)
LIFT, REACH = load_task("lift"), load_task("reach")
SHORT = replace(LIFT, horizon_s=0.6)


def make(robot=WATCHER, task=SHORT, n_envs=4, randomization: Randomization | None = WIDE, **settings):
    return make_vec_env(robot, task, n_envs, 5, randomization=randomization, n_threads=1, **settings)


def actions_of(env, rng, n_steps, n_envs=None):
    return rng.uniform(-1, 1, (n_steps, n_envs or env.num_envs, env.action_signature.size))


def numbers(env, name):
    return env.cell.variation.numbers[:, NAMES.index(name)]


# -- whose generator ------------------------------------------------------------------------------------


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_ranges_of_one_are_bit_for_bit_no_randomization(pair, rng):
    robot, task = load_robot(pair[0]), load_task(pair[1])
    plain, neutral = (make(robot, task, 3, randomization) for randomization in (None, Randomization()))
    assert plain.cell.variation is None
    np.testing.assert_array_equal(plain.reset(), neutral.reset())
    for action in actions_of(plain, rng, 30):
        for value, expected in zip(neutral.step(action)[:3], plain.step(action)[:3], strict=True):
            np.testing.assert_array_equal(value, expected)


def test_episodes_start_in_the_same_places_with_and_without():
    quiet = replace(WATCHER, sensors=SENSORS[1:2])
    plain, varied = make(quiet, randomization=None), make(quiet)
    for _ in range(3):
        plain.reset()
        varied.reset()
        np.testing.assert_array_equal(varied.cell.worlds.qpos, plain.cell.worlds.qpos)


def test_every_world_and_every_episode_has_its_own_numbers(rng):
    env = make()
    seen = [env.cell.variation.numbers.copy()]
    for _ in range(2):
        for action in actions_of(env, rng, env.horizon):
            env.step(action)
        seen.append(env.cell.variation.numbers.copy())
    drawn = np.array([name != "latency" for name in NAMES])
    flat = np.concatenate(seen)[:, drawn]
    assert len(flat) == 3 * env.num_envs
    assert all(len(np.unique(column)) == len(flat) for column in flat.T)


def test_numbers_stay_for_an_episode(rng):
    env = make()
    env.reset()
    before = env.cell.variation.numbers.copy()
    for action in actions_of(env, rng, env.horizon - 1):
        env.step(action)
    np.testing.assert_array_equal(env.cell.variation.numbers, before)


def test_neighbours_and_threads_change_nothing(rng):
    few, many = make(n_envs=2), make_vec_env(WATCHER, SHORT, 5, 5, randomization=WIDE, n_threads=2)
    np.testing.assert_array_equal(few.reset(), many.reset()[:2])
    for action in actions_of(many, rng, 2 * few.horizon + 3):
        np.testing.assert_array_equal(few.step(action[:2])[0], many.step(action)[0][:2])
        np.testing.assert_array_equal(few.cell.variation.numbers, many.cell.variation.numbers[:2])


def test_a_seed_repeats_the_numbers():
    env = make()
    env.seed(3)
    env.reset()
    first = env.cell.variation.numbers.copy()
    env.reset()
    assert (env.cell.variation.numbers[:, :LATENCY] != first[:, :LATENCY]).all()
    env.seed(3)
    env.reset()
    np.testing.assert_array_equal(env.cell.variation.numbers, first)


def test_one_world_for_gymnasium_is_the_first_of_many(rng):
    env, envs = ManipulationEnv(WATCHER, SHORT, randomization=WIDE), make()
    envs.seed(8)
    np.testing.assert_array_equal(env.reset(seed=8)[0], envs.reset()[0])
    for action in actions_of(envs, rng, 30):
        observation, _, terminated, truncated, _ = env.step(action[0])
        rows, _, ended, _ = envs.step(action)
        assert (terminated or truncated) == ended[0]
        np.testing.assert_array_equal(env.reset()[0] if ended[0] else observation, rows[0])


def test_gymnasium_ids_take_ranges():
    name = "hacpo_robot/Lift-Panda-v0"
    env = gymnasium.make(name, randomization=Randomization(object_mass=(2.0, 2.0)))
    assert numbers(env.unwrapped, "object_mass") == 2.0
    envs = gymnasium.make_vec(name, num_envs=3, randomization=Randomization(servo_gain=(0.5, 0.5)))
    assert numbers(envs.unwrapped, "servo_gain").tolist() == [0.5] * 3


def test_a_resumed_run_goes_on_as_if_never_stopped(rng):
    env = make()
    env.reset()
    actions = actions_of(env, rng, 40)
    for action in actions[:17]:
        env.step(action)
    saved, rngs = env.get_state(), [rng.bit_generator.state for rng in env.rngs]
    expected = [env.step(action) for action in actions[17:]]
    later = make()
    for own, past in zip(later.rngs, rngs, strict=True):
        own.bit_generator.state = past
    later.set_state(saved)
    for action, step in zip(actions[17:], expected, strict=True):
        for value, past in zip(later.step(action)[:3], step[:3], strict=True):
            np.testing.assert_array_equal(value, past)
    np.testing.assert_array_equal(later.cell.variation.numbers, env.cell.variation.numbers)


# -- latency ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("robot", ["panda", "ur5e"])
@pytest.mark.parametrize("late", [0, 1, 3])
def test_late_actions_act_exactly_as_many_steps_later(robot, late, rng):
    prompt, delayed = (
        make(load_robot(robot), LIFT, 3, randomization)
        for randomization in (None, Randomization(latency=(late, late)))
    )
    actions = actions_of(prompt, rng, 25)
    idle = np.zeros((late, *actions.shape[1:]))
    idle[..., -1] = 1.0
    for sent, arrives in zip(actions, np.concatenate([idle, actions]), strict=False):
        np.testing.assert_array_equal(delayed.step(sent)[0], prompt.step(arrives)[0])


def test_every_world_is_as_late_as_its_own_number_says(rng):
    env = make(load_robot("panda"), LIFT, 12, Randomization(latency=(0, 2)))
    prompt = make(load_robot("panda"), LIFT, 12, None)
    late = numbers(env, "latency").astype(int)
    assert set(late) == {0, 1, 2}
    idle = np.append(np.zeros(env.action_signature.size - 1), 1.0)
    history = []
    for action in actions_of(env, rng, 15):
        history.append(action)
        arrives = [
            history[-1 - steps][world] if steps < len(history) else idle for world, steps in enumerate(late)
        ]
        np.testing.assert_array_equal(env.step(action)[0], prompt.step(np.array(arrives))[0])


def test_no_command_outlives_its_episode(rng):
    env = make(load_robot("panda"), SHORT, 2, Randomization(latency=(3, 3)))
    env.reset()
    for action in actions_of(env, rng, env.horizon):
        env.step(action)
    start = env.cell.state.gripper_command.copy()
    env.step(-np.ones((2, env.action_signature.size)))
    np.testing.assert_array_equal(env.cell.state.gripper_command, start)


def test_the_effect_tells_the_action_that_was_sent(rng):
    env = make(load_robot("panda"), LIFT, 2, Randomization(latency=(2, 2)))
    action = actions_of(env, rng, 1)[0]
    env.step(action)
    np.testing.assert_allclose(env.effect()[:, -1], env.command_scale.commands(action)[:, -1], atol=1e-12)


# -- physics ---------------------------------------------------------------------------------------


def run_expert(env):
    expert = ScriptedExpert(env.cell)
    for _ in range(env.horizon - 1):
        env.step(expert.act())


def test_a_heavier_cube_hangs_heavier_on_the_wrist():
    feeling = replace(load_robot("panda"), sensors=(SensorSpec(quantity="wrist_force"),))
    forces = []
    for mass in (1.0, 4.0):
        env = make(feeling, LIFT, 8, Randomization(object_mass=(mass, mass)))
        run_expert(env)
        assert env.task.success(env.cell.state).all()
        forces.append(np.median(np.linalg.norm(env.cell.joints.wrist_force, axis=-1)))
    cube = LIFT.boxes[0]
    weight = 9.81 * cube.density * np.prod(2 * np.array(cube.half_size))
    assert forces[1] - forces[0] == pytest.approx(3 * weight, rel=0.3)


def test_a_slippery_cube_cannot_be_lifted():
    n_lifted = []
    for friction in (1.0, 0.003):
        env = make(load_robot("panda"), LIFT, 8, Randomization(friction=(friction, friction)))
        run_expert(env)
        n_lifted.append(int(env.task.success(env.cell.state).sum()))
    assert n_lifted == [8, 0]


@pytest.mark.parametrize("name", robot_names())
def test_weaker_servos_move_less(name):
    moved = []
    for gain in (1.0, 0.1):
        env = make(load_robot(name), REACH, 4, Randomization(servo_gain=(gain, gain)))
        start = env.cell.joints.pos
        env.step(np.full((4, env.action_signature.size), 0.5))
        moved.append(np.linalg.norm(env.cell.joints.pos - start, axis=-1))
    assert (moved[1] < 0.9 * moved[0]).all()


def test_a_slower_gripper_closes_less():
    widths = []
    for speed in (1.0, 0.25):
        env = make(load_robot("panda"), LIFT, 4, Randomization(gripper_speed=(speed, speed)))
        for _ in range(3):
            env.step(-np.eye(8)[[-1] * 4])
        widths.append(env.cell.state.gripper_width)
    assert (widths[1] > widths[0] + 0.02).all()


# -- sensors ---------------------------------------------------------------------------------------


def test_noise_is_multiplied(rng):
    plain, loud = (make(n_envs=3, randomization=r) for r in (None, Randomization(sensor_noise=(3.0, 3.0))))
    for action in actions_of(plain, rng, 6):
        quiet, noisy = (env.cell.observe() if env.step(action) else None for env in (plain, loud))
        ideal = plain.cell.observer.observe(plain.cell.state, plain.cell.joints)
        joints = plain.observation_signature.where("joint_pos")
        error = (quiet - ideal)[:, joints]
        assert (error != 0).all()
        np.testing.assert_allclose((noisy - ideal)[:, joints], 3 * error, atol=1e-12)


def test_a_shifted_camera_sees_what_a_camera_in_that_place_sees(rng):
    env = make(randomization=Randomization(camera_pos=0.03, camera_target=0.06))
    place = env.observation_signature.indices(env.observation_signature.names[1:3])
    for action in actions_of(env, rng, 5):
        env.step(action)
    for world, shift in enumerate(env.cell.variation.numbers[:, CAMERA]):
        moved = replace(
            CAMERA_SPEC,
            pos=tuple(np.add(CAMERA_SPEC.pos, shift[:3])),
            target=tuple(np.add(CAMERA_SPEC.target, shift[3:])),
        )
        seen, unmoved = (
            detect_corners(camera, LIFT.boxes[0].half_size, env.cell.state, 0)[world]
            for camera in (moved, CAMERA_SPEC)
        )
        np.testing.assert_allclose(env.cell.observe()[world, place], seen, atol=1e-6)
        assert np.abs(seen - unmoved).max() > 0.5, "the shift is not seen"
