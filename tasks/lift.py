"""Lift: pick a cube from the table and hold it in the air (robosuite's ``Lift``)."""

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.specs.prop import BoxProp, Region
from hacpo_robot.specs.script import Stage, grasping, never, raise_to
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import TABLE_TOP, RewardPreset, TaskSpec
from hacpo_robot.specs.terms import (
    TaskState,
    Term,
    distance,
    once_per_state,
    pinched,
    speed,
    tanh_near,
    within,
)

HALF_SIZE = 0.021
"""Half edge of the cube [m]; the middle of robosuite's 0.020 to 0.022."""
HEIGHT = 0.04
"""Clearance under the cube that counts as lifted [m]."""
CEILING = 0.40
"""Clearance above which the cube was thrown, not lifted [m]."""
SPEED = 0.25
"""From here on the cube counts as thrown, though the fingertips still touch it [m/s]."""

CUBE = BoxProp(
    name="cube",
    half_size=(HALF_SIZE, HALF_SIZE, HALF_SIZE),
    start=Region(
        x=(-0.03, 0.03),
        y=(-0.03, 0.03),
        z=(TABLE_TOP + HALF_SIZE, TABLE_TOP + HALF_SIZE),
        yaw=(0.0, 2 * np.pi),
    ),
)


def clearance(state: TaskState) -> FloatArray:
    """Height of the cube's centre above its place on the table. Shape (...,) [m]."""
    return state.object_pos_w[..., 0, 2] - (TABLE_TOP + HALF_SIZE)


@once_per_state
def to_cube(state: TaskState) -> FloatArray:
    """From the tool to the cube's centre. Shape (...,) [m]."""
    return distance(state.tool_pos_w, state.object_pos_w[..., 0, :])


def reach(state: TaskState) -> FloatArray:
    """Tool near the cube, seen from afar."""
    return within(to_cube(state), radius=0.01, margin=0.25)


def centre(state: TaskState) -> FloatArray:
    """Cube between the fingertips."""
    return within(to_cube(state), radius=0.005, margin=0.05)


def grasp(state: TaskState) -> FloatArray:
    """Both fingertips on the cube."""
    return pinched(state).astype(float)


def unload(state: TaskState) -> FloatArray:
    """Cube off the table while grasped, full at 1 cm: the first millimetres are the hardest to find."""
    return np.clip(clearance(state) / 0.01, 0.0, 1.0) * pinched(state)


def raise_cube(state: TaskState) -> FloatArray:
    """Height gained while grasped, full at the height that counts."""
    return np.clip(clearance(state) / HEIGHT, 0.0, 1.0) * pinched(state)


def hold(state: TaskState) -> FloatArray:
    """Lifted and at rest: without this, arms carry the cube away once they have it."""
    return lifted(state) * within(speed(state), radius=0.02, margin=0.3)


@once_per_state
def lifted(state: TaskState) -> NDArray[np.bool_]:
    """Cube held in the air by both fingertips, neither on the table nor thrown."""
    height = clearance(state)
    return (height > HEIGHT) & (height < CEILING) & pinched(state) & (speed(state) < SPEED)


# -- robosuite's own: environments/manipulation/lift.py, shaped, at scale 1 -------------------------


def robosuite_lifted(state: TaskState) -> NDArray[np.bool_]:
    """Cube's centre 4 cm above the table, held or thrown."""
    return state.object_pos_w[..., 0, 2] > TABLE_TOP + 0.04


def robosuite_reach(state: TaskState) -> FloatArray:
    """Tool near the cube, until lifted."""
    return np.maximum(robosuite_lifted(state), tanh_near(to_cube(state)))


def robosuite_grasp(state: TaskState) -> FloatArray:
    """Both fingertips on the cube, until lifted."""
    return (robosuite_lifted(state) | pinched(state)).astype(float)


ROBOSUITE = RewardPreset(
    rewards={
        "reach": Term(robosuite_reach, 1.0 / 2.25),
        "grasp": Term(robosuite_grasp, 0.25 / 2.25),
        "success": Term(lambda state: robosuite_lifted(state).astype(float), 1.0 / 2.25),
    },
    success=robosuite_lifted,
    leaning_pays=True,
)

SCRIPT = (
    *grasping(),
    Stage(move=lambda s: raise_to(s, TABLE_TOP + 0.12), grip=-1.0, done=never),
)

TASK = TaskSpec(
    name="lift",
    props=(CUBE,),
    rewards={
        "reach": Term(reach, 0.03),
        "centre": Term(centre, 0.03),
        "grasp": Term(grasp, 0.04),
        "unload": Term(unload, 0.1),
        "raise": Term(raise_cube, 0.15),
        "hold": Term(hold, 0.1),
        "success": Term(lambda state: lifted(state).astype(float), 0.55),
    },
    success=lifted,
    horizon_s=5.0,
    script=SCRIPT,
    presets={"robosuite": ROBOSUITE},
)
