"""Actions to joint targets, for every robot."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task, robot_names
from hacpo_robot.control.cartesian import DAMPING, LEVER, MAX_JOINT_STEP, solve_twist
from hacpo_robot.control.controller import action_signature, make_controller
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.instruments import GRIPPER, ROBOT
from hacpo_robot.sim.readout import read_joints, read_task_state
from hacpo_robot.sim.scene import make_scene
from hacpo_robot.sim.worlds import Worlds
from hacpo_robot.specs.action import CartesianDelta, JointPositionDelta, JointVelocity
from hacpo_robot.specs.rotation import rotation_vector

N_POSTURES = 12
ROBOTS = robot_names()
FEW_JOINTS = [name for name in ROBOTS if load_robot(name).n_joints < 6]
REACH = load_task("reach")
ROTATIONS = ("upright", "yaw", "full")
POSITION_INTERFACES = [JointPositionDelta(), *(CartesianDelta(rotation=rotation) for rotation in ROTATIONS)]


def commanded_by(name, action):
    """A robot with another action interface."""
    return replace(load_robot(name), action=action)


def wide_postures(scene, rng):
    """Postures all over the joint ranges, limits included, as worlds."""
    handles = Handles.of(scene)
    low, high = np.where(np.isfinite(handles.arm_range), handles.arm_range, [-np.pi, np.pi]).T
    worlds = Worlds([scene.model] * N_POSTURES, substeps=10, n_threads=1)
    qpos = np.tile(worlds.default_qpos, (N_POSTURES, 1))
    qpos[:, handles.arm_qpos] = rng.uniform(low, high, (N_POSTURES, len(low)))
    qpos[0, handles.arm_qpos], qpos[1, handles.arm_qpos] = low, high
    worlds.place(np.arange(N_POSTURES), qpos)
    return worlds, handles


def sense(worlds, handles):
    width, command, goal = (np.zeros((worlds.n_worlds, size)) for size in (1, 1, 3))
    joints = read_joints(worlds.sensors, handles)
    return joints, read_task_state(worlds.sensors, handles, width, command, goal)


def tilt(env):
    """Angle between the tool and the vertical. Shape (n_envs,) [deg]."""
    return np.rad2deg(np.arccos(np.clip(-env.cell.state.tool_rot_w[:, 2, 2], -1.0, 1.0)))


@pytest.mark.parametrize("name", ROBOTS)
def test_jacobian_equals_mujocos(name, rng):
    scene = make_scene(load_robot(name), REACH)
    worlds, handles = wide_postures(scene, rng)
    ours = read_joints(worlds.sensors, handles).jacobian
    model, data = scene.model, mujoco.MjData(scene.model)
    site = model.site(GRIPPER + scene.robot.gripper.tool_site).id
    columns = [model.joint(ROBOT + joint).dofadr[0] for joint in scene.robot.arm.joints]
    for world, qpos in enumerate(worlds.qpos):
        data.qpos[:] = qpos
        mujoco.mj_forward(model, data)
        linear, angular = np.empty((3, model.nv)), np.empty((3, model.nv))
        mujoco.mj_jacSite(model, data, linear, angular, site)
        np.testing.assert_allclose(ours[world], np.concatenate([linear, angular])[:, columns], atol=1e-9)


@pytest.mark.parametrize("action", POSITION_INTERFACES, ids=str)
@pytest.mark.parametrize("name", ROBOTS)
def test_joint_targets_stay_inside_the_limits(name, action, rng):
    robot = commanded_by(name, action)
    worlds, handles = wide_postures(make_scene(robot, REACH), rng)
    controller = make_controller(robot, handles)
    size = action_signature(controller).size - 1
    low, high = handles.arm_range.T
    for command in (np.ones((N_POSTURES, size)), -np.ones((N_POSTURES, size))):
        targets = controller.targets(command, *sense(worlds, handles))
        assert ((targets >= low) & (targets <= high)).all()


@pytest.mark.parametrize("name", ROBOTS)
def test_joint_action_asks_for_its_scale_from_where_the_joint_is(name, rng):
    robot = commanded_by(name, JointPositionDelta(scale=0.07, slide_scale=0.02))
    worlds, handles = wide_postures(make_scene(robot, REACH), rng)
    action = rng.uniform(-1, 1, (N_POSTURES, robot.n_joints))
    joints, state = sense(worlds, handles)
    scale = [0.02 if joint in robot.arm.slides else 0.07 for joint in robot.arm.joints]
    expected = np.clip(joints.pos + scale * action, *handles.arm_range.T)
    np.testing.assert_allclose(make_controller(robot, handles).targets(action, joints, state), expected)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("name", ROBOTS)
def test_joint_velocity_is_asked_for_except_into_a_limit(name, sign, rng):
    robot = commanded_by(name, JointVelocity(scale=0.8, slide_scale=0.3))
    worlds, handles = wide_postures(make_scene(robot, REACH), rng)
    action = np.full((N_POSTURES, robot.n_joints), 0.5 * sign)
    targets = make_controller(robot, handles).targets(action, *sense(worlds, handles))
    asked = np.array([0.15 if joint in robot.arm.slides else 0.4 for joint in robot.arm.joints]) * sign
    # Postures 0 and 1 have every joint at its lower and at its upper limit, where it has one.
    limited = np.isfinite(handles.arm_range[:, 1])
    pushing, leaving = (0, 1) if sign < 0 else (1, 0)
    np.testing.assert_allclose(targets[pushing], np.where(limited, 0.0, asked))
    np.testing.assert_allclose(targets[leaving], asked)
    np.testing.assert_allclose(targets[2:], np.tile(asked, (N_POSTURES - 2, 1)))


@pytest.mark.parametrize("name", ROBOTS)
def test_joint_velocity_is_reached(name):
    env = make_vec_env(commanded_by(name, JointVelocity(scale=0.5, slide_scale=0.1)), REACH, 2, n_threads=1)
    action = np.zeros((2, env.action_signature.size))
    action[0, :-1], action[1, :-1] = 0.6, -0.6
    for _ in range(6):
        env.step(action)
    asked = [0.06 if joint in env.robot.arm.slides else 0.3 for joint in env.robot.arm.joints]
    np.testing.assert_allclose(env.cell.joints.vel / asked, np.sign(action[:, :-1]), atol=0.1)
    env.close()


def test_joint_motion_produces_the_twist_asked_for(rng):
    jacobian = rng.normal(size=(20, 6, 7))
    twist = 0.01 * rng.normal(size=(20, 6))
    produced = (jacobian @ solve_twist(jacobian, twist)[..., None])[..., 0]
    # Damping costs most along the weakest direction of a posture.
    np.testing.assert_allclose(produced, twist, atol=2e-3)


def test_joint_motion_stays_bounded_in_a_singular_posture():
    jacobian = np.zeros((1, 6, 6))
    jacobian[0, 0, 0] = 0.02
    step = solve_twist(jacobian, np.full((1, 6), 0.5))
    assert np.isfinite(step).all()
    assert np.abs(step).max() <= MAX_JOINT_STEP + 1e-12


def test_translation_is_not_given_up_for_the_tilt_that_comes_with_it():
    jacobian, twist = np.zeros((1, 6, 1)), np.zeros((1, 6))
    jacobian[0, 0, 0], jacobian[0, 4, 0] = 0.25, 1.0  # the only joint swings the tool by a quarter metre
    twist[0, 0] = 0.02
    expected = 0.25 * 0.02 / (0.25**2 + LEVER**2 + DAMPING**2)
    np.testing.assert_allclose(solve_twist(jacobian, twist), [[expected]])
    assert 0.25 * expected > 0.5 * 0.02


@pytest.mark.parametrize("rotation", ROTATIONS)
@pytest.mark.parametrize("name", ROBOTS)
def test_cartesian_action_moves_the_tool_as_asked(name, rotation):
    robot = commanded_by(name, CartesianDelta(rotation=rotation))
    env = make_vec_env(robot, REACH, n_envs=6, n_threads=1)
    direction = np.concatenate([np.eye(3), -np.eye(3)])
    action = np.zeros((6, env.action_signature.size))
    action[:, :3] = 0.4 * direction
    # Short enough that no arm meets a joint limit.
    n_steps, asked = 4, 0.4 * robot.action.position_scale
    start = env.cell.state.tool_pos_w.copy()
    for _ in range(n_steps):
        env.step(action)
    moved = (env.cell.state.tool_pos_w - start) / n_steps
    # The servo starts late and is asked anew from where the joints are: it never quite gets there.
    along = (moved * direction).sum(axis=-1)
    assert ((along / asked > 0.4) & (along / asked < 1.1)).all(), f"moved {along / asked} of what was asked"
    aside = np.linalg.norm(moved - along[:, None] * direction, axis=-1) / asked
    assert (aside < 0.15).all(), f"moved {aside} sideways"
    env.close()


@pytest.mark.parametrize("rotation", ["yaw", "full"])
@pytest.mark.parametrize("name", ROBOTS)
def test_cartesian_action_turns_the_tool_about_the_vertical(name, rotation):
    robot = commanded_by(name, CartesianDelta(rotation=rotation))
    env = make_vec_env(robot, REACH, n_envs=2, n_threads=1)
    action = np.zeros((2, env.action_signature.size))
    action[:, -2] = 0.4, -0.4
    n_steps, asked = 8, 0.4 * robot.action.rotation_scale
    start, place = env.cell.state.tool_rot_w.copy(), env.cell.state.tool_pos_w.copy()
    for _ in range(n_steps):
        env.step(action)
    turned = rotation_vector(env.cell.state.tool_rot_w @ start.swapaxes(-1, -2)) / n_steps
    share = turned[:, 2] / asked * [1, -1]
    assert ((share > 0.3) & (share < 1.1)).all(), f"turned {share} of what was asked"
    assert np.linalg.norm(env.cell.state.tool_pos_w - place, axis=-1).max() < 0.01
    env.close()


@pytest.mark.parametrize("name", FEW_JOINTS)
def test_arm_of_few_joints_translates_though_asked_for_a_turn_it_cannot_do(name):
    robot = commanded_by(name, CartesianDelta(rotation="full"))
    env = make_vec_env(robot, REACH, n_envs=8, n_threads=1)
    action = np.zeros((8, env.action_signature.size))
    angle = np.arange(8) * np.pi / 4
    action[:, :3] = 0.4 * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=-1)
    action[:, 3] = 0.4  # about the axis that points away from the base: nothing turns the tool there
    start = env.cell.state.tool_pos_w.copy()
    for _ in range(6):
        env.step(action)
    moved = (env.cell.state.tool_pos_w - start) / (6 * robot.action.position_scale)
    wanted = action[:, :3]
    share = (moved * wanted).sum(axis=-1) / (wanted**2).sum(axis=-1)
    assert (share > 0.35).all(), f"moved {share} of what was asked"
    env.close()


@pytest.mark.parametrize("rotation", ["upright", "yaw"])
@pytest.mark.parametrize("name", ROBOTS)
def test_cartesian_tool_keeps_pointing_down(name, rotation, rng):
    robot = commanded_by(name, CartesianDelta(rotation=rotation))
    env = make_vec_env(robot, REACH, n_envs=8, n_threads=1)
    for _ in range(30):
        env.step(rng.uniform(-1, 1, (8, env.action_signature.size)))
    assert tilt(env).max() < 15, f"tilted by {tilt(env).round(1)} degrees"
    env.close()


@pytest.mark.parametrize("name", ROBOTS)
def test_gripper_opens_and_closes(name):
    env = make_vec_env(load_robot(name), REACH, n_envs=2, seed=0, n_threads=1)
    action = np.zeros((2, env.action_signature.size))
    action[0, -1], action[1, -1] = 1.0, -1.0
    for _ in range(20):
        env.step(action)
    opened, closed = env.cell.state.gripper_width[:, 0]
    assert opened == pytest.approx(env.robot.gripper.max_width, abs=0.005)
    assert closed == pytest.approx(env.robot.gripper.min_width, abs=0.005)
    env.close()
