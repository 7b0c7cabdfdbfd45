"""Every gripper, on one arm: opens, closes, tells its width, holds a cube; and on every arm it compiles."""

import copy
from dataclasses import replace

import mujoco
import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task, robot_names
from hacpo_robot.envs.expert import ScriptedExpert, tool_action
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.envs.workcell import CONTROL_HZ
from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.robots import grippers
from hacpo_robot.sim.gripper_model import load_gripper
from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.instruments import GRIPPER
from hacpo_robot.sim.scene import make_scene
from hacpo_robot.specs.robot import Coupling, GripperSpec

GRIPPERS = {name: getattr(grippers, name) for name in grippers.__all__}
PANDA, LIFT, REACH = load_robot("panda"), load_task("lift"), load_task("reach")
N_ENVS = 8


def on_panda(gripper: GripperSpec, task, n_envs=1):
    return make_vec_env(replace(PANDA, gripper=gripper), task, n_envs=n_envs, seed=3, n_threads=1)


def command(env, gripper, n_steps):
    """The arm stands still, the gripper is told an opening in [-1, 1]."""
    action = np.zeros((env.num_envs, env.action_signature.size))
    action[:, -1] = gripper
    for _ in range(n_steps):
        env.cell.step(action)


def posed(env, world=0):
    """MuJoCo's own data of one world."""
    model = copy.copy(env.cell.scene.model)
    # The native routine of MuJoCo 3.9 returns 0 for some pairs of parallel boxes.
    model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_NATIVECCD
    data = mujoco.MjData(model)
    data.qpos[:] = env.cell.worlds.qpos[world]
    mujoco.mj_forward(data.model, data)
    return data


def pad_ids(model, gripper):
    return [
        [model.geom(GRIPPER + pad).id for pad in side] for side in (gripper.left_pads, gripper.right_pads)
    ]


def gap(data, gripper):
    """Least distance between the pads of both sides [m]."""
    left, right = pad_ids(data.model, gripper)
    pairs = [(one, other) for one in left for other in right]
    return min(mujoco.mj_geomDistance(data.model, data, *pair, 1.0, None) for pair in pairs)


def fingers_along_x(data, gripper):
    """Offset between the sides' pads in the tool frame, as a direction."""
    left, right = ([data.geom_xpos[pad] for pad in side] for side in pad_ids(data.model, gripper))
    offset = np.mean(left, axis=0) - np.mean(right, axis=0)
    tool = data.site(GRIPPER + gripper.tool_site).xmat.reshape(3, 3)
    return offset @ tool / np.linalg.norm(offset)


@pytest.fixture(params=GRIPPERS)
def gripper(request):
    return GRIPPERS[request.param]


# -- as parts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("arm", robot_names())
def test_any_arm_carries_any_gripper(arm, gripper):
    robot = replace(load_robot(arm), gripper=gripper)
    model = make_scene(robot, REACH).model
    joints = [model.joint(i).name for i in range(model.njnt)]
    assert joints[: robot.n_joints] == [f"robot/{joint}" for joint in robot.arm.joints]
    assert set(joints[robot.n_joints :]) == {GRIPPER + joint for joint in gripper.open_posture}
    assert model.nu == robot.n_joints + len(gripper.finger_joints)
    assert model.neq == len(gripper.couplings)


def test_fingers_move_along_x_of_the_tool_frame(gripper):
    env = on_panda(gripper, REACH)
    along = fingers_along_x(posed(env), gripper)
    assert np.abs(along[0]) > 0.99, f"along {along.round(2)} of the tool frame"


def test_gripper_touches_the_cube_and_never_itself(gripper):
    model = make_scene(replace(PANDA, gripper=gripper), LIFT).model
    own = [geom for geom in range(model.ngeom) if model.geom_contype[geom] == 2]
    assert set(np.concatenate(pad_ids(model, gripper))) <= set(own)
    may_touch = lambda a, b: bool(model.geom_contype[a] & model.geom_conaffinity[b])  # noqa: E731
    assert not any(may_touch(one, other) for one in own for other in own)
    for solid in ("cube", "table"):
        assert all(may_touch(model.geom(solid).id, geom) for geom in own)
    for pad in np.concatenate(pad_ids(model, gripper)):
        assert model.geom_friction[pad, 0] >= 1
        assert model.geom_condim[pad] >= 4
    assert not model.geom_priority.any(), "friction of the object would not count"


def test_angles_without_a_unit_are_radians():
    """robosuite's file names no unit; MuJoCo alone would take its 0.8 for degrees."""
    model = load_gripper(grippers.ROBOTIQ_85).compile()
    assert model.joint("finger_joint").range[1] == pytest.approx(0.8)


# -- motion ----------------------------------------------------------------------------------------


def test_opens_wide_and_closes_within_half_a_second(gripper):
    env = on_panda(gripper, REACH)
    assert gap(posed(env), gripper) == pytest.approx(gripper.max_width, abs=0.002)
    seconds = 0.0
    while env.cell.state.gripper_width[0, 0] > gripper.min_width + 0.05 * gripper.stroke:
        command(env, -1.0, 1)
        seconds += 1 / CONTROL_HZ
        assert seconds < 0.5
    assert seconds > 0.2
    command(env, -1.0, 10)
    assert gap(posed(env), gripper) == pytest.approx(gripper.min_width, abs=0.003)
    command(env, 1.0, 15)
    assert gap(posed(env), gripper) == pytest.approx(gripper.max_width, abs=0.002)


def test_closes_without_bouncing(gripper):
    env = on_panda(gripper, REACH)
    command(env, -1.0, 15)
    positions = []
    for _ in range(20):
        command(env, -1.0, 1)
        positions.append(env.cell.state.gripper_width[0, 0])
    assert np.ptp(positions) < 1e-4
    assert posed(env).ncon == 0


