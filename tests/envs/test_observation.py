"""Every sensor against hand arithmetic from the state, one world at a time."""

from dataclasses import replace

import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task, robot_names
from hacpo_robot.envs.observation import Observer
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.errors import HacpoError
from hacpo_robot.sim.readout import JointState
from hacpo_robot.specs.rotation import matrix_of_quaternion
from hacpo_robot.specs.sensor import FRAMES, SensorSpec
from hacpo_robot.specs.terms import TaskState

N = 7
PANDA = load_robot("panda")
STACK, DOOR, REACH = (load_task(name) for name in ("stack", "open_door", "reach"))
GOAL_STACK = replace(STACK, goal=REACH.goal)
BODY_QUANTITIES = (
    "joint_pos", "joint_vel", "joint_effort", "tool_pos", "tool_rot", "tool_vel", "tool_angvel",
    "gripper_width", "gripper_command", "wrist_force", "wrist_torque",
)  # fmt: skip


def rotations(rng, *shape):
    quat = rng.normal(size=(*shape, 4))
    return matrix_of_quaternion(quat / np.linalg.norm(quat, axis=-1, keepdims=True))


@pytest.fixture
def state(rng):
    """Random, and nowhere near a bound."""
    return TaskState(
        tool_pos_w=rng.uniform(-0.3, 0.3, (N, 3)),
        tool_rot_w=rotations(rng, N),
        tool_vel_w=rng.uniform(-1, 1, (N, 3)),
        gripper_width=rng.uniform(0, 0.08, (N, 1)),
        gripper_command=rng.uniform(-1, 1, (N, 1)),
        object_pos_w=rng.uniform(-0.3, 0.3, (N, 2, 3)),
        object_rot_w=rotations(rng, N, 2),
        object_vel_w=rng.uniform(-1, 1, (N, 2, 3)),
        touch=rng.integers(0, 2, (N, 2, 2)).astype(float),
        contact=np.zeros((N, 2, 2)),
        fixture_joints=rng.uniform(-1, 1, (N, 2)),
        goal_pos_w=rng.uniform(-0.3, 0.3, (N, 3)),
    )


@pytest.fixture
def joints(rng):
    return random_joints(rng, PANDA.n_joints)


def random_joints(rng, n_joints):
    return JointState(
        pos=rng.uniform(-1.5, 1.5, (N, n_joints)),
        vel=rng.uniform(-1, 1, (N, n_joints)),
        effort=rng.uniform(-20, 20, (N, n_joints)),
        wrist_force=rng.uniform(-20, 20, (N, 3)),
        wrist_torque=rng.uniform(-2, 2, (N, 3)),
        tool_angvel_w=rng.uniform(-1, 1, (N, 3)),
        axis_w=np.zeros((N, n_joints, 3)),
        lever_w=np.zeros((N, n_joints, 3)),
        slides=np.zeros(n_joints, bool),
    )


def sense(state, joints, sensor, robot=PANDA, task=GOAL_STACK):
    """The fields of a robot that has one sensor."""
    observer = Observer(replace(robot, sensors=(sensor,)), task)
    return observer.signature.split(observer.observe(state, joints))


def first_columns(matrix):
    return [*matrix[:, 0], *matrix[:, 1]]


# -- the robot's own body ----------------------------------------------------------------------------


def expected_body(quantity, frame, state, joints, i):
    """What one world's sensor says, from the definition of the quantity."""
    axes = state.tool_rot_w[i] if frame == "tool" else np.eye(3)
    origin = PANDA.arm.base_pos if frame == "base" else (0, 0, 0)
    return {
        "joint_pos": joints.pos[i],
        "joint_vel": joints.vel[i],
        "joint_effort": joints.effort[i],
        "tool_pos": [state.tool_pos_w[i, k] - origin[k] for k in range(3)],
        "tool_rot": first_columns(state.tool_rot_w[i]),
        "tool_vel": [axes[:, k] @ state.tool_vel_w[i] for k in range(3)],
        "tool_angvel": [axes[:, k] @ joints.tool_angvel_w[i] for k in range(3)],
        "gripper_width": state.gripper_width[i],
        "gripper_command": state.gripper_command[i],
        "wrist_force": joints.wrist_force[i],
        "wrist_torque": joints.wrist_torque[i],
    }[quantity]


@pytest.mark.parametrize(
    ("quantity", "frame"), [(q, frame) for q in BODY_QUANTITIES for frame in FRAMES.get(q, ("world",))]
)
def test_a_body_sensor_reads_the_body(quantity, frame, state, joints):
    fields = sense(state, joints, SensorSpec(quantity=quantity, frame=frame))
    assert list(fields) == [quantity]
    for i in range(N):
        np.testing.assert_allclose(
            fields[quantity][i], expected_body(quantity, frame, state, joints, i), atol=1e-12
        )


