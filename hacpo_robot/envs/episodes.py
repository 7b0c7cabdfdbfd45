"""When episodes end, and why: what every environment protocol wraps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.reset import HOME_NOISE
from hacpo_robot.envs.workcell import CONTROL_HZ, Outcome, Workcell, inside
from hacpo_robot.sim.scene import make_scene
from hacpo_robot.specs.prop import Region
from hacpo_robot.specs.randomization import Level, Randomization, level_of
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.signature import FloatArray, IntArray
from hacpo_robot.specs.task import TaskSpec


@dataclass(frozen=True)
class StepResult:
    """What one control step led to, before any world starts anew."""

    outcome: Outcome
    observation: NDArray[np.float32]
    """Shape (n_worlds, observation size)."""
    terminated: NDArray[np.bool_]
    """An object is lost, physics failed, or the tool left its region. Shape (n_worlds,)."""
    truncated: NDArray[np.bool_]
    """Time is up and nothing else ended the episode. Shape (n_worlds,)."""

    @property
    def ended(self) -> NDArray[np.bool_]:
        """For either reason. Shape (n_worlds,)."""
        return self.terminated | self.truncated

    def info(self) -> dict[str, Any]:
        """What infos tell of the step: arrays of shape (n_worlds,), reward terms in a dict of their own."""
        return {
            "is_success": self.outcome.success,
            "is_lost": self.outcome.lost,
            "is_broken": self.outcome.broken,
            "reward_terms": self.outcome.terms,
        }


class Episodes:
    """Owner of a cell and of the age of every world's episode; ended worlds wait for :meth:`begin`.

    ``elapsed`` is what counts against the horizon, shape (n_worlds,), ``returns`` the reward so far.
    """

    def __init__(self, cell: Workcell, *, tool_region: Region | None = None) -> None:
        """Take over a cell.

        Args:
            cell: The worlds.
            tool_region: Where given, an episode also ends when the tool leaves it.
        """
        self.cell = cell
        self.horizon = round(cell.task.horizon_s * CONTROL_HZ)
        self.elapsed = np.zeros(cell.n_worlds, int)
        self._skipped = np.zeros(cell.n_worlds, int)
        self.returns = np.zeros(cell.n_worlds)
        self.n_broken = self.n_lost = 0
        self._tool_region = tool_region
        layout = cell.observer.signature
        self.observation_space = spaces.Box(layout.low.astype(np.float32), layout.high.astype(np.float32))
        self.action_space = spaces.Box(-1.0, 1.0, (cell.action_signature.size,))

    def change_task(self, task: TaskSpec) -> None:
        """Go on with a task that differs in numbers; see :meth:`Workcell.change_task`."""
        self.cell.change_task(task)
        self.horizon = round(task.horizon_s * CONTROL_HZ)

    def begin(self, worlds: IntArray) -> None:
        """Start new episodes. ``worlds`` has shape (k,)."""
        self.cell.reset(worlds)
        self.elapsed[worlds] = self._skipped[worlds] = 0
        self.returns[worlds] = 0.0

    def shorten(self, n_steps: Sequence[int]) -> None:
        """Let the present episodes end so many steps earlier. Shape (n_worlds,)."""
        self.elapsed += n_steps
        self._skipped += n_steps

    @property
    def lengths(self) -> IntArray:
        """Control steps that the present episodes have lasted. Shape (n_worlds,)."""
        return self.elapsed - self._skipped

    def step(self, actions: FloatArray) -> StepResult:
        """Hold actions for one control step. Shape (n_worlds, action size)."""
        outcome = self.cell.step(actions)
        observation = self.observe()
        self.elapsed += 1
        self.returns += outcome.reward
        terminated = outcome.lost
        if self._tool_region is not None:
            terminated = terminated | ~inside(self.cell.state.tool_pos_w, self._tool_region)
        self.n_broken += np.count_nonzero(outcome.broken)
        self.n_lost += np.count_nonzero(outcome.lost & ~outcome.broken)
        return StepResult(outcome, observation, terminated, (self.elapsed >= self.horizon) & ~terminated)

    def observe(self) -> NDArray[np.float32]:
        """What every robot senses now. Shape (n_worlds, observation size)."""
        return self.cell.observe().astype(np.float32)

    def get_state(self) -> dict[str, FloatArray]:
        """Copies of all numbers that decide the future, generators excepted."""
        own = {"elapsed": self.elapsed, "skipped": self._skipped, "return": self.returns}
        return {**self.cell.get_state(), **{name: numbers.copy() for name, numbers in own.items()}}

    def set_state(self, state: dict[str, FloatArray]) -> None:
        """Continue from what :meth:`get_state` returned."""
        self.cell.set_state(state)
        self.elapsed[:], self.returns[:] = state["elapsed"], state["return"]
        self._skipped[:] = state.get("skipped", 0)


def make_episodes(
    robot: RobotSpec | str,
    task: TaskSpec | str,
    n_worlds: int,
    *,
    seed: int = 0,
    n_threads: int | None = None,
    randomization: Randomization | Level | None = None,
) -> Episodes:
    """Worlds of a robot on a task, by their specs or names, that start near home.

    Raises:
        UnknownNameError: no such robot, task or level of randomization; the message lists those that exist.
        InvalidSpecError: the robot cannot do the task; the message says why.
    """
    robot = load_robot(robot) if isinstance(robot, str) else robot
    task = load_task(task) if isinstance(task, str) else task
    varied = level_of(randomization) if isinstance(randomization, str) else randomization
    scene = make_scene(robot, task)
    cell = Workcell(scene, HOME_NOISE, n_worlds, seed=seed, n_threads=n_threads, randomization=varied)
    return Episodes(cell)
