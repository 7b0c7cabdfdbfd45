"""Stack: put the small cube on the larger one and let go (robosuite's ``Stack``)."""

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.specs.prop import BoxProp, Region
from hacpo_robot.specs.rotation import half_turn_error, heading_of
from hacpo_robot.specs.script import (
    Stage,
    always,
    grasping,
    level,
    never,
    point_fingers,
    raise_to,
    stay,
)
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import TABLE_TOP, RewardPreset, TaskSpec
from hacpo_robot.specs.terms import (
    TaskState,
    Term,
    distance,
    level_distance,
    pinched,
    speed,
    tanh_near,
    untouched,
    within,
)

A, B = 0, 1
"""Order of the cubes in the task state."""
HALF_A, HALF_B = 0.02, 0.025
"""Half edges [m]; robosuite's."""
HEIGHT = HALF_A + HALF_B
"""Of A's centre over B's when A stands on B [m]."""
SPEED = 0.05
"""Below it a cube is at rest [m/s]."""
SPREAD = (-0.08, 0.08)
"""Where both cubes start, x and y [m]; robosuite's."""


def cube(name: str, half: float, rgba: tuple[float, float, float, float]) -> BoxProp:
    """A cube anywhere on the middle of the table."""
    rest = TABLE_TOP + half
    start = Region(x=SPREAD, y=SPREAD, z=(rest, rest), yaw=(0.0, 2 * np.pi))
    return BoxProp(name=name, half_size=(half, half, half), start=start, rgba=rgba)


def a_over_b(state: TaskState) -> FloatArray:
    """From B's centre to A's. Shape (..., 3) [m]."""
    return state.object_pos_w[..., A, :] - state.object_pos_w[..., B, :]


def clearance(state: TaskState) -> FloatArray:
    """Height of A's centre above its place on the table. Shape (...,) [m]."""
    return state.object_pos_w[..., A, 2] - (TABLE_TOP + HALF_A)


def offset(state: TaskState) -> FloatArray:
    """Horizontal distance between the cubes. Shape (...,) [m]."""
    return level_distance(state.object_pos_w[..., A, :], state.object_pos_w[..., B, :])


def placed(state: TaskState) -> NDArray[np.bool_]:
    """A stands on B, which stands on the table; the gripper may still hold A."""
    touching = state.contact[..., A, B] > 0.5
    at_height = np.abs(a_over_b(state)[..., 2] - HEIGHT) < 0.01
    b_on_table = np.abs(state.object_pos_w[..., B, 2] - (TABLE_TOP + HALF_B)) < 0.005
    return touching & at_height & (offset(state) < HALF_B) & b_on_table


def stacked(state: TaskState) -> NDArray[np.bool_]:
    """A rests on B and the gripper has let go."""
    resting = (speed(state, A) < SPEED) & (speed(state, B) < SPEED)
    return placed(state) & resting & untouched(state, A)


def reach(state: TaskState) -> FloatArray:
    """Tool near A, seen from afar."""
    return np.maximum(stacked(state), within(_to_a(state), radius=0.01, margin=0.25))


def centre(state: TaskState) -> FloatArray:
    """A between the fingertips."""
    return np.maximum(stacked(state), within(_to_a(state), radius=0.005, margin=0.05))


def grasp(state: TaskState) -> FloatArray:
    """Both fingertips on A, until it is stacked."""
    return (pinched(state) | stacked(state)).astype(float)


def lift(state: TaskState) -> FloatArray:
    """Height gained by A while grasped, full where its underside is above B."""
    raised = np.clip(clearance(state) / (2 * HALF_B), 0.0, 1.0)
    return np.maximum(stacked(state), raised * pinched(state))


def align(state: TaskState) -> FloatArray:
    """A grasped and over B, as far as it is lifted; full once it is stacked."""
    return np.maximum(stacked(state), lift(state) * within(offset(state), radius=0.005, margin=0.12))


def place(state: TaskState) -> FloatArray:
    """A stands on B, held or not."""
    return placed(state).astype(float)


def _to_a(state: TaskState) -> FloatArray:
    return distance(state.tool_pos_w, state.object_pos_w[..., A, :])


# -- robosuite's own: environments/manipulation/stack.py, shaped, at scale 1 ------------------------


