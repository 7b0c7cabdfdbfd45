"""Actions to joint targets, for every robot."""

import mujoco
import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task, robot_names
from hacpo_robot.control.cartesian import MAX_JOINT_STEP, solve_twist
from hacpo_robot.control.controller import action_signature, make_controller
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.instruments import GRIPPER, ROBOT
from hacpo_robot.sim.readout import read_joints, read_task_state
from hacpo_robot.sim.scene import make_scene
from hacpo_robot.sim.worlds import Worlds
from hacpo_robot.specs.action import CartesianDelta

N_POSTURES = 12
ROBOTS = robot_names()
CARTESIAN = [name for name in ROBOTS if isinstance(load_robot(name).action, CartesianDelta)]
REACH = load_task("reach")


def wide_postures(scene, rng):
    """Postures all over the joint ranges, limits included, as worlds."""
    handles = Handles.of(scene)
    low, high = np.clip(handles.arm_range, -np.pi, np.pi).T
    worlds = Worlds([scene.model] * N_POSTURES, substeps=10, n_threads=1)
    qpos = np.tile(worlds.default_qpos, (N_POSTURES, 1))
    qpos[:, handles.arm_qpos] = rng.uniform(low, high, (N_POSTURES, len(low)))
    qpos[0, handles.arm_qpos], qpos[1, handles.arm_qpos] = low, high
    worlds.place(np.arange(N_POSTURES), qpos)
    return worlds, handles


def sense(worlds, handles):
    zeros = np.zeros((worlds.n_worlds, 1)), np.zeros((worlds.n_worlds, 3))
    return read_joints(worlds.sensors, handles), read_task_state(worlds.sensors, handles, *zeros)


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


@pytest.mark.parametrize("name", ROBOTS)
def test_joint_targets_stay_inside_the_limits(name, rng):
    worlds, handles = wide_postures(make_scene(load_robot(name), REACH), rng)
    controller = make_controller(load_robot(name), handles)
    size = action_signature(controller).size - 1
    low, high = handles.arm_range.T
    for action in (np.ones((N_POSTURES, size)), -np.ones((N_POSTURES, size))):
        targets = controller.targets(action, *sense(worlds, handles))
        assert ((targets >= low) & (targets <= high)).all()


@pytest.mark.parametrize("name", [name for name in ROBOTS if name not in CARTESIAN])
def test_joint_action_asks_for_its_scale_from_where_the_joint_is(name, rng):
    robot = load_robot(name)
    worlds, handles = wide_postures(make_scene(robot, REACH), rng)
    action = rng.uniform(-1, 1, (N_POSTURES, robot.n_joints))
    joints, state = sense(worlds, handles)
    expected = np.clip(joints.pos + robot.action.scale * action, *handles.arm_range.T)
    np.testing.assert_allclose(make_controller(robot, handles).targets(action, joints, state), expected)


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


@pytest.mark.parametrize("name", CARTESIAN)
@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("sign", [-1, 1])
def test_cartesian_action_moves_the_tool_as_asked(name, axis, sign):
    env = make_vec_env(load_robot(name), REACH, n_envs=4, seed=0, n_threads=1)
    action = np.zeros((4, env.action_signature.size))
    action[:, axis] = 0.4 * sign
    n_steps, asked = 8, 0.4 * sign * env.robot.action.position_scale
    start = env.cell.state.tool_pos_w.copy()
    for _ in range(n_steps):
        env.step(action)
    moved = (env.cell.state.tool_pos_w - start) / n_steps
    # The servo starts late and is asked anew from where the joints are: it never quite gets there.
    share = moved[:, axis] / asked
    assert ((share > 0.4) & (share < 1.1)).all(), f"moved {share} of what was asked"
    aside = np.linalg.norm(np.delete(moved, axis, axis=1), axis=1) / abs(asked)
    assert (aside < 0.15).all(), f"moved {aside} sideways"
    env.close()


@pytest.mark.parametrize("name", CARTESIAN)
def test_cartesian_tool_keeps_pointing_down(name, rng):
    env = make_vec_env(load_robot(name), REACH, n_envs=8, seed=0, n_threads=1)
    for _ in range(30):
        env.step(rng.uniform(-1, 1, (8, env.action_signature.size)))
    tilt = np.rad2deg(np.arccos(-env.cell.state.tool_rot_w[:, 2, 2]))
    assert tilt.max() < 15, f"tilted by {tilt.round(1)} degrees"
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
    assert closed < 0.005
    env.close()
