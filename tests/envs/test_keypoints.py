"""Corners in a picture: against OpenCV, against hand arithmetic, and against pictures that were drawn."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.keypoints import CORNERS, HAND_LENGTH, HAND_RADIUS, SIGNS, detect_corners, split_corners
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.specs.projection import camera_axes, camera_matrix, project, seen_by
from hacpo_robot.specs.rotation import matrix_of_quaternion
from hacpo_robot.specs.sensor import CameraSpec, SensorSpec
from hacpo_robot.specs.terms import TaskState

PANDA, LIFT = load_robot("panda"), load_task("lift")
HALF = LIFT.boxes[0].half_size
FRONT = CameraSpec(name="front", pos=(0.7, 0.5, 1.3), target=(0, 0, 0.9), fovy=30, width=640, height=480)
SIDE = CameraSpec(name="side", pos=(0.2, -0.7, 1.4), target=(0, 0, 0.9), fovy=25, width=500, height=400)
ABOVE = CameraSpec(name="above", pos=(0.0, 0.0, 1.8), target=(0, 0, 0.8), fovy=40, width=101, height=81)
CAMERAS = pytest.mark.parametrize("camera", [FRONT, SIDE, ABOVE], ids=lambda camera: camera.name)


def rotations(rng, n):
    quat = rng.normal(size=(n, 4))
    return matrix_of_quaternion(quat / np.linalg.norm(quat, axis=-1, keepdims=True))


def cube_at(pos, rot=None, tool=(0.0, 0.0, 3.0)):
    """Worlds with one cube and an upright tool, out of sight where no place is given."""
    pos = np.atleast_2d(np.array(pos, float))
    n = len(pos)
    return TaskState(
        tool_pos_w=np.tile(tool, (n, 1)).astype(float),
        tool_rot_w=np.tile(np.diag([1.0, -1.0, -1.0]), (n, 1, 1)),
        tool_vel_w=np.zeros((n, 3)),
        gripper_width=np.zeros((n, 1)),
        gripper_command=np.zeros((n, 1)),
        object_pos_w=pos[:, None],
        object_rot_w=(np.tile(np.eye(3), (n, 1, 1)) if rot is None else rot)[:, None],
        object_vel_w=np.zeros((n, 1, 3)),
        touch=np.zeros((n, 1, 2)),
        contact=np.zeros((n, 1, 1)),
        fixture_joints=np.zeros((n, 0)),
        goal_pos_w=np.zeros((n, 3)),
    )


def corners_of(state):
    rot, pos = state.object_rot_w[:, 0], state.object_pos_w[:, 0]
    return np.array([[r @ (sides * HALF) + p for sides in SIGNS] for r, p in zip(rot, pos, strict=True)])


def detect(camera, state):
    return split_corners(detect_corners(camera, HALF, state, 0))


# -- projection --------------------------------------------------------------------------------------


@CAMERAS
def test_projection_is_opencvs(camera, rng):
    points = rng.uniform((-0.3, -0.3, 0.8), (0.3, 0.3, 1.2), (50, 3))
    world_to_camera = camera_axes(camera).T
    turn, shift = cv2.Rodrigues(world_to_camera)[0], -world_to_camera @ camera.pos
    expected, _ = cv2.projectPoints(points, turn, shift, camera_matrix(camera), None)
    np.testing.assert_allclose(project(camera, seen_by(camera, points)), expected[:, 0], atol=1e-6)


def test_a_corner_lies_where_hand_arithmetic_puts_it():
    # 1 m above a point of the table, 90 degrees high, 101 x 81 pixels: 40.5 pixels per metre and metre
    # of depth, the middle pixel is (50, 40). World x points up in the picture, world y to the left.
    camera = replace(ABOVE, pos=(0.0, 0.0, 1.8), fovy=90)
    pixels, visible = detect(camera, cube_at((0.1, 0.2, 0.821)))
    corner = CORNERS.index("ppp")
    assert visible[0, corner]
    depth = 1.8 - 0.842
    expected = 50 - 40.5 * 0.221 / depth, 40 - 40.5 * 0.121 / depth
    np.testing.assert_allclose(pixels[0, corner], expected)


@CAMERAS
def test_the_picture_is_upright_and_centred_on_the_target(camera):
    axes = camera_axes(camera)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1)
    assert axes[2, 0] == pytest.approx(0), "the horizon is not level"
    assert axes[2, 1] <= 0, "the picture is upside down"
    centre = project(camera, seen_by(camera, np.array(camera.target)))
    np.testing.assert_allclose(centre, [(camera.width - 1) / 2, (camera.height - 1) / 2], atol=1e-9)


@pytest.mark.parametrize("wrong", [{"target": (0.7, 0.5, 1.3)}, {"fovy": 0.0}, {"fovy": 180.0}, {"width": 0}])
def test_what_no_camera_can_be_is_refused(wrong):
    with pytest.raises(InvalidSpecError, match="camera 'front'"):
        replace(FRONT, **wrong)


# -- what is visible ---------------------------------------------------------------------------------


@CAMERAS
def test_visible_corners_are_where_their_projection_is(camera, rng):
    state = cube_at(rng.uniform((-0.1, -0.1, 0.83), (0.1, 0.1, 0.95), (30, 3)), rotations(rng, 30))
    pixels, visible = detect(camera, state)
    expected = project(camera, seen_by(camera, corners_of(state)))
    assert visible.sum() > 100
    np.testing.assert_allclose(pixels[visible], expected[visible], atol=1e-9)


@CAMERAS
def test_a_corner_is_hidden_where_its_box_is_in_front_of_it(camera, rng):
    state = cube_at(rng.uniform((-0.05, -0.05, 0.85), (0.05, 0.05, 0.95), (30, 3)), rotations(rng, 30))
    _, visible = detect(camera, state)
    eye, share = np.array(camera.pos), np.linspace(0.0, 1.0, 4000)[:-1, None]
    for corners, rot, pos, seen in zip(
        corners_of(state), state.object_rot_w[:, 0], state.object_pos_w[:, 0], visible, strict=True
    ):
        for corner, sees in zip(corners, seen, strict=True):
            sight = (eye + share * (corner - eye) - pos) @ rot
            blocked = (np.abs(sight) < np.array(HALF) * 0.999).all(axis=-1).any()
            assert sees != blocked


def test_a_cube_on_the_table_shows_seven_corners_to_a_camera_that_sees_three_faces():
    _, visible = detect(FRONT, cube_at((0.0, 0.0, 0.821)))
    hidden = [CORNERS[k] for k in np.flatnonzero(~visible[0])]
    assert hidden == ["nnn"]  # the camera stands at positive x, y and z


@pytest.mark.parametrize(
    "place", [(1.4, 1.0, 1.7), (0.0, 2.0, 0.8), (0.0, 0.0, -5.0)], ids=["behind", "beside", "below"]
)
def test_a_cube_out_of_the_picture_is_told_as_the_middle_of_the_picture(place):
    pixels, visible = detect(FRONT, cube_at(place))
    assert not visible.any()
    np.testing.assert_array_equal(pixels, np.broadcast_to([319.5, 239.5], (1, 8, 2)))


def test_the_hand_hides_what_its_rod_crosses(rng):
    state = cube_at(rng.uniform((-0.1, -0.1, 0.83), (0.1, 0.1, 0.9), (80, 3)), rotations(rng, 80))
    tool = replace(state, tool_pos_w=rng.uniform((0, 0, 0.85), (0.2, 0.15, 1.0), (80, 3)))
    tool = replace(tool, tool_rot_w=rotations(rng, 80))
    _, before = detect(FRONT, state)
    _, after = detect(FRONT, tool)
    eye, share = np.array(FRONT.pos), np.linspace(0.0, 1.0, 800)[:, None]
    for w, corners in enumerate(corners_of(state)):
        rod = tool.tool_pos_w[w] - HAND_LENGTH * np.linspace(0, 1, 40)[:, None] * tool.tool_rot_w[w, :, 2]
        for k, corner in enumerate(corners):
            sight = eye + share * (corner - eye)
            gap = np.linalg.norm(sight[:, None] - rod, axis=-1).min()
            if abs(gap - HAND_RADIUS) > 1e-3:  # the samples are about 1 mm apart
                assert after[w, k] == (before[w, k] and gap > HAND_RADIUS)
    assert 20 < (before & ~after).sum() < before.sum() - 20


def test_a_hidden_corner_leaks_nothing():
    turned = matrix_of_quaternion(np.array([[np.cos(0.3), 0.0, 0.0, np.sin(0.3)]]))
    pixels, visible = detect(FRONT, cube_at((0.0, 0.0, 0.821), turned))
    assert 0 < visible.sum() < 8
    np.testing.assert_allclose(
        pixels[~visible], np.broadcast_to(pixels[visible].mean(0), (8 - visible.sum(), 2))
    )


def test_keypoints_are_two_fields_per_box_and_camera(rng):
    sensors = tuple(SensorSpec(quantity="object_keypoints", camera=c, name=c.name) for c in (FRONT, SIDE))
    env = make_vec_env(replace(PANDA, sensors=sensors), LIFT, n_envs=3, seed=0, n_threads=1)
    names = [f"{camera}_cube_{what}" for camera in ("front", "side") for what in ("keypoints", "visible")]
    assert list(env.observation_signature.names) == names == list(env.world_names)
    assert env.observation_space.contains(env.reset()[0])
    for _ in range(10):
        seen = env.step(rng.uniform(-1, 1, (3, env.action_space.shape[0])))[0]
        np.testing.assert_allclose(env.sense_world(*env.hub_state()), seen, atol=1e-4)  # told as float32
    env.close()


# -- against pictures --------------------------------------------------------------------------------

DRAWN = (FRONT, SIDE)
N_POSES = 6


def tumbled_cubes(rng, n):
    """An environment whose cubes hang in the air, turned at random."""
    sensors = tuple(SensorSpec(quantity="object_keypoints", camera=c, name=c.name) for c in DRAWN)
    env = make_vec_env(replace(PANDA, sensors=sensors), LIFT, n_envs=n, seed=0, n_threads=1)
    qpos, first = env.cell.worlds.qpos.copy(), env.cell.handles.box_qpos[0]
    qpos[:, first : first + 3] = rng.uniform((-0.05, -0.05, 0.84), (0.1, 0.1, 0.92), (n, 3))
    quat = rng.normal(size=(n, 4))
    qpos[:, first + 3 : first + 7] = quat / np.linalg.norm(quat, axis=-1, keepdims=True)
    env.cell.worlds.place(np.arange(n), qpos)
    env.set_state(env.get_state())
    return env


def draw(env, folder):
    """Pictures of all worlds, drawn by a process that may use OpenGL."""
    np.savez(folder / "worlds.npz", qpos=env.cell.worlds.qpos, mocap=env.cell.worlds.mocap)
    script = (
        "import sys, numpy as np\n"
        "from tests.envs.test_keypoints import DRAWN, LIFT, PANDA\n"
        "from hacpo_robot.sim.camera import CameraRig\n"
        "from hacpo_robot.sim.scene import make_scene\n"
        "worlds = np.load('worlds.npz')\n"
        "rig = CameraRig(make_scene(PANDA, LIFT, visual=True), DRAWN)\n"
        "np.savez('pictures.npz', **rig.draw(worlds['qpos'], worlds['mocap']))\n"
        "rig.close()\n"
    )
    root = Path(__file__).parents[2]
    surroundings = os.environ | {"MUJOCO_GL": "egl", "PYTHONPATH": str(root)}
    subprocess.run([sys.executable, "-c", script], cwd=folder, env=surroundings, check=True)
    return np.load(folder / "pictures.npz")


def outline_in_picture(picture):
    """Corners of the red silhouette, as OpenCV finds them: where its sides meet. Shape (k, 2)."""
    red = picture.astype(int)
    mask = (red[..., 0] - red[..., 1:].max(axis=-1) > 40).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=cv2.contourArea)
    rough = cv2.approxPolyDP(cv2.convexHull(contour), 1.5, closed=True)[:, 0].astype(float)
    sides = [side_line(contour[:, 0], *ends) for ends in zip(rough, np.roll(rough, -1, axis=0), strict=True)]
    pairs = zip(sides[-1:] + sides[:-1], sides, strict=True)
    return np.array([np.linalg.solve(*map(np.array, zip(*pair, strict=True))) for pair in pairs])


def side_line(contour, start, end):
    """Normal and offset of the line through the contour between two rough corners."""
    length = np.linalg.norm(end - start)
    along = (end - start) / length
    share, height = (contour - start) @ along / length, (contour - start) @ [-along[1], along[0]]
    near = contour[(share > 0.15) & (share < 0.85) & (np.abs(height) < 2.5)].astype(np.float32)
    x, y, *point = cv2.fitLine(near, cv2.DIST_L2, 0, 0.01, 0.01)[:, 0]
    return (-y, x), np.dot((-y, x), point)


def sharp(polygon, least):
    """Those corners of a polygon that stand out from the line between their neighbours [pixels]."""
    before, after = np.roll(polygon, 1, axis=0), np.roll(polygon, -1, axis=0)
    along = (after - before) / np.linalg.norm(after - before, axis=-1, keepdims=True)
    height = np.abs(along[:, 0] * (polygon - before)[:, 1] - along[:, 1] * (polygon - before)[:, 0])
    return polygon[height > least]


def depth_at_surface(camera, pos, rot):
    """Distance, along the optical axis, at which the line of sight to a cube's centre enters it."""
    direction = (pos - camera.pos) @ rot
    entry = max(1 - half / abs(part) for half, part in zip(HALF, direction, strict=True))
    return entry * seen_by(camera, pos)[2]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Cubes in the air, and what the cameras see of them."""
    env = tumbled_cubes(np.random.default_rng(7), N_POSES)
    yield env, draw(env, tmp_path_factory.mktemp("pictures"))
    env.close()


@pytest.mark.slow
@pytest.mark.parametrize("camera", DRAWN, ids=lambda camera: camera.name)
def test_pictures_show_the_cube_where_the_keypoints_are(drawn, camera):
    env, pictures = drawn
    fields = env.observation_signature.split(env.cell.observe())
    assert pictures[f"{camera.name}_rgb"].shape == (N_POSES, camera.height, camera.width, 3)
    gaps = []
    for w in range(N_POSES):
        visible = fields[f"{camera.name}_cube_visible"][w] > 0.5
        corners = fields[f"{camera.name}_cube_keypoints"][w].reshape(8, 2)[visible]
        told = cv2.convexHull(corners.astype(np.float32))[:, 0]
        seen = outline_in_picture(pictures[f"{camera.name}_rgb"][w])
        for some, others in ((sharp(seen, 6), told), (sharp(told, 6), seen)):
            gaps += np.linalg.norm(some[:, None] - others, axis=-1).min(axis=1).tolist()
    assert len(gaps) > 8 * N_POSES
    assert max(gaps) < 2.0


@pytest.mark.slow
@pytest.mark.parametrize("camera", DRAWN, ids=lambda camera: camera.name)
def test_depth_pictures_measure_the_distance_of_the_cube(drawn, camera):
    env, pictures = drawn
    state, depth = env.cell.state, pictures[f"{camera.name}_depth"]
    assert depth.dtype == np.float32
    for w in range(N_POSES):
        pos, rot = state.object_pos_w[w, 0], state.object_rot_w[w, 0]
        u, v = np.round(project(camera, seen_by(camera, pos))).astype(int)
        assert depth[w, v, u] == pytest.approx(depth_at_surface(camera, pos, rot), abs=0.002)
