"""Open a door: turn the latch, pull the door, leave it standing open (robosuite's ``Door``)."""

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.specs.prop import FixtureProp, Region
from hacpo_robot.specs.script import Done, Goal, Stage, always, never, point_fingers
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import TABLE_TOP, RewardPreset, TaskSpec
from hacpo_robot.specs.terms import TaskState, Term, distance, speed, tanh_near, within

OPEN = 0.3
"""Hinge angle that counts as open [rad]; robosuite's. The hinge ends at 0.4."""
UNLOCKED = 1.2
"""Latch angle at which its bolt clears the frame [rad], from the geometry of the model."""
AT_REST = 0.1
"""Speed of the handle below which the door stands still [m/s]."""

DOOR = FixtureProp(
    name="door",
    mjcf="robosuite:objects/door_lock.xml",
    body="object",
    joints=("hinge", "latch_joint"),
    # robosuite's environments/manipulation/door.py sets the hinge, objects/door_lock.xml the latch.
    damping=(0.1, 0.0),
    friction=(0.0, 0.1),
    handle_site="handle",
    handle_quat=(0.5, -0.5, -0.5, -0.5),  # x up, y along the lever, z into the door
    handle_geoms=("handle", "handle_base"),
    start=Region(
        x=(-0.13, -0.11),
        y=(-0.36, -0.34),
        z=(TABLE_TOP + 0.3, TABLE_TOP + 0.3),
        yaw=(-np.pi / 2 - 0.25, -np.pi / 2),
    ),
)


def hinge(state: TaskState) -> FloatArray:
    """How far the door is open. Shape (...,) [rad]."""
    return state.fixture_joints[..., 0]


def latch(state: TaskState) -> FloatArray:
    """How far the handle is turned, either way; down is positive. Shape (...,) [rad]."""
    return state.fixture_joints[..., 1]


def reach(state: TaskState) -> FloatArray:
    """Tool near the handle."""
    return within(distance(state.tool_pos_w, state.object_pos_w[..., 0, :]), radius=0.03, margin=0.25)


def turn(state: TaskState) -> FloatArray:
    """Handle turned, full where the bolt is clear; a door ajar needs no turning any more."""
    turned = np.abs(latch(state)) / UNLOCKED
    ajar = hinge(state) / (OPEN / 2)
    return np.clip(np.maximum(turned, ajar), 0.0, 1.0)


def pull(state: TaskState) -> FloatArray:
    """Door moved, full where it counts as open."""
    return np.clip(hinge(state) / OPEN, 0.0, 1.0)


def opened(state: TaskState) -> NDArray[np.bool_]:
    """Door open and standing still: not one that was flung and swings by."""
    return (hinge(state) > OPEN) & (speed(state) < AT_REST)


# -- robosuite's own: environments/manipulation/door.py, shaped, at scale 1 -------------------------


def robosuite_opened(state: TaskState) -> NDArray[np.bool_]:
    """Door open, swinging or not."""
    return hinge(state) > OPEN


def robosuite_reach(state: TaskState) -> FloatArray:
    """Tool near the handle, until open."""
    near = tanh_near(distance(state.tool_pos_w, state.object_pos_w[..., 0, :]))
    return np.maximum(robosuite_opened(state), near)


def robosuite_turn(state: TaskState) -> FloatArray:
    """Handle turned, full at a right angle, until open."""
    turned = np.clip(np.abs(latch(state)) / (np.pi / 2), 0.0, 1.0)
    return np.maximum(robosuite_opened(state), turned)


ROBOSUITE = RewardPreset(
    rewards={
        "reach": Term(robosuite_reach, 0.25),
        "turn": Term(robosuite_turn, 0.25),
        "success": Term(lambda state: robosuite_opened(state).astype(float), 0.5),
    },
    success=robosuite_opened,
    leaning_pays=True,
)

# -- by hand ---------------------------------------------------------------------------------------
#
# The closed gripper, its broad side along the door, goes down between lever and door. Pulling presses
# it on the lever: friction is enough to lift the lever while it pulls. The door comes ajar before the
# bolt is quite free and rests there, so the gripper can take a fresh hold, lift on, and, once the
# lever has sprung back, pull the door open behind it.

HOOK = np.array([-0.008, 0.01, 0.04])
"""Tool behind the lever, in the handle's frame [m]."""
SEAT = np.array([0.004, 0.01, 0.04])
"""The same, clear of the lever."""
AJAR = 0.06
"""Hinge angle at which the bolt rests on the frame [rad]."""
FREE = 0.15
"""Hinge angle at which the bolt is past the frame [rad]."""
FAR_ENOUGH = 0.34
"""Hinge angle at which the script lets go [rad]."""
HANDLE_RADIUS = 0.32
"""From hinge to handle [m]."""
HOVER_LEVER = 0.08
"""Height of the tool over the lever before it goes down [m]."""


