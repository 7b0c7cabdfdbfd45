"""Our own arms: published dimensions, what a scene asks of a part, looks that do not touch."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.paths import asset
from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.instruments import GRIPPER
from hacpo_robot.sim.parts import VISIBLE
from hacpo_robot.sim.scene import make_scene
from hacpo_robot.sim.worlds import Worlds

JAW_LENGTH = 0.1  # from the flange to the grip site
LIMITS_DEG = {
    "scara": [(-105, 105), (-157.5, 157.5), (0, 0.4), (-360, 360)],
    "wx250": [(-180, 180), (-108, 114), (-123, 92), (-100, 123), (-180, 180)],
    "ar4": [(-170, 170), (-42, 90), (-89, 52), (-165, 165), (-105, 105), (-155, 155)],
}
TORQUES = {
    "scara": [140, 70, 343, 18],
    "wx250": [4.1, 8.2, 8.2, 4.1, 1.5],
    "ar4": [20, 32, 16, 6, 5, 2.5],
}
OWN = tuple(LIMITS_DEG)
FILES = [*(f"arms/{name}.xml" for name in OWN), "grippers/jaws.xml"]
REACH = load_task("reach")


def scara_tool(q):
    """Tool in the frame of the base: two links in the plane, a quill that comes down."""
    elbow, wrist = q[0], q[0] + q[1]
    level = 0.425 * np.array([np.cos(elbow), np.sin(elbow)]) + 0.375 * np.array(
        [np.cos(wrist), np.sin(wrist)]
    )
    return np.append(level, 0.387 - q[2] - JAW_LENGTH)


def wx250_tool(q):
    """Tool in the frame of the base: everything in the vertical plane that the waist turns."""
    upper, fore, hand = np.cumsum(q[1:4])
    ahead = 0.25 * np.sin(upper) + 0.04975 * np.cos(upper)
    ahead += 0.25 * np.cos(fore) + (0.065 + JAW_LENGTH) * np.cos(hand)
    height = 0.11065 + 0.25 * np.cos(upper) - 0.04975 * np.sin(upper)
    height -= 0.25 * np.sin(fore) + (0.065 + JAW_LENGTH) * np.sin(hand)
    return np.array([ahead * np.cos(q[0]), ahead * np.sin(q[0]), height])


def ar4_tool(q):
    """Tool in the frame of the base, by the published Denavit-Hartenberg table (Craig's convention)."""
    twist = np.array([0, -1, 0, -1, 1, -1]) * np.pi / 2
    length = [0, 0.0642, 0.305, 0, 0, 0]
    offset = [0.16977, 0, 0, 0.22263, 0, 0.03625 + JAW_LENGTH]
    pose = np.eye(4)
    for i, angle in enumerate(q + np.array([0, -np.pi / 2, 0, 0, 0, np.pi])):
        ct, st, ca, sa = np.cos(angle), np.sin(angle), np.cos(twist[i]), np.sin(twist[i])
        pose = pose @ [
            [ct, -st, 0, length[i]],
            [st * ca, ct * ca, -sa, -sa * offset[i]],
            [st * sa, ct * sa, ca, ca * offset[i]],
            [0, 0, 0, 1],
        ]
    return pose[:3, 3]


TOOL = {"scara": scara_tool, "wx250": wx250_tool, "ar4": ar4_tool}


def posed(name, q, *, visual=False):
    """Model, data and tool site of a robot in a posture, fingers open."""
    scene = make_scene(load_robot(name), REACH, visual=visual)
    handles, data = Handles.of(scene), mujoco.MjData(scene.model)
    data.qpos[handles.arm_qpos] = q
    data.qpos[handles.finger_qpos] = scene.robot.gripper.finger_opened
    mujoco.mj_forward(scene.model, data)
    return scene.model, data, data.site(GRIPPER + scene.robot.gripper.tool_site)


@pytest.mark.parametrize("name", OWN)
def test_tool_is_where_the_published_dimensions_put_it(name, rng):
    low, high = Handles.of(make_scene(load_robot(name), REACH)).arm_range.T
    for _ in range(20):
        q = rng.uniform(low, high)
        _, _, tool = posed(name, q)
        expected = TOOL[name](q) + load_robot(name).arm.base_pos
        np.testing.assert_allclose(tool.xpos, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "q", "reach"),
    [
        ("scara", (0, 0, 0, 0), 0.8),
        ("wx250", (0, np.pi / 2, -np.pi / 2, 0, 0), 0.25 + 0.25 + 0.065 + JAW_LENGTH),
        ("ar4", (0, np.pi / 2, -np.pi / 2, 0, 0, 0), 0.0642 + 0.305 + 0.22263 + 0.03625 + JAW_LENGTH),
    ],
)
def test_stretched_arm_reaches_as_far_as_published(name, q, reach):
    _, _, tool = posed(name, q)
    assert tool.xpos[0] - load_robot(name).arm.base_pos[0] == pytest.approx(reach, abs=1e-3)


@pytest.mark.parametrize("name", OWN)
def test_joint_limits_are_the_published_ones(name):
    handles = Handles.of(make_scene(load_robot(name), REACH))
    slides = handles.arm_slides[:, None]
    limits = np.where(slides, handles.arm_range, np.rad2deg(handles.arm_range))
    np.testing.assert_allclose(limits, LIMITS_DEG[name], atol=2e-2)


@pytest.mark.parametrize("name", OWN)
def test_servos_are_as_strong_as_the_motors(name):
    scene = make_scene(load_robot(name), REACH)
    torques = scene.model.actuator_forcerange[Handles.of(scene).arm_ctrl]
    np.testing.assert_allclose(torques, np.outer(TORQUES[name], [-1, 1]))