@pytest.mark.parametrize("name", robot_names())
def test_sine_and_cosine_stand_for_revolute_joints_only(name, rng, state):
    robot = load_robot(name)
    joints = random_joints(rng, robot.n_joints)
    sensor = SensorSpec(quantity="joint_pos", encoding="sincos")
    (field,) = Observer(replace(robot, sensors=(sensor,)), REACH).signature.fields
    values = dict(zip(field.elements, sense(state, joints, sensor, robot, REACH)["joint_pos"].T, strict=True))
    units = dict(zip(field.elements, field.unit.split(",") * field.size, strict=False))
    for joint, position in zip(robot.arm.joints, joints.pos.T, strict=True):
        if joint in robot.arm.slides:
            np.testing.assert_array_equal(values.pop(joint), position)
            assert units[joint] == "m"
        else:
            angle = np.arctan2(values.pop(f"{joint}_sin"), values.pop(f"{joint}_cos"))
            np.testing.assert_allclose(angle, position)
            assert units[f"{joint}_sin"] == units[f"{joint}_cos"] == "1"
    assert not values, "elements that belong to no joint"


@pytest.mark.parametrize("name", robot_names())
def test_joint_fields_name_the_unit_of_every_joint(name):
    arm = load_robot(name).arm
    sensors = tuple(SensorSpec(quantity=q) for q in ("joint_pos", "joint_vel", "joint_effort"))
    fields = Observer(replace(load_robot(name), sensors=sensors), REACH).signature.fields
    kinds = [joint in arm.slides for joint in arm.joints]
    for field, names in zip(fields, (("rad", "m"), ("rad/s", "m/s"), ("Nm", "N")), strict=True):
        assert field.elements == arm.joints
        units = field.unit.split(",")
        units = units * len(kinds) if len(units) == 1 else units
        assert units == [names[slides] for slides in kinds]


# -- objects and goal --------------------------------------------------------------------------------


def expected_object(quantity, frame, state, i, k):
    """What one world's sensor says of object ``k``, by way of 4x4 transforms."""
    tool = np.eye(4)
    tool[:3, :3], tool[:3, 3] = state.tool_rot_w[i], state.tool_pos_w[i]
    base = np.eye(4)
    base[:3, 3] = PANDA.arm.base_pos
    frame_w = {"world": np.eye(4), "base": base, "tool": tool}[frame]
    to_frame = np.linalg.inv(frame_w)
    here = to_frame @ np.append(state.object_pos_w[i, k], 1)
    hand = to_frame @ np.append(state.tool_pos_w[i], 1)
    return {
        "object_pos": here[:3],
        "object_offset": (here - hand)[:3],
        "object_rot": first_columns(to_frame[:3, :3] @ state.object_rot_w[i, k]),
        "object_vel": to_frame[:3, :3] @ state.object_vel_w[i, k],
        "fingertip_touch": state.touch[i, k],
    }[quantity]


@pytest.mark.parametrize(
    ("quantity", "frame"),
    [
        (quantity, frame)
        for quantity in ("object_pos", "object_offset", "object_rot", "object_vel", "fingertip_touch")
        for frame in FRAMES.get(quantity, ("world",))
    ],
)
def test_an_object_sensor_reads_every_object(quantity, frame, state, joints):
    fields = sense(state, joints, SensorSpec(quantity=quantity, frame=frame))
    what = quantity.split("_")[1]
    assert list(fields) == [f"{prop.name}_{what}" for prop in STACK.props]
    for k, read in enumerate(fields.values()):
        for i in range(N):
            np.testing.assert_allclose(read[i], expected_object(quantity, frame, state, i, k), atol=1e-12)


@pytest.mark.parametrize("frame", ["world", "base", "tool"])
def test_a_goal_is_sensed_like_an_object_that_stands_there(frame, state, joints):
    state = replace(state, object_pos_w=np.repeat(state.goal_pos_w[:, None], 2, axis=1))
    for what in ("pos", "offset"):
        (goal,) = sense(state, joints, SensorSpec(quantity=f"goal_{what}", frame=frame)).values()
        one, _ = sense(state, joints, SensorSpec(quantity=f"object_{what}", frame=frame)).values()
        np.testing.assert_array_equal(goal, one)


def test_tool_and_base_readings_together_give_the_place_in_the_world(state, joints):
    read = {
        frame: sense(state, joints, SensorSpec(quantity="goal_pos", frame=frame))["goal_pos"]
        for frame in ("world", "base", "tool")
    }
    np.testing.assert_allclose(read["base"] + PANDA.arm.base_pos, read["world"])
    turned = (state.tool_rot_w @ read["tool"][..., None])[..., 0]
    np.testing.assert_allclose(turned + state.tool_pos_w, read["world"])