def robosuite_lifted(state: TaskState) -> NDArray[np.bool_]:
    """A's centre 4 cm above the table."""
    return state.object_pos_w[..., A, 2] > TABLE_TOP + 0.04


def robosuite_stacked(state: TaskState) -> NDArray[np.bool_]:
    """A off the table and touching B, and no grasp; it may still fall."""
    return robosuite_lifted(state) & (state.contact[..., A, B] > 0.5) & ~pinched(state, A)


def robosuite_reach(state: TaskState) -> FloatArray:
    """Tool near A, until lifted."""
    return np.maximum(robosuite_lifted(state), tanh_near(_to_a(state)))


def robosuite_grasp(state: TaskState) -> FloatArray:
    """Both fingertips on A, until lifted."""
    return (robosuite_lifted(state) | pinched(state, A)).astype(float)


def robosuite_align(state: TaskState) -> FloatArray:
    """A lifted and over B, until stacked."""
    over = tanh_near(offset(state), steepness=1.0)
    return np.where(robosuite_lifted(state), np.maximum(robosuite_stacked(state), over), 0.0)


ROBOSUITE = RewardPreset(
    rewards={
        "reach": Term(robosuite_reach, 0.125),
        "grasp": Term(robosuite_grasp, 0.125),
        "lift": Term(lambda state: robosuite_lifted(state).astype(float), 0.25),
        "align": Term(robosuite_align, 0.25),
        "success": Term(lambda state: robosuite_stacked(state).astype(float), 0.25),
    },
    success=robosuite_stacked,
    leaning_pays=True,
)


def clear_of_b(state: TaskState) -> FloatArray:
    """Rotation that lays the fingers along two sides of A, those that keep them farther from B."""
    way = a_over_b(state)
    across = np.arctan2(way[..., 1], way[..., 0]) + np.pi / 2
    side = heading_of(state.object_rot_w[..., A, :, :])
    along_side = np.abs(half_turn_error(state.object_rot_w[..., A, :, :], across)) < np.pi / 4
    return point_fingers(state, np.where(along_side, side, side + np.pi / 2))


def carry(state: TaskState) -> FloatArray:
    """A to 3 cm above its place on B."""
    return np.array([0.0, 0.0, HEIGHT + 0.03]) - a_over_b(state)


def over_b(state: TaskState) -> NDArray[np.bool_]:
    """A over B, near enough to be lowered."""
    return np.linalg.norm(level(carry(state)), axis=-1) < 0.006


def lower(state: TaskState) -> FloatArray:
    """A down to its place on B."""
    return np.array([0.0, 0.0, HEIGHT]) - a_over_b(state)


SCRIPT = (
    *grasping(A, turn=clear_of_b),
    Stage(
        move=lambda s: raise_to(s, TABLE_TOP + 0.12),
        grip=-1.0,
        done=lambda s: clearance(s) > 2 * HALF_B + 0.02,
    ),
    Stage(move=carry, grip=-1.0, done=over_b),
    Stage(move=lower, grip=-1.0, done=lambda s: a_over_b(s)[..., 2] < HEIGHT + 0.003, speed=0.015),
    Stage(move=stay, done=always, min_steps=7),
    Stage(move=lambda s: raise_to(s, TABLE_TOP + 0.2), done=never),
)

TASK = TaskSpec(
    name="stack",
    props=(
        cube("cube_a", HALF_A, rgba=(0.8, 0.15, 0.1, 1.0)),
        cube("cube_b", HALF_B, rgba=(0.15, 0.6, 0.2, 1.0)),
    ),
    # The smallest at which robosuite's sampler lets two cubes stand: the sum of their half diagonals.
    clearance=HEIGHT * np.sqrt(2.0),
    rewards={
        "reach": Term(reach, 0.04),
        "centre": Term(centre, 0.04),
        "grasp": Term(grasp, 0.04),
        "lift": Term(lift, 0.12),
        "align": Term(align, 0.12),
        "place": Term(place, 0.1),
        "success": Term(lambda state: stacked(state).astype(float), 0.54),
    },
    success=stacked,
    horizon_s=7.0,
    script=SCRIPT,
    presets={"robosuite": ROBOSUITE},
)