def test_width_is_the_distance_between_the_pads(gripper):
    env = on_panda(gripper, REACH)
    for opening in np.linspace(-1.0, 1.0, 9):
        command(env, opening, 15)
        told, true = env.cell.state.gripper_width[0, 0], gap(posed(env), gripper)
        assert told == pytest.approx(true, abs=0.003), f"at opening {opening}"


def test_both_sides_move_together_and_stay_parallel(gripper):
    env = on_panda(gripper, REACH)
    left, right = (side[0] for side in pad_ids(env.cell.scene.model, gripper))
    start = posed(env)
    for opening in (0.5, -0.5):
        command(env, opening, 15)
        data = posed(env)
        site = data.site(GRIPPER + gripper.tool_site)
        turns = []
        for pad in (left, right):
            before = start.site(GRIPPER + gripper.tool_site).xmat.reshape(3, 3).T @ start.geom_xmat[
                pad
            ].reshape(3, 3)
            now = site.xmat.reshape(3, 3).T @ data.geom_xmat[pad].reshape(3, 3)
            turns.append(np.arccos(np.clip((np.trace(before.T @ now) - 1) / 2, -1.0, 1.0)))
        assert max(turns) < 0.02, f"pads turned by {turns}"


# -- holding ---------------------------------------------------------------------------------------


def holding(gripper):
    """Worlds in which the expert has lifted the cube."""
    env = on_panda(gripper, LIFT, N_ENVS)
    expert = ScriptedExpert(env.cell)
    for _ in range(85):
        env.cell.step(expert.act())
    assert LIFT.success(env.cell.state).all()
    return env


def test_holds_a_cube_while_the_arm_moves_at_full_speed(gripper, rng):
    env = holding(gripper)
    cell, still, up = env.cell, np.zeros((N_ENVS, 3)), np.tile([0.0, 0.0, 0.03], (N_ENVS, 1))
    for _ in range(15):
        cell.step(tool_action(cell, up, still, -np.ones(N_ENVS)))
    start, speed, shake = tool_frame_offset(cell.state), 0.0, np.zeros(0)
    for step in range(2 * CONTROL_HZ):
        if step % 8 == 0:
            shake = np.sign(rng.uniform(-1, 1, (N_ENVS, env.action_signature.size)))
        action = shake if step % 8 < 4 else -shake
        action[:, -1] = -1.0
        cell.step(action)
        speed = max(speed, np.linalg.norm(cell.state.tool_vel_w, axis=-1).max())
        slip = np.linalg.norm(tool_frame_offset(cell.state) - start, axis=-1).max()
        # MuJoCo's friction is soft and creeps, here by up to 6 mm.
        assert slip < 0.009, f"step {step}: the cube slipped by {1000 * slip:.1f} mm"
        assert cell.state.touch[:, 0].all(), f"step {step}: a fingertip lost touch"
    assert speed > 0.8


def tool_frame_offset(state):
    """From tool to cube, in the tool frame. Shape (n, 3) [m]."""
    offset = state.object_pos_w[:, 0] - state.tool_pos_w
    return (state.tool_rot_w.swapaxes(-1, -2) @ offset[..., None])[..., 0]


def test_presses_with_the_force_of_the_spec(gripper):
    env = holding(gripper)
    model, force = env.cell.scene.model, []
    data = mujoco.MjData(model)
    full_physics = mujoco.mjtState.mjSTATE_FULLPHYSICS
    mujoco.mj_setState(model, data, env.cell.get_state()["physics"][0], full_physics)
    handles = Handles.of(env.cell.scene)
    data.ctrl[handles.arm_ctrl], data.ctrl[handles.gripper_ctrl] = (
        data.qpos[handles.arm_qpos],
        gripper.finger_closed,
    )
    for _ in range(100):
        mujoco.mj_step(model, data)
    fingers = data.site(GRIPPER + gripper.tool_site).xmat.reshape(3, 3)[:, 0]
    for index, contact in enumerate(data.contact):
        wrench = np.zeros(6)
        mujoco.mj_contactForce(model, data, index, wrench)
        force.append(contact.frame.reshape(3, 3).T @ wrench[:3] @ fingers)
        assert contact.dist > -0.002, "a finger is inside the cube"
    # Both sides press, so half of the sum; a linkage's lever changes over the stroke.
    assert np.abs(force).sum() / 2 == pytest.approx(gripper.force, rel=0.2)


# -- refusals --------------------------------------------------------------------------------------


def test_unequal_lists_are_refused():
    with pytest.raises(InvalidSpecError, match="one opened, one closed position per finger joint"):
        replace(grippers.XARM, finger_opened=(0.0, 0.0))


def test_a_coupling_to_a_joint_that_nothing_drives_is_refused():
    loose = (Coupling("finger_joint2", "finger_joint3", ratio=-1.0),)
    with pytest.raises(InvalidSpecError, match="nothing drives finger_joint3; driven: finger_joint1"):
        replace(grippers.FRANKA_HAND, couplings=loose)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"left_pads": ("pad",)}, "no geom pad in"),
        ({"finger_joints": ("thumb",), "couplings": ()}, "no joint thumb in"),
        ({"tool_site": "tip"}, "no site tip in"),
        ({"hollow_meshes": ("claw",)}, "no mesh claw in"),
    ],
)
def test_names_that_the_file_lacks_are_refused(change, words):
    with pytest.raises(InvalidSpecError, match=words):
        load_gripper(replace(grippers.FRANKA_HAND, **change))