def in_handle(state: TaskState) -> FloatArray:
    """Tool in the frame of the handle. Shape (..., 3) [m]."""
    offset = state.tool_pos_w - state.object_pos_w[..., 0, :]
    return (offset[..., None, :] @ state.object_rot_w[..., 0, :, :])[..., 0, :]


def to_handle(state: TaskState, place: FloatArray, *, above: float = 0.0) -> FloatArray:
    """From the tool to a place in the handle's frame, or to a point above it. Shape (..., 3) [m]."""
    return from_handle(state, place - in_handle(state)) + np.array([0.0, 0.0, above])


def from_handle(state: TaskState, vector: FloatArray) -> FloatArray:
    """A vector of the handle's frame in the world. Shape (..., 3)."""
    return (state.object_rot_w[..., 0, :, :] @ vector[..., None])[..., 0]


def face_door(state: TaskState) -> FloatArray:
    """Rotation that stands the tool upright, its fingers side by side along the door. (..., 3) [rad]."""
    into_door = state.object_rot_w[..., 0, :, 2]
    return point_fingers(state, np.arctan2(into_door[..., 1], into_door[..., 0]) + np.pi / 2)


def haul(place: FloatArray, *, pull: float, lift: float | None = None) -> Goal:
    """Towards the robot and up with the lever; without ``lift``, at the height of the place."""

    def move(state: TaskState) -> FloatArray:
        step = place - in_handle(state)
        step[..., 2] = -pull
        if lift is not None:
            step[..., 0] = lift
        return from_handle(state, step)

    return move


def keep_open(state: TaskState) -> FloatArray:
    """Against the drift of door and arm: back by as much as the door fell shut."""
    step = np.zeros_like(state.tool_pos_w)
    step[..., 2] = -np.clip(FAR_ENOUGH - hinge(state), 0.0, 0.1) * HANDLE_RADIUS
    return from_handle(state, step)


def before_door(state: TaskState) -> FloatArray:
    """To a point above and before the lever, where there is room to turn."""
    return to_handle(state, HOOK - [0.0, 0.0, 0.12], above=HOVER_LEVER)


def over(place: FloatArray) -> Goal:
    """To a point above a place behind the lever."""
    return lambda state: to_handle(state, place, above=HOVER_LEVER)


def down(place: FloatArray) -> Goal:
    """To a place behind the lever."""
    return lambda state: to_handle(state, place)


def arrived(move: Goal, *, within_m: float) -> Done:
    """Little motion still to go."""
    return lambda state: np.linalg.norm(move(state), axis=-1) < within_m


def lowered(place: FloatArray, *, within_m: float) -> Done:
    """Tool at the height of a place."""
    return lambda state: to_handle(state, place)[..., 2] > -within_m


def facing(state: TaskState) -> NDArray[np.bool_]:
    """Tool before the door and turned."""
    return arrived(before_door, within_m=0.03)(state) & (np.abs(face_door(state)[..., 2]) < 0.1)


def settled(state: TaskState) -> NDArray[np.bool_]:
    """Lever level again, tool above it."""
    return (np.abs(latch(state)) < 0.15) & arrived(over(SEAT), within_m=0.012)(state)


def stage(move: Goal, done: Done, *, speed: float = 0.03, min_steps: int = 0) -> Stage:
    """A stage with the gripper closed and facing the door."""
    return Stage(move=move, done=done, turn=face_door, grip=-1.0, speed=speed, min_steps=min_steps)


SCRIPT = (
    stage(before_door, facing),
    stage(over(HOOK), arrived(over(HOOK), within_m=0.012)),
    stage(down(HOOK), lowered(HOOK, within_m=0.004)),
    stage(haul(HOOK, pull=0.02), always, min_steps=3),
    stage(haul(HOOK, pull=0.02, lift=0.015), lambda s: hinge(s) > AJAR),
    stage(down(SEAT), arrived(down(SEAT), within_m=0.008)),
    stage(haul(HOOK, pull=0.04, lift=0.02), lambda s: hinge(s) > FREE, speed=0.05),
    stage(over(SEAT), settled),
    stage(down(SEAT), lowered(SEAT, within_m=0.008)),
    stage(haul(SEAT, pull=0.015), lambda s: hinge(s) > FAR_ENOUGH, speed=0.02),
    stage(keep_open, never),
)

TASK = TaskSpec(
    name="open_door",
    props=(DOOR,),
    rewards={
        "reach": Term(reach, 0.1),
        "turn": Term(turn, 0.15),
        "pull": Term(pull, 0.2),
        "success": Term(lambda state: opened(state).astype(float), 0.55),
    },
    success=opened,
    horizon_s=13.0,
    script=SCRIPT,
    presets={"robosuite": ROBOSUITE},
    needs=("door_handle",),
)
