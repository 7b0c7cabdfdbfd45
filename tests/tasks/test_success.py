"""What counts as done and what it pays, on states made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from hacpo_robot.catalog import load_task
from hacpo_robot.specs.terms import TaskState

LIFT, PICK_PLACE, PUSH, REACH, STACK = (
    load_task(name) for name in ("lift", "pick_place", "push", "reach", "stack")
)
GOAL = np.array([0.1, 0.0, 0.9])
BOTH, NONE = (1.0, 1.0), (0.0, 0.0)


def state(positions, touch=NONE, *, tool=None, goal=GOAL, speed=0.0, contact=0.0):
    """Objects at rest, the tool on the first; ``touch``, ``speed`` and ``contact`` are the first object's."""
    positions = np.atleast_2d(np.asarray(positions, float))
    n = len(positions)
    velocity, touches = np.zeros((n, 3)), np.zeros((n, 2))
    velocity[0, 2], touches[0] = speed, touch
    return TaskState(
        tool_pos_w=positions[0] if tool is None else np.asarray(tool, float),
        tool_rot_w=np.diag([1.0, -1.0, -1.0]),
        tool_vel_w=np.zeros(3),
        gripper_width=np.array([0.042]),
        gripper_command=np.array([-1.0]),
        object_pos_w=positions,
        object_rot_w=np.tile(np.eye(3), (n, 1, 1)),
        object_vel_w=velocity,
        touch=touches,
        contact=contact * (1.0 - np.eye(n)),
        fixture_joints=np.zeros(0),
        goal_pos_w=np.asarray(goal, float),
    )


def reward(task, state):
    return sum(term.weight * term.value(state) for term in task.rewards.values())


# -- lift ------------------------------------------------------------------------------------------


def lifted(clearance, touch, speed=0.0):
    return state([0.0, 0.0, LIFT.props[0].start.z[0] + clearance], touch, speed=speed)


def test_a_cube_held_in_the_air_counts_as_lifted():
    assert LIFT.success(lifted(0.1, BOTH))
    assert reward(LIFT, lifted(0.1, BOTH)) == pytest.approx(1.0)
    assert LIFT.success(lifted(0.1, BOTH, speed=0.2)), "also while the arm moves"


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(lifted(0.1, NONE), id="thrown up without contact"),
        pytest.param(lifted(0.1, BOTH, speed=0.3), id="thrown up, the fingertips not yet off"),
        pytest.param(lifted(0.1, (1.0, 0.0)), id="balanced on the left finger"),
        pytest.param(lifted(0.1, (0.0, 1.0)), id="balanced on the right finger"),
        pytest.param(lifted(0.5, BOTH), id="above the ceiling"),
        pytest.param(lifted(0.039, BOTH), id="hovering just below the bar"),
        pytest.param(lifted(0.0, BOTH), id="grasped on the table"),
    ],
)
def test_a_lift_exploit_is_no_success_and_pays_less_than_half(state):
    assert not LIFT.success(state)
    assert reward(LIFT, state) < 0.5


@pytest.mark.parametrize("task", [LIFT, PICK_PLACE, STACK], ids=lambda task: task.name)
def test_an_object_far_from_the_tool_pays_next_to_nothing(task):
    positions = [[0.0, 0.1 * index, prop.start.z[0]] for index, prop in enumerate(task.props)]
    assert reward(task, state(positions, tool=[0.0, 0.3, 1.1])) < 0.01


# -- pick and place --------------------------------------------------------------------------------


def test_a_cube_held_still_at_the_goal_counts_as_delivered():
    assert PICK_PLACE.success(state(GOAL, BOTH))
    assert reward(PICK_PLACE, state(GOAL, BOTH)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(state(GOAL), id="thrown to the goal"),
        pytest.param(state(GOAL, (0.0, 1.0)), id="balanced on one finger"),
        pytest.param(state(GOAL, BOTH, speed=0.11), id="carried through the goal"),
        pytest.param(state(GOAL + [0.0, 0.0, 0.051], BOTH), id="hovering just off the goal"),
        pytest.param(state([0.0, 0.0, 0.821], tool=GOAL), id="the hand alone"),
        pytest.param(state([0.1, 0.0, 0.821], BOTH), id="dragged under the goal"),
    ],
)
def test_a_pick_place_exploit_is_no_success_and_pays_less_than_half(state):
    assert not PICK_PLACE.success(state)
    assert reward(PICK_PLACE, state) < 0.5