@pytest.mark.parametrize("file", FILES)
def test_model_is_made_of_primitives_and_only_fingers_collide(file):
    model = mujoco.MjModel.from_xml_path(str(asset(file)))
    assert model.nmesh == model.ntex == 0
    solid = (model.geom_contype | model.geom_conaffinity) > 0
    named = {model.geom(i).name for i in np.flatnonzero(solid)}
    fingers = {"left_finger", "left_pad", "right_finger", "right_pad"}
    assert named == (fingers if file.startswith("grippers") else set())
    assert ((model.geom_group == VISIBLE) == ~solid).all()


@pytest.mark.parametrize("file", FILES)
def test_explicit_inertias_are_those_of_the_geoms(file):
    spec = mujoco.MjSpec.from_file(str(asset(file)))
    written = spec.compile()
    spec.compiler.inertiafromgeom = mujoco.mjtInertiaFromGeom.mjINERTIAFROMGEOM_TRUE
    computed = spec.compile()
    moving = written.body_weldid > 0
    if file.startswith("grippers"):
        moving[1:] = True  # the hand hangs on an arm
    for field, tolerance in (("body_mass", 1e-9), ("body_ipos", 1e-6), ("body_inertia", 1e-8)):
        theirs, ours = getattr(written, field)[moving], getattr(computed, field)[moving]
        np.testing.assert_allclose(theirs, ours, rtol=1e-4, atol=tolerance)


@pytest.mark.parametrize("name", OWN)
def test_home_holds_the_tool_upright_over_the_table(name):
    robot = load_robot(name)
    _, data, tool = posed(name, robot.arm.home)
    np.testing.assert_allclose(tool.xpos, [-0.12, 0.0, 1.0], atol=1e-3)
    axes = tool.xmat.reshape(3, 3)
    np.testing.assert_allclose(axes[:, 2], [0, 0, -1], atol=1e-3)
    left, right = (data.geom(f"{GRIPPER}{side}_pad").xpos for side in ("left", "right"))
    apart = left - right
    assert abs(apart[1]) > 0.09, "the fingers close along the world's y axis"
    np.testing.assert_allclose(apart[[0, 2]], 0, atol=1e-3)
    np.testing.assert_allclose((left + right)[:2] / 2, tool.xpos[:2], atol=1e-6)
    assert data.ncon == 0


@pytest.mark.parametrize("name", OWN)
def test_home_is_free_of_collisions_even_of_the_shapes_that_only_cameras_see(name):
    robot = load_robot(name)
    model, data, _ = posed(name, robot.arm.home, visual=True)
    solid = np.array([model.geom(i).name != "floor" for i in range(model.ngeom)])
    solid &= model.geom_bodyid != model.body("goal").id
    model.geom_contype[:] = model.geom_conaffinity[:] = solid
    model.body_contype[:] = model.body_conaffinity[:] = 1
    mujoco.mj_forward(model, data)
    pairs = {tuple(model.geom_bodyid[c.geom]) for c in data.contact}
    parent = model.body_parentid
    apart = [(a, b) for a, b in pairs if parent[a] != b and parent[b] != a]
    touching = [(model.body(a).name, model.body(b).name) for a, b in apart]
    assert not touching


@pytest.mark.parametrize("width", [0.01, 0.05, 0.09])
def test_jaws_open_as_far_as_their_spec_says(width):
    robot = load_robot("wx250")
    scene = make_scene(robot, REACH)
    handles, data = Handles.of(scene), mujoco.MjData(scene.model)
    data.qpos[handles.arm_qpos] = robot.arm.home
    data.qpos[handles.finger_qpos] = np.array(robot.gripper.finger_opened) * width / robot.gripper.max_width
    mujoco.mj_forward(scene.model, data)
    left, right = (scene.model.geom(f"{GRIPPER}{side}_pad").id for side in ("left", "right"))
    gap = mujoco.mj_geomDistance(scene.model, data, left, right, 1.0, None)
    assert gap == pytest.approx(width, abs=1e-6)


@pytest.mark.parametrize("name", OWN)
def test_servos_settle_without_ringing(name):
    robot = load_robot(name)
    scene = make_scene(robot, REACH)
    handles = Handles.of(scene)
    worlds = Worlds([scene.model] * robot.n_joints, substeps=1, n_threads=1)
    qpos = np.tile(worlds.default_qpos, (robot.n_joints, 1))
    qpos[:, handles.arm_qpos] = robot.arm.home
    worlds.place(np.arange(robot.n_joints), qpos)
    step = np.where(handles.arm_slides, 0.02, 0.06)
    controls = np.zeros((robot.n_joints, scene.model.nu))
    controls[:, handles.arm_ctrl] = robot.arm.home + np.diag(step)
    covered = []
    for _ in range(100):
        worlds.step(controls)
        covered.append((np.diagonal(worlds.qpos[:, handles.arm_qpos]) - robot.arm.home) / step)
    worlds.close()
    assert (np.max(covered, axis=0) < 1.02).all(), "overshoots by more than 2 %"
    np.testing.assert_allclose(covered[-1], 1.0, atol=0.02)


def test_armature_of_the_arm_spec_is_the_least_of_every_joint():
    robot = load_robot("wx250")
    heavy = replace(robot, arm=replace(robot.arm, armature=0.07))
    for spec, least in ((robot, robot.arm.armature), (heavy, 0.07)):
        model = make_scene(spec, REACH).model
        dofs = [model.joint(f"robot/{joint}").dofadr[0] for joint in spec.arm.joints]
        np.testing.assert_allclose(model.dof_armature[dofs], least)
