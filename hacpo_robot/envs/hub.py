"""The task-space description that every robot shares: state ``z`` and effect ``e``.

``z`` has two parts: the body (tool and gripper) and the world (objects and goal).
"""

from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.specs.rotation import matrix_of_sixd, rotation_vector, sixd_of_matrix
from hacpo_robot.specs.signature import (
    SIXD,
    XYZ,
    Field,
    FloatArray,
    Signature,
    symmetric_field,
    uniform_field,
)
from hacpo_robot.specs.task import TaskSpec
from hacpo_robot.specs.terms import TaskState

OPEN = 0.055
"""Width from which on a gripper is open [m]: how far is its own affair, as hands open by 60 to 127 mm."""

BODY = Signature(
    (
        uniform_field("tool_pos", XYZ, 2.0, unit="m", frame="world"),
        uniform_field("tool_rot", SIXD, 1.0, unit="1", frame="world"),
        uniform_field("tool_vel", XYZ, 5.0, unit="m/s", frame="world"),
        Field(name="gripper_width", elements=("width",), unit="m", low=(-0.01,), high=(OPEN,)),
        uniform_field("gripper_command", ("opening",), 1.0, unit="1"),
    )
)
"""Layout of the body part of ``z``."""

EFFECT = Signature(
    (
        uniform_field("translation", XYZ, 0.5, unit="m", frame="world"),
        uniform_field("rotation", XYZ, np.pi, unit="rad", frame="world"),
        Field(name="gripper", elements=("width",), unit="m", low=(-0.01,), high=(0.2,)),
    )
)
"""Layout of ``e``: what one action did to the tool, and the width that it asked of the gripper."""


def _object_fields(name: str) -> tuple[Field, ...]:
    return (
        uniform_field(f"{name}_pos", XYZ, 2.0, unit="m", frame="world"),
        uniform_field(f"{name}_rot", SIXD, 1.0, unit="1", frame="world"),
        uniform_field(f"{name}_vel", XYZ, 5.0, unit="m/s", frame="world"),
        uniform_field(f"{name}_touch", ("left", "right"), 1.0, unit="1"),
    )


OBJECT = Signature(_object_fields("object"))
"""Layout of what the world part of ``z`` says of one object."""


def world_signature(task: TaskSpec) -> Signature:
    """Layout of the world part of ``z`` for one task."""
    names = [prop.name for prop in task.props]
    per_prop = [field for name in names for field in _object_fields(name)]
    pairs = tuple(f"{one}_{other}" for one, other in combinations(names, 2))
    rest = (
        uniform_field("contact", pairs, 1.0, unit="1"),
        _fixture_field(task),
        uniform_field("goal_pos", XYZ, 2.0, unit="m", frame="world"),
    )
    return Signature((*per_prop, *(field for field in rest if field.size)))


def _fixture_field(task: TaskSpec) -> Field:
    units = task.fixture_units
    bounds = [2.0 if unit == "m" else np.pi for unit in units]
    return symmetric_field("fixture_joints", task.fixture_joints, bounds, units=units or ("rad",))


def body_vector(state: TaskState) -> FloatArray:
    """Body part of ``z``. Shape (n, BODY.size)."""
    return np.concatenate(
        [
            state.tool_pos_w,
            sixd_of_matrix(state.tool_rot_w),
            state.tool_vel_w,
            np.minimum(state.gripper_width, OPEN),
            state.gripper_command,
        ],
        axis=-1,
    )


def world_vector(state: TaskState) -> FloatArray:
    """World part of ``z``. Shape (n, world_signature(task).size)."""
    objects = np.concatenate(
        [state.object_pos_w, sixd_of_matrix(state.object_rot_w), state.object_vel_w, state.touch], axis=-1
    )
    one, other = _pairs(state.contact.shape[-1])
    flat = objects.reshape(*objects.shape[:-2], -1)
    contact = state.contact[..., one, other]
    return np.concatenate([flat, contact, state.fixture_joints, state.goal_pos_w], axis=-1)


def task_state(body: FloatArray, world: FloatArray, n_objects: int) -> TaskState:
    """The task state that a hub state describes; inverse of the two functions above but for wide grippers."""
    part = BODY.split(body)
    n_pairs = n_objects * (n_objects - 1) // 2
    size = n_objects * OBJECT.size
    flat, contacts, joints, goal = np.split(world, [size, size + n_pairs, -len(XYZ)], axis=-1)
    objects = OBJECT.split(flat.reshape(*world.shape[:-1], n_objects, OBJECT.size))
    contact = np.zeros((*world.shape[:-1], n_objects, n_objects))
    one, other = _pairs(n_objects)
    contact[..., one, other] = contact[..., other, one] = contacts
    return TaskState(
        tool_pos_w=part["tool_pos"],
        tool_rot_w=matrix_of_sixd(part["tool_rot"]),
        tool_vel_w=part["tool_vel"],
        gripper_width=part["gripper_width"],
        gripper_command=part["gripper_command"],
        object_pos_w=objects["object_pos"],
        object_rot_w=matrix_of_sixd(objects["object_rot"]),
        object_vel_w=objects["object_vel"],
        touch=objects["object_touch"],
        contact=contact,
        fixture_joints=joints,
        goal_pos_w=goal,
    )


def compute_effect(before: TaskState, after: TaskState, width: FloatArray) -> FloatArray:
    """What a control step did: tool translation, rotation vector, commanded gripper width. Shape (n, 7)."""
    turn = after.tool_rot_w @ before.tool_rot_w.swapaxes(-1, -2)
    return np.concatenate([after.tool_pos_w - before.tool_pos_w, rotation_vector(turn), width], axis=-1)


@cache
def _pairs(n: int) -> tuple[NDArray[np.intp], ...]:
    """Of two different objects among ``n``: the numbers of the first, and of the second."""
    return np.triu_indices(n, 1)
