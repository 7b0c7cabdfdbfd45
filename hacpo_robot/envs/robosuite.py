"""robosuite's own environments, for comparison; the only door to that library's code."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.task import TaskSpec

TASKS = {"lift": "Lift"}
"""Tasks that robosuite has too, and its names for them."""


def check_counterpart(robot: RobotSpec, task: TaskSpec) -> None:
    """Raise where robosuite has no such robot or task.

    Raises:
        InvalidSpecError: the message lists the tasks it has.
    """
    if task.name not in TASKS or robot.robosuite_name is None:
        raise InvalidSpecError(
            f"robosuite has no counterpart of {robot.name!r} on {task.name!r}; tasks: {', '.join(TASKS)}"
        )


def make_robosuite(robot: RobotSpec, task: TaskSpec, *, control_hz: int) -> Any:  # noqa: ANN401
    """Robosuite's environment of the same arm and task, without cameras.

    Args:
        robot: Must name its counterpart in ``robosuite_name``.
        task: One of ``TASKS``.
        control_hz: Control steps per second.

    Raises:
        InvalidSpecError: robosuite has no such robot or task.
    """
    check_counterpart(robot, task)
    with _quiet():
        import robosuite

        logging.getLogger("robosuite_logs").setLevel(logging.ERROR)
        return robosuite.make(
            TASKS[task.name],
            robots=robot.robosuite_name,
            gripper_types="PandaGripper",
            has_renderer=False,
            has_offscreen_renderer=False,
            use_camera_obs=False,
            reward_shaping=True,
            control_freq=control_hz,
            horizon=1_000_000,
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """No log lines: robosuite warns of optional parts that nobody here uses."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
