"""Simulation speed beside robosuite's own, same arm, same task, same cores, same run."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.cell import CONTROL_HZ
from hacpo_robot.envs.robosuite import make_robosuite
from hacpo_robot.envs.vector import make_vec_env

N_ENVS = 64
SECONDS = 4.0
"""Time given to each measurement."""
WARM_UP = 20
"""Steps before the clock starts."""


@dataclass(frozen=True)
class Speed:
    """Control steps per second of one arm."""

    robot: str
    task: str
    ours: float
    """All worlds of the vector environment together."""
    robosuite: float
    """One robosuite environment in one process."""

    @property
    def ratio(self) -> float:
        """How many times robosuite's speed."""
        return self.ours / self.robosuite


def measure(robot_name: str, task_name: str) -> Speed:
    """Random actions in both simulators, one after the other.

    Raises:
        InvalidSpecError: robosuite has no such robot or task.
    """
    robot, task = load_robot(robot_name), load_task(task_name)
    rng = np.random.default_rng(0)
    theirs = make_robosuite(robot, task, control_hz=CONTROL_HZ)
    theirs.reset()
    low, high = theirs.action_spec
    robosuite_speed = _rate(lambda: theirs.step(rng.uniform(low, high)))
    theirs.close()
    ours = make_vec_env(robot, task, N_ENVS, seed=0)
    ours.reset()
    size = ours.action_signature.size
    our_speed = N_ENVS * _rate(lambda: ours.step(rng.uniform(-1.0, 1.0, (N_ENVS, size))))
    ours.close()
    return Speed(robot_name, task_name, our_speed, robosuite_speed)


def machine() -> dict[str, str | int | None]:
    """Where the figures come from."""
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "platform": platform.platform(),
        "python": platform.python_version(),
    }


def _rate(step: Callable[[], object]) -> float:
    """Calls per second."""
    for _ in range(WARM_UP):
        step()
    began, calls = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        step()
        calls += 1
    return calls / (time.perf_counter() - began)
