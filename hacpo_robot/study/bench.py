"""Speed: of simulation beside robosuite's own on the same cores in the same run; of an exported policy."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.robosuite import make_robosuite
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.envs.workcell import CONTROL_HZ
from hacpo_robot.export.candidate import Candidate
from hacpo_robot.export.exporter import export_policy
from hacpo_robot.export.metadata import Provenance
from hacpo_robot.export.runtime import load_policy
from hacpo_robot.learning.learner import make_learner
from hacpo_robot.sim.worlds import NativeRollout
from hacpo_robot.specs.training import PPOSettings

N_ENVS = 64
SECONDS = 4.0
"""Time given to each measurement."""
WARM_UP = 20
"""Steps before the clock starts."""
MAX_STEPS = 5000
"""Steps that actions are drawn for, beforehand."""
N_CALLS = 20_000
"""Actions that an exported policy is asked for."""


@dataclass(frozen=True)
class Speed:
    """Control steps per second of one arm."""

    robot: str
    task: str
    ours: float
    """All worlds of the vector environment together."""
    robosuite: float
    """One robosuite environment in one process."""
    overhead: float
    """Time of a step outside MuJoCo's native call, per time inside it."""

    @property
    def ratio(self) -> float:
        """How many times robosuite's speed."""
        return self.ours / self.robosuite


class Stopwatch:
    """Times the native calls of a vector environment from within its own loop, resets included."""

    def __init__(self, native: NativeRollout) -> None:
        """Stand before the native call."""
        self._native = native
        self.seconds = 0.0

    def rollout(self, *args: Any, **kwargs: Any) -> object:  # noqa: ANN401
        """Pass the call on and count its time."""
        began = time.perf_counter()
        answer = self._native.rollout(*args, **kwargs)
        self.seconds += time.perf_counter() - began
        return answer

    def close(self) -> None:
        """Pass the call on."""
        self._native.close()


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
    calls, seconds = _repeat(lambda: theirs.step(rng.uniform(low, high)))
    robosuite_speed = calls / seconds
    theirs.close()
    ours = make_vec_env(robot, task, N_ENVS, seed=0)
    ours.reset()
    worlds, size = ours.cell.worlds, ours.action_signature.size
    worlds.native = stopwatch = Stopwatch(worlds.native)
    actions = iter(rng.uniform(-1.0, 1.0, (MAX_STEPS, N_ENVS, size)))
    for _ in range(WARM_UP):
        ours.step(next(actions))
    stopwatch.seconds = 0.0
    calls, seconds = _repeat(lambda: ours.step(next(actions)))
    ours.close()
    overhead = seconds / stopwatch.seconds - 1
    return Speed(robot_name, task_name, N_ENVS * calls / seconds, robosuite_speed, overhead)


@dataclass(frozen=True)
class Latency:
    """Time from raw sensor values to an action, checks included, on one thread [us]."""

    robot: str
    task: str
    median_us: float
    p99_us: float


def measure_latency(robot_name: str, task_name: str) -> Latency:
    """Ask an exported policy of the size that training makes; what it has learned does not matter."""
    robot, task = load_robot(robot_name), load_task(task_name)
    env = make_vec_env(robot, task, 1, seed=0)
    settings = PPOSettings(n_envs=1, batch_size=32, lr_decay=0.0)
    model = make_learner(robot_name, env, settings, 0, None).model
    model.learn(1)
    actions = np.random.default_rng(0).uniform(-1.0, 1.0, (WARM_UP, 1, env.action_signature.size))
    recorded = np.concatenate([np.asarray(env.step(action)[0]) for action in actions])
    with TemporaryDirectory() as folder:
        provenance = Provenance(run="bench", step=0, seed=0, sharing="none", robots=(robot_name,))
        export_policy(Candidate(model=model, env=env), Path(folder) / robot_name, provenance, [recorded])
        policy = load_policy(Path(folder) / robot_name / "policy.onnx")
    env.close()
    sensors = env.observation_signature.split(recorded[-1])
    seconds = np.empty(N_CALLS)
    for i in range(N_CALLS):
        began = time.perf_counter()
        policy.act(sensors)
        seconds[i] = time.perf_counter() - began
    median, p99 = 1e6 * np.quantile(seconds, [0.5, 0.99])
    return Latency(robot_name, task_name, float(median), float(p99))


def machine() -> dict[str, str | int | None]:
    """Where the figures come from."""
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "platform": platform.platform(),
        "python": platform.python_version(),
    }


def _repeat(step: Callable[[], object]) -> tuple[int, float]:
    """Calls made in the time given, and the time they took [s]."""
    began, calls = time.perf_counter(), 0
    while calls < MAX_STEPS - WARM_UP and time.perf_counter() - began < SECONDS:
        step()
        calls += 1
    return calls, time.perf_counter() - began
