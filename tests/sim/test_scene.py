"""One compiled model per robot and task."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task, robot_names
from hacpo_robot.errors import HacpoError, InvalidSpecError
from hacpo_robot.paths import asset
from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.scene import TIMESTEP, make_scene
from hacpo_robot.sim.worlds import Worlds

ROBOTS = robot_names()
LIFT = load_task("lift")


def trajectory(scene, controls):
    worlds = Worlds([scene.model] * 1, substeps=10, n_threads=1)
    handles = Handles.of(scene)
    start = worlds.default_qpos
    start[handles.arm_qpos] = scene.robot.arm.home
    worlds.place(np.array([0]), start[None])
    seen = []
    for control in controls:
        assert not worlds.step(control[None]).any()
        seen.append(np.concatenate([worlds.qpos[0], worlds.sensors[0]]))
    worlds.close()
    return np.array(seen)


@pytest.mark.parametrize("name", ROBOTS)
def test_visual_and_plain_scene_move_alike(name, rng):
    robot = load_robot(name)
    plain, visual = make_scene(robot, LIFT), make_scene(robot, LIFT, visual=True)
    assert visual.model.ngeom > plain.model.ngeom
    home = np.zeros(plain.model.nu)
    home[Handles.of(plain).arm_ctrl] = robot.arm.home
    controls = home + rng.uniform(-0.3, 0.3, (40, plain.model.nu))
    # Bodies are ordered differently, so sums round differently: equal but for rounding.
    np.testing.assert_allclose(trajectory(visual, controls), trajectory(plain, controls), atol=1e-9)


@pytest.mark.parametrize("name", ROBOTS)
def test_compiled_arm_has_the_limits_of_its_model_file(name):
    robot = load_robot(name)
    scene = make_scene(robot, LIFT)
    source = mujoco.MjModel.from_xml_path(str(asset(robot.arm.mjcf)))
    ranges, torques = [], []
    for joint in robot.arm.joints:
        limited = source.jnt_limited[source.joint(joint).id]
        ranges.append(source.joint(joint).range if limited else (-np.inf, np.inf))
        motor = np.flatnonzero(source.actuator_trnid[:, 0] == source.joint(joint).id)[0]
        torques.append(source.actuator_ctrlrange[motor])
    handles = Handles.of(scene)
    np.testing.assert_allclose(handles.arm_range, ranges)
    np.testing.assert_allclose(scene.model.actuator_forcerange[handles.arm_ctrl], torques)


@pytest.mark.parametrize("name", ROBOTS)
def test_scene_holds_one_servo_per_joint_besides_the_gripper(name):
    robot = load_robot(name)
    model = make_scene(robot, LIFT).model
    assert model.nu == robot.n_joints + len(robot.gripper.finger_joints)
    assert model.opt.timestep == TIMESTEP
    driven = [model.joint(model.actuator(f"robot/{j}").trnid[0]).name for j in robot.arm.joints]
    assert driven == [f"robot/{joint}" for joint in robot.arm.joints]


@pytest.mark.parametrize("name", ROBOTS)
def test_home_lies_inside_the_joint_limits(name):
    robot = load_robot(name)
    low, high = Handles.of(make_scene(robot, LIFT)).arm_range.T
    assert (low < robot.arm.home).all()
    assert (robot.arm.home < high).all()


def test_unknown_hand_body_is_refused():
    robot = load_robot("panda")
    with pytest.raises(InvalidSpecError, match="no body 'left_hand'"):
        make_scene(replace(robot, arm=replace(robot.arm, hand_body="left_hand")), LIFT)


def test_missing_model_file_is_answered_with_the_places_searched():
    with pytest.raises(HacpoError, match=r"no model file 'arms/none\.xml' in .*sim_assets or .*sim_assets"):
        asset("arms/none.xml")


@pytest.mark.parametrize(
    ("actuator", "limit"),
    [
        ('<motor joint="joint1" ctrlrange="-140 140"/>', 140.0),
        ('<motor joint="joint1" ctrlrange="-1.4 1.4" gear="100"/>', 140.0),
        ('<motor joint="joint1" ctrlrange="-140 140" forcerange="-90 90"/>', 90.0),
        ('<position joint="joint1" kp="500" ctrlrange="-2.9 2.9" forcerange="-87 87"/>', 87.0),
        (
            '<general joint="joint1" gainprm="500" biastype="affine" biasprm="0 -500 -9" forcerange="-9 9"/>',
            9.0,
        ),
        ('<velocity joint="joint1" kv="5" ctrlrange="-3 3"/>', None),
        ('<motor joint="joint1"/>', None),
    ],
)
def test_an_arms_strength_is_what_its_actuator_can_exert(tmp_path, actuator, limit):
    scara = load_robot("scara")
    text = asset(scara.arm.mjcf).read_text()
    motor = '<motor name="motor1" joint="joint1" ctrlrange="-140 140"/>'
    assert motor in text
    (tmp_path / "arm.xml").write_text(text.replace(motor, actuator))
    robot = replace(scara, arm=replace(scara.arm, mjcf=str(tmp_path / "arm.xml")))
    if limit is None:
        with pytest.raises(InvalidSpecError, match="no torque limit for joint1; motors need a ctrlrange"):
            make_scene(robot, LIFT)
    else:
        scene = make_scene(robot, LIFT)
        assert scene.model.actuator_forcerange[Handles.of(scene).arm_ctrl[0], 1] == limit
