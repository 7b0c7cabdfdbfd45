"""Push: slide a flat box over the table to a goal and leave it there at rest."""

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.specs.prop import BoxProp, Region
from hacpo_robot.specs.script import Stage, level, never, point_fingers, stay
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import TABLE_TOP, TaskSpec
from hacpo_robot.specs.terms import TaskState, Term, level_distance, speed, within

HALF_WIDTH, HALF_HEIGHT = 0.04, 0.02
"""Of the box [m]; flat, so that it slides before it tips."""
REST = TABLE_TOP + HALF_HEIGHT
"""Height of its centre on the table [m]."""
RADIUS = 0.05
"""Horizontal distance from the goal that counts as there [m]; that of Gymnasium-Robotics' FetchPush."""
LIFTED = 0.005
"""Height above its place from which the box is carried or tipped, not pushed [m]."""
SPEED = 0.03
"""Below it the box is at rest [m/s]."""

YAW = 0.3

BOX = BoxProp(
    name="box",
    half_size=(HALF_WIDTH, HALF_WIDTH, HALF_HEIGHT),
    start=Region(x=(-0.06, -0.02), y=(-0.05, 0.05), z=(REST, REST), yaw=(-np.pi / 4, np.pi / 4)),
    rgba=(0.15, 0.35, 0.75, 1.0),
)


def to_goal(state: TaskState) -> FloatArray:
    """From the box to the goal, along the table. Shape (..., 3) [m]."""
    return level(state.goal_pos_w - state.object_pos_w[..., 0, :])


def direction(state: TaskState) -> FloatArray:
    """Unit vector from the box to the goal, along the table. Shape (..., 3)."""
    way = to_goal(state)
    return way / np.maximum(np.linalg.norm(way, axis=-1, keepdims=True), 1e-6)


def behind(state: TaskState, standoff: float) -> FloatArray:
    """From the tool to a point ``standoff`` behind the box, seen from the goal. Shape (..., 3) [m]."""
    return state.object_pos_w[..., 0, :] - standoff * direction(state) - state.tool_pos_w


def on_table(state: TaskState) -> NDArray[np.bool_]:
    """The box lies flat on the table."""
    return np.abs(state.object_pos_w[..., 0, 2] - REST) < LIFTED


def off_goal(state: TaskState) -> FloatArray:
    """Horizontal distance from the box to the goal. Shape (...,) [m]."""
    return level_distance(state.object_pos_w[..., 0, :], state.goal_pos_w)


def reach(state: TaskState) -> FloatArray:
    """Tool where it has to push; full wherever the box has arrived."""
    distance = np.linalg.norm(behind(state, STANDOFF), axis=-1)
    return np.maximum(pushed(state), within(distance, radius=0.02, margin=0.25))


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


STANDOFF = 0.09
"""From the box's centre to where the tool comes down behind it [m]."""
GAIN = 0.1
"""Sideways motion per sideways error of the pushing tool: more than 1 keeps it behind the box."""


def descend(state: TaskState) -> NDArray[np.bool_]:
    """Tool over the point behind the box."""
    off = np.linalg.norm(level(behind(state, STANDOFF)), axis=-1)
    return (off < 0.015) & (np.abs(face(state)[..., 2]) < 0.1)


def push(state: TaskState) -> FloatArray:
    """Tool towards the goal, slower the nearer the box, and back into line behind it."""
    way, ahead = direction(state), behind(state, 0.0)
    sideways = level(ahead) - (level(ahead) * way).sum(axis=-1, keepdims=True) * way
    height = ahead - level(ahead)
    return np.minimum(0.6 * off_goal(state), 0.03)[..., None] * way + GAIN * sideways + height


def face(state: TaskState) -> FloatArray:
    """Rotation that lays the fingers across the push: two contacts steer better than one."""
    way = direction(state)
    return point_fingers(state, np.arctan2(way[..., 1], way[..., 0]) + np.pi / 2)


SCRIPT = (
    Stage(move=lambda s: behind(s, STANDOFF) + [0.0, 0.0, 0.1], grip=0.3, turn=face, done=descend),
    Stage(move=lambda s: behind(s, STANDOFF), grip=0.3, turn=face, done=lambda s: behind(s, STANDOFF)[..., 2] > -0.01),
    Stage(move=push, grip=0.3, turn=face, done=lambda s: off_goal(s) < 0.01),
    Stage(move=stay, grip=0.3, turn=face, done=never),
)

TASK = TaskSpec(
    name="push",
    props=(BOX,),
    goal=Region(x=(0.08, 0.14), y=(-0.12, 0.12), z=(TABLE_TOP, TABLE_TOP + 2 * HALF_HEIGHT)),
    clearance=0.1,
    rewards={
        "reach": Term(reach, 0.08),
        "approach": Term(approach, 0.15),
        "arrive": Term(arrive, 0.12),
        "rest": Term(rest, 0.1),
        "success": Term(lambda state: pushed(state).astype(float), 0.55),
    },
    success=pushed,
    horizon_s=6.0,
    script=SCRIPT,
)
