"""robosuite's own environments; the only door to that library's code."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from hacpo_robot.control.joint import joint_scale
from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.sim.response import joint_response, tool_response
from hacpo_robot.sim.scene import Scene
from hacpo_robot.specs.action import CartesianDelta, JointVelocity
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import TaskSpec


@dataclass(frozen=True)
class Counterpart:
    """A task as robosuite has it."""

    name: str
    props: Mapping[str, str]
    """Our names of the objects to robosuite's."""


COUNTERPARTS = {
    "lift": Counterpart("Lift", {"cube": "cube"}),
    "stack": Counterpart("Stack", {"cube_a": "cubeA", "cube_b": "cubeB"}),
    "open_door": Counterpart("Door", {"door": "Door"}),
}
"""Tasks that robosuite has too."""
NATIVE_GRIPPER = "default"
"""The gripper that an arm has in robosuite, and here."""
AHEAD = 1.0
"""How far ahead the goal of a joint lies that is commanded by velocity [s]: so far that it pulls alike
during the whole control step."""


def check_counterpart(robot: RobotSpec, task: TaskSpec) -> None:
    """Raise where robosuite has no such robot or task.

    Raises:
        InvalidSpecError: the message lists the tasks it has.
    """
    if task.name not in COUNTERPARTS or robot.robosuite_name is None:
        raise InvalidSpecError(
            f"robosuite has no counterpart of {robot.name!r} on {task.name!r}; "
            f"tasks: {', '.join(COUNTERPARTS)}"
        )


def make_robosuite(
    robot: RobotSpec,
    task: TaskSpec,
    *,
    control_hz: int,
    gripper: str = NATIVE_GRIPPER,
    controller: Mapping[str, Any] | None = None,
) -> Any:  # noqa: ANN401
    """Robosuite's environment of the same arm and task, without cameras; it never ends by itself.

    Args:
        robot: Must name its counterpart in ``robosuite_name``.
        task: One of ``COUNTERPARTS``.
        control_hz: Control steps per second.
        gripper: robosuite's name of a gripper.
        controller: Settings of the arm's controller; robosuite's own where not given.

    Raises:
        InvalidSpecError: robosuite has no such robot or task.
    """
    check_counterpart(robot, task)
    configuration = None
    if controller is not None:
        parts = {"right": {**controller, "gripper": {"type": "GRIP"}}}
        configuration = {"type": "BASIC", "body_parts": parts}
    with _quiet():
        import robosuite

        logging.getLogger("robosuite_logs").setLevel(logging.ERROR)
        return robosuite.make(
            COUNTERPARTS[task.name].name,
            robots=robot.robosuite_name,
            gripper_types=gripper,
            controller_configs=configuration,
            has_renderer=False,
            has_offscreen_renderer=False,
            use_camera_obs=False,
            reward_shaping=True,
            control_freq=control_hz,
            ignore_done=True,
        )


def controller_like(scene: Scene) -> dict[str, Any]:
    """Settings of robosuite's controller that takes commands of the same kind, size and frame as ours.

    Its gains are accelerations; they are those with which our arm answers at home. robosuite 1.5.2 cannot
    build its joint velocity controller (it assigns to a property without a setter): a soft position loop
    with its goal far ahead does the same.
    """
    robot, action = scene.robot, scene.robot.action
    if isinstance(action, CartesianDelta):
        scale = np.repeat([action.position_scale, action.rotation_scale], 3)
        answer = tool_response(scene)
        loop = _delta_loop(scale, answer.stiffness, answer.damping)
        return {"type": "OSC_POSE", "input_ref_frame": "world", **loop}
    scale = joint_scale(action, robot.arm)
    answer = joint_response(scene)
    if isinstance(action, JointVelocity):
        loop = _delta_loop(AHEAD * scale, answer.damping / AHEAD, answer.damping)
    else:
        loop = _delta_loop(scale, answer.stiffness, answer.damping)
    return {"type": "JOINT_POSITION", **loop}


def _delta_loop(scale: FloatArray, stiffness: FloatArray, damping: FloatArray) -> dict[str, Any]:
    return {
        "input_type": "delta",
        "input_max": 1,
        "input_min": -1,
        "output_max": scale.tolist(),
        "output_min": (-scale).tolist(),
        "kp": stiffness.tolist(),
        "damping_ratio": (damping / (2 * np.sqrt(stiffness))).tolist(),
        "impedance_mode": "fixed",
        "interpolation": None,
        "ramp_ratio": 0.2,
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """No log lines: robosuite warns of optional parts that nobody here uses."""
    before = logging.root.manager.disable
    logging.disable(max(before, logging.WARNING))
    try:
        yield
    finally:
        logging.disable(before)
