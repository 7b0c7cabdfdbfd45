"""The door: what counts as open, what cannot be cheated, and that its lock holds."""

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.sim.scene import make_scene
from hacpo_robot.specs.terms import TaskState

TASK = load_task("open_door")
OPEN = 0.3
"""Hinge angle of an open door [rad]."""
FREE = 1.3
"""Latch angle at which nothing holds the door [rad]."""


def door(hinge, latch=0.0, speed=0.0, reach=0.0):
    """A door with the tool ``reach`` away from its handle."""
    handle = np.array([-0.14, -0.25, 1.075])
    return TaskState(
        tool_pos_w=handle + [0.0, reach, 0.0],
        tool_rot_w=np.diag([1.0, -1.0, -1.0]),
        tool_vel_w=np.zeros(3),
        gripper_width=np.array([0.0]),
        gripper_command=np.array([-1.0]),
        object_pos_w=handle[None],
        object_rot_w=np.eye(3)[None],
        object_vel_w=np.array([[0.0, speed, 0.0]]),
        touch=np.ones((1, 2)),
        contact=np.zeros((1, 1)),
        fixture_joints=np.array([hinge, latch]),
        goal_pos_w=np.zeros(3),
    )


def reward(state):
    return sum(term.weight * term.value(state) for term in TASK.rewards.values())


def test_a_door_that_stands_open_counts_with_and_without_the_hand_on_it():
    assert TASK.success(door(0.35))
    assert reward(door(0.35)) == pytest.approx(1.0)
    assert TASK.success(door(0.35, reach=0.4))
    assert reward(door(0.35, reach=0.4)) > 0.85


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(door(0.35, speed=0.2), id="flung open and swinging by"),
        pytest.param(door(0.29), id="held just below the bar"),
        pytest.param(door(0.0, latch=1.57), id="latch turned for ever"),
        pytest.param(door(0.0, latch=-1.57), id="latch turned upwards for ever"),
        pytest.param(door(-0.02), id="pushed into its frame"),
    ],
)
def test_an_exploit_is_no_success_and_pays_less_than_half(state):
    assert not TASK.success(state)
    assert reward(state) < 0.5


def test_each_step_towards_the_open_door_pays_more():
    way = [
        door(0.0, reach=0.4),
        door(0.0, reach=0.1),
        door(0.0),
        door(0.0, latch=-0.6),
        door(0.0, latch=-1.2),
        door(0.1, latch=-1.2),
        door(0.2),
        door(0.35),
    ]
    assert (np.diff(np.array([reward(state) for state in way])) > 0.01).all()


def test_far_from_the_door_nothing_is_paid():
    assert reward(door(0.0, reach=0.6)) < 0.01


# -- physics ---------------------------------------------------------------------------------------


@pytest.fixture
def world():
    """A model with the door where robosuite's stands, the arm out of its way, and its data."""
    model = make_scene(load_robot("panda"), TASK).model
    data = mujoco.MjData(model)
    data.mocap_pos[0], data.mocap_quat[0] = (-0.12, -0.35, 1.1), (np.sqrt(0.5), 0, 0, -np.sqrt(0.5))
    mujoco.mj_forward(model, data)
    return model, data


def torque(world, seconds, *, hinge=0.0, latch=0.0):
    """Largest opening while torques act on the door [Nm]."""
    (model, data), largest = world, 0.0
    dofs = [model.joint(f"door/{name}").dofadr[0] for name in ("hinge", "latch_joint")]
    for _ in range(round(seconds / model.opt.timestep)):
        data.qfrc_applied[dofs] = hinge, latch
        mujoco.mj_step(model, data)
        largest = max(largest, data.joint("door/hinge").qpos[0])
    assert np.isfinite(data.qpos).all()
    return largest


def test_a_locked_door_gives_way_neither_to_force_nor_to_kicks(world):
    assert torque(world, 1.0, hinge=40.0) < 0.1
    for _ in range(20):
        torque(world, 0.05, hinge=150.0)
        torque(world, 0.05, hinge=-150.0)
    assert torque(world, 1.0, hinge=1.0) < 0.05


@pytest.mark.parametrize("way", [1.0, -1.0])
def test_a_turned_latch_frees_the_door_and_springs_back(world, way):
    _, data = world
    torque(world, 1.0, latch=2.5 * way)
    assert way * data.joint("door/latch_joint").qpos[0] > FREE
    assert torque(world, 2.0, latch=2.5 * way, hinge=0.5) > 0.38
    torque(world, 10.0)
    assert np.abs(data.joint("door/latch_joint").qpos[0]) < 0.2
    assert data.joint("door/hinge").qpos[0] > OPEN


def test_nothing_moves_a_door_left_alone(world):
    _, data = world
    torque(world, 2.0)
    assert np.abs(data.joint("door/hinge").qpos[0]) < 1e-3
    assert np.abs(data.joint("door/latch_joint").qpos[0]) < 1e-2  # the lever has weight
    assert data.ncon == 0, "the door stands free of table and robot"


def test_gripper_touches_every_part_of_the_door_and_the_table_none(world):
    model, _ = world
    parts = [g for g in range(model.ngeom) if model.geom(g).name.startswith("door/")]
    assert len(parts) == 7
    finger = model.geom("robot/gripper/finger1_pad_collision").id
    table = model.geom("table").id
    for part in parts:
        assert collide(model, part, finger), model.geom(part).name
        assert not collide(model, part, table), model.geom(part).name


def collide(model, one, other):
    types, affinities = model.geom_contype, model.geom_conaffinity
    return bool((types[one] & affinities[other]) | (types[other] & affinities[one]))


def test_a_box_touches_the_door():
    box = load_task("lift").props[0]
    model = make_scene(load_robot("panda"), replace(TASK, props=(*TASK.props, box))).model
    assert collide(model, model.geom("cube").id, model.geom("door/panel").id)
    assert collide(model, model.geom("cube").id, model.geom("table").id)
