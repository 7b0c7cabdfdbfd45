"""Open a door: turn the latch, pull the door, leave it standing open (robosuite's ``Door``)."""

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.specs.prop import FixtureProp, Region
from hacpo_robot.specs.script import Stage, never
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import TABLE_TOP, RewardPreset, TaskSpec
from hacpo_robot.specs.terms import TaskState, Term, distance, speed, within

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
    """How far the handle is turned, down positive. Shape (...,) [rad]."""
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


# -- by hand: the closed gripper presses the lever's end down, slides round it, and drags the door ----

GRASP_POINT = np.array([-0.005, -0.02, 0.0])
"""Where on the lever, in the handle's frame [m]: x points along the lever, y into the door, z up."""


def in_handle(state: TaskState) -> FloatArray:
    """Tool in the frame of the handle. Shape (..., 3) [m]."""
    offset = state.tool_pos_w - state.object_pos_w[..., 0, :]
    return (offset[..., None, :] @ state.object_rot_w[..., 0, :, :])[..., 0, :]


def from_handle(state: TaskState, vector: FloatArray) -> FloatArray:
    """A vector of the handle's frame in the world. Shape (..., 3)."""
    return (state.object_rot_w[..., 0, :, :] @ vector[..., None])[..., 0]


def above_handle(state: TaskState) -> FloatArray:
    """To a point over the lever's end."""
    return from_handle(state, GRASP_POINT + [0.0, 0.0, 0.06] - in_handle(state))


def press(state: TaskState) -> FloatArray:
    """Down on the lever, along with it as it turns."""
    error = GRASP_POINT - in_handle(state)
    error[..., 2] = -0.03
    return from_handle(state, error)


def drag(state: TaskState) -> FloatArray:
    """Away from the door frame, still pressing: friction takes the door along."""
    error = GRASP_POINT - in_handle(state)
    error[..., 1], error[..., 2] = -0.02, -0.01
    return from_handle(state, error)


def stay(state: TaskState) -> FloatArray:
    """No motion."""
    return np.zeros_like(state.tool_pos_w)


SCRIPT = (
    Stage(
        move=above_handle,
        grip=-1.0,
        done=lambda s: np.linalg.norm(above_handle(s), axis=-1) < 0.03,
    ),
    Stage(move=press, grip=-1.0, done=lambda s: latch(s) > 1.35, speed=0.015),
    Stage(move=drag, grip=-1.0, done=lambda s: hinge(s) > 0.36, speed=0.015),
    Stage(move=stay, grip=-1.0, done=never),
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
    horizon_s=6.0,
    script=SCRIPT,
    needs=("door_reach",),
)