def test_joints_of_fixtures_are_sensed_where_there_are_fixtures(state, joints):
    sensor = SensorSpec(quantity="object_joints")
    (door,) = DOOR.fixtures
    state = replace(state, fixture_joints=state.fixture_joints[:, : len(door.joints)])
    fields = sense(state, joints, sensor, task=DOOR)
    assert list(fields) == [f"{door.name}_joints"]
    np.testing.assert_array_equal(fields[f"{door.name}_joints"], state.fixture_joints)
    with pytest.raises(HacpoError, match="robot 'panda' senses nothing of task 'stack'"):
        sense(state, joints, sensor, task=STACK)


def test_two_fixtures_are_told_apart(state, joints):
    one, other = DOOR.fixtures[0], replace(DOOR.fixtures[0], name="other")
    n = len(one.joints)
    state = replace(state, fixture_joints=np.arange(2.0 * n * N).reshape(N, 2 * n) / 100)
    task = replace(DOOR, props=(one, other))
    fields = sense(state, joints, SensorSpec(quantity="object_joints"), task=task)
    np.testing.assert_array_equal(fields[f"{one.name}_joints"], state.fixture_joints[:, :n])
    np.testing.assert_array_equal(fields["other_joints"], state.fixture_joints[:, n:])


# -- the vector --------------------------------------------------------------------------------------


WORLD_QUANTITIES = (
    "object_pos", "object_offset", "object_rot", "object_vel", "fingertip_touch", "goal_pos", "goal_offset",
)  # fmt: skip


@pytest.fixture
def observer():
    """Of a robot that senses everything."""
    sensors = tuple(SensorSpec(quantity=quantity) for quantity in BODY_QUANTITIES + WORLD_QUANTITIES)
    return Observer(replace(PANDA, sensors=sensors), GOAL_STACK)


def test_no_element_is_constant(observer, state, joints):
    spread = np.ptp(observer.observe(state, joints), axis=0)
    names = np.array(observer.signature.element_names)
    assert (spread > 1e-3).all(), names[spread <= 1e-3]


def test_world_fields_follow_from_the_task_state(observer, state, joints):
    world = observer.observe(state, joints)[:, observer.signature.indices(observer.world_names)]
    assert observer.body_names == BODY_QUANTITIES
    np.testing.assert_array_equal(observer.observe_world(state), world)


def test_a_name_renames_a_field_and_goes_before_an_object(state, joints):
    assert list(sense(state, joints, SensorSpec(quantity="joint_vel", name="speed"))) == ["speed"]
    fields = sense(state, joints, SensorSpec(quantity="object_pos", name="seen"))
    assert list(fields) == [f"seen_{prop.name}_pos" for prop in STACK.props]


def test_readings_stop_at_the_bounds(state, joints):
    far = replace(state, goal_pos_w=np.full((N, 3), 9.0))
    np.testing.assert_array_equal(sense(far, joints, SensorSpec(quantity="goal_pos"))["goal_pos"], 2.0)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            {"quantity": "tool_pos", "frame": "tool"},
            "sensor 'tool_pos': no frame 'tool'; known: world, base",
        ),
        ({"quantity": "joint_pos", "frame": "base"}, "sensor 'joint_pos': no frame 'base'; known: world"),
        ({"quantity": "joint_vel", "encoding": "sincos"}, "only joint_pos can be encoded"),
        ({"quantity": "object_keypoints"}, "object_keypoints needs a camera"),
        ({"quantity": "joint_pos", "dropout": 1.0}, r"dropout in \[0, 1\)"),
        (
            {"quantity": "joint_poss"},
            r"quantity of a sensor 'joint_poss' \(did you mean 'joint_pos'",
        ),
        ({"quantity": "joint_pos", "encoding": "cosine"}, "unknown encoding of a sensor 'cosine'"),
        ({"quantity": "joint_pos", "rate_hz": 0.0}, "rate_hz must be positive, got 0.0"),
    ],
)
def test_what_no_sensor_can_be_is_refused(wrong, sentence):
    with pytest.raises(HacpoError, match=sentence):
        SensorSpec(**wrong)


def test_body_sensors_feel_a_moving_arm(rng):
    sensors = tuple(SensorSpec(quantity=quantity) for quantity in BODY_QUANTITIES)
    env = make_vec_env(replace(PANDA, sensors=sensors), REACH, n_envs=2, seed=0, n_threads=1)
    seen = [env.step(rng.uniform(-1, 1, (2, env.action_space.shape[0])))[0] for _ in range(20)]
    spread = np.ptp(seen, axis=0).min(axis=0)
    names = np.array(env.observation_signature.element_names)
    assert (spread > 1e-6).all(), f"constant: {names[spread <= 1e-6]}"
    low, high = env.observation_signature.low, env.observation_signature.high
    clipped = ((np.array(seen) <= low) | (np.array(seen) >= high)).any(axis=(0, 1))
    assert set(names[clipped]) <= {"gripper_command/opening"}, names[clipped]
    env.close()
