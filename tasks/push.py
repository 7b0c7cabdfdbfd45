"""Push: slide a flat box over the table to a goal and leave it there at rest."""

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.specs.prop import BoxProp, Region
from hacpo_robot.specs.script import Stage, level, never, point_fingers, to_object
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import TABLE_TOP, TaskSpec
from hacpo_robot.specs.terms import TaskState, Term, level_distance, speed, within

HALF_WIDTH, HALF_HEIGHT = 0.045, 0.025
"""Of the box [m]; flat, so that it slides before it tips."""
REST = TABLE_TOP + HALF_HEIGHT
"""Height of its centre on the table [m]."""
RADIUS = 0.05
"""Horizontal distance from the goal that counts as there [m]; that of Gymnasium-Robotics' FetchPush."""
LIFTED = 0.005
"""Height above its place from which the box is carried or tipped, not pushed [m]."""
SPEED = 0.03
"""Below it the box is at rest [m/s]."""

CONTACT = 0.06
"""From the box's centre to a tool whose fingers touch its side [m]."""
HIGHER = 0.01
"""Of a pushing tool over the box's centre [m]: fingers that scrape the table jam the box."""

BOX = BoxProp(
    name="box",
    half_size=(HALF_WIDTH, HALF_WIDTH, HALF_HEIGHT),
    start=Region(x=(-0.03, 0.01), y=(-0.03, 0.03), z=(REST, REST), yaw=(-0.3, 0.3)),
    density=400.0,
    rgba=(0.15, 0.35, 0.75, 1.0),
)


def box_to_goal(state: TaskState) -> FloatArray:
    """From the box to the goal, along the table. Shape (..., 3) [m]."""
    return level(state.goal_pos_w - state.object_pos_w[..., 0, :])


def direction(state: TaskState) -> FloatArray:
    """Unit vector from the box to the goal, along the table. Shape (..., 3)."""
    way = box_to_goal(state)
    return way / np.maximum(np.linalg.norm(way, axis=-1, keepdims=True), 1e-6)


def behind(state: TaskState, standoff: float) -> FloatArray:
    """From the tool to a point ``standoff`` behind the box, seen from the goal. Shape (..., 3) [m]."""
    return to_object(state, above=HIGHER) - standoff * direction(state)


def on_table(state: TaskState) -> NDArray[np.bool_]:
    """The box lies flat on the table."""
    return np.abs(state.object_pos_w[..., 0, 2] - REST) < LIFTED


def off_goal(state: TaskState) -> FloatArray:
    """Horizontal distance from the box to the goal. Shape (...,) [m]."""
    return level_distance(state.object_pos_w[..., 0, :], state.goal_pos_w)


def reach(state: TaskState) -> FloatArray:
    """Tool where it has to push, seen from afar; full wherever the box has arrived."""
    distance = np.linalg.norm(behind(state, CONTACT), axis=-1)
    return np.maximum(pushed(state), within(distance, radius=0.02, margin=0.25))


def line_up(state: TaskState) -> FloatArray:
    """Tool where it has to push, seen from close by: an arm without this loses the box sideways."""
    distance = np.linalg.norm(behind(state, CONTACT), axis=-1)
    return np.maximum(pushed(state), within(distance, radius=0.01, margin=0.05))


def approach(state: TaskState) -> FloatArray:
    """Box near the goal, seen from afar."""
    return on_table(state) * within(off_goal(state), radius=0.0, margin=0.2)


def arrive(state: TaskState) -> FloatArray:
    """Box near the goal, seen from close by."""
    return on_table(state) * within(off_goal(state), radius=0.01, margin=0.06)


def rest(state: TaskState) -> FloatArray:
    """Box at the goal, the slower the better."""
    return at_goal(state) * within(speed(state), radius=0.01, margin=0.1)


def at_goal(state: TaskState) -> NDArray[np.bool_]:
    """Box on the table at the goal, however fast."""
    return on_table(state) & (off_goal(state) < RADIUS)


def pushed(state: TaskState) -> NDArray[np.bool_]:
    """Box at rest on the table at the goal."""
    return at_goal(state) & (speed(state) < SPEED)


STANDOFF = 0.095
"""From the box's centre to where the tool comes down behind it [m]."""
CLEAR = 0.08
"""Height over the box at which the tool may cross it [m]."""
GRIP = 0.0
"""Half open: two contacts on one side steer better than one, and no corner fits between them."""
STEER = 0.1
"""Sideways motion of the pushing tool per distance from the line through box and goal."""


def face(state: TaskState) -> FloatArray:
    """Rotation that lays the fingers across the push."""
    way = direction(state)
    return point_fingers(state, np.arctan2(way[..., 1], way[..., 0]) + np.pi / 2)


def start(state: TaskState) -> FloatArray:
    """To the point behind the box: up first, across over the box, down when near it and turned."""
    way = behind(state, STANDOFF)
    off = np.linalg.norm(level(way), axis=-1) + 0.1 * np.abs(face(state)[..., 2])
    height = CLEAR * np.clip(off / 0.015 - 1.0, 0.0, 1.0)
    across = (off < 0.03) | (way[..., 2] < -0.7 * CLEAR)
    way = np.where(across[..., None], way, way - level(way))
    way[..., 2] += height
    return way


def slide(state: TaskState) -> FloatArray:
    """Towards the goal with the box ahead, slower the nearer the box is."""
    ahead, pace = behind(state, 0.0), np.minimum(0.6 * off_goal(state), 0.03)
    return pace[..., None] * direction(state) + STEER * sideways(state) + ahead - level(ahead)


def sideways(state: TaskState) -> FloatArray:
    """From the tool to the line through box and goal, along the table. Shape (..., 3) [m]."""
    ahead, way = level(behind(state, 0.0)), direction(state)
    return ahead - (ahead * way).sum(axis=-1, keepdims=True) * way


def push(state: TaskState) -> FloatArray:
    """To the start, then on to the goal; up and back to the start where the box slipped off."""
    box = behind(state, 0.0)
    ahead = (box * direction(state)).sum(axis=-1)
    in_line = (ahead > HALF_WIDTH / 2) & (np.linalg.norm(sideways(state), axis=-1) < HALF_WIDTH)
    low = -box[..., 2] < 0.01 + np.clip(STANDOFF - ahead, 0.0, 0.02)
    return np.where((low & in_line)[..., None], slide(state), start(state))


def retreat(state: TaskState) -> FloatArray:
    """Back off from the box: a corner caught between the fingers is let go."""
    away = -level(to_object(state))
    gap = np.linalg.norm(away, axis=-1, keepdims=True)
    return away * np.maximum(STANDOFF / np.maximum(gap, 1e-6) - 1.0, 0.0)


SCRIPT = (
    Stage(move=push, turn=face, grip=GRIP, done=lambda s: off_goal(s) < 0.015),
    Stage(move=retreat, done=never, speed=0.01),
)

TASK = TaskSpec(
    name="push",
    props=(BOX,),
    goal=Region(x=(0.11, 0.17), y=(-0.08, 0.08), z=(TABLE_TOP, TABLE_TOP + 2 * HALF_HEIGHT)),
    clearance=0.1,
    rewards={
        "reach": Term(reach, 0.05),
        "line_up": Term(line_up, 0.08),
        "approach": Term(approach, 0.12),
        "arrive": Term(arrive, 0.1),
        "rest": Term(rest, 0.1),
        "success": Term(lambda state: pushed(state).astype(float), 0.55),
    },
    success=pushed,
    horizon_s=6.0,
    script=SCRIPT,
)