def test_a_cube_carried_away_pays_less_than_one_in_its_place():
    away = reward(PICK_PLACE, state([-0.3, 0.0, 1.2], BOTH))
    assert reward(PICK_PLACE, state([0.05, 0.0, 0.85], BOTH)) > away + 0.05


# -- push ------------------------------------------------------------------------------------------

REST = PUSH.props[0].start.z[0]
SPOT = np.array([0.1, 0.0, REST])


@pytest.mark.parametrize("tool", [SPOT - [0.055, 0.0, 0.0], [0.0, 0.3, 1.1]], ids=["near", "far"])
def test_a_box_at_rest_at_the_goal_counts_as_pushed_wherever_the_tool_is(tool):
    assert PUSH.success(state(SPOT, tool=tool, goal=SPOT))
    assert reward(PUSH, state(SPOT, tool=tool, goal=SPOT)) == pytest.approx(1.0)


def test_the_height_of_the_goal_does_not_matter_to_push():
    assert PUSH.success(state(SPOT, goal=SPOT + [0.0, 0.0, 0.02]))


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(state(SPOT, goal=SPOT, speed=0.04), id="flung over the goal"),
        pytest.param(state(SPOT + [0.0, 0.0, 0.006], BOTH, goal=SPOT), id="carried to the goal"),
        pytest.param(state(SPOT + [0.0, 0.0, 0.02], goal=SPOT), id="tipped on its side"),
        pytest.param(state(SPOT + [0.051, 0.0, 0.0], goal=SPOT), id="waiting just off the goal"),
        pytest.param(state(SPOT - [0.15, 0.0, 0.0], tool=SPOT, goal=SPOT), id="the hand alone"),
    ],
)
def test_a_push_exploit_is_no_success_and_pays_less_than_half(state):
    assert not PUSH.success(state)
    assert reward(PUSH, state) < 0.5


# -- stack -----------------------------------------------------------------------------------------

B = np.array([0.0, 0.0, 0.825])
ON_B = B + [0.0, 0.0, 0.045]
ABOVE = np.array([0.0, 0.0, 0.1])


def cubes(a, b=B, **also):
    return state([a, b], **{"contact": 1.0, "tool": a + ABOVE, **also})


@pytest.mark.parametrize("off", [0.0, 0.02])
def test_a_cube_let_go_on_the_other_counts_as_stacked(off):
    assert STACK.success(cubes(ON_B + [off, 0.0, 0.0]))
    assert reward(STACK, cubes(ON_B + [off, 0.0, 0.0])) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(cubes(ON_B, touch=BOTH), id="never let go"),
        pytest.param(cubes(ON_B, touch=(1.0, 0.0)), id="propped by one finger"),
        pytest.param(cubes(ON_B, contact=0.0), id="in the air above the other"),
        pytest.param(cubes(ON_B + [0.0, 0.0, 0.011], contact=1.0), id="on an edge"),
        pytest.param(cubes(ON_B, speed=0.06), id="bouncing"),
        pytest.param(cubes(ON_B + [0.026, 0.0, 0.0]), id="about to tip off"),
        pytest.param(cubes(np.array([0.045, 0.0, 0.82])), id="side by side"),
        pytest.param(cubes(ON_B + ABOVE, B + ABOVE), id="both carried away"),
        pytest.param(cubes(ON_B - [0.0, 0.0, 0.09]), id="the wrong way round"),
    ],
)
def test_a_stack_exploit_is_no_success_and_pays_less_than_half(state):
    assert not STACK.success(state)
    assert reward(STACK, state) < 0.5


def test_a_lower_cube_that_still_moves_is_not_stacked_upon():
    still = cubes(ON_B)
    assert not STACK.success(replace(still, object_vel_w=np.array([[0.0, 0.0, 0.0], [0.06, 0.0, 0.0]])))


# -- reach -----------------------------------------------------------------------------------------


def test_reach_judges_where_the_tool_is_and_not_how_fast():
    near = state(GOAL, tool=GOAL + [0.0, 0.019, 0.0])
    assert REACH.success(near)
    assert REACH.success(replace(near, tool_vel_w=np.array([0.0, 2.0, 0.0])))
    assert not REACH.success(replace(near, tool_pos_w=GOAL + [0.0, 0.021, 0.0]))


def test_a_tool_that_hovers_just_off_the_goal_pays_less_than_half():
    assert reward(REACH, state(GOAL, tool=GOAL + [0.0, 0.021, 0.0])) < 0.5
    assert reward(REACH, state(GOAL)) == pytest.approx(1.0)
