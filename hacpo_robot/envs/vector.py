"""Stable-Baselines3 vector environment of one robot on one task, all worlds in one native call."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from hacpo_robot.envs.cell import CONTROL_HZ, Cell, Outcome, inside
from hacpo_robot.envs.hub import BODY, EFFECT, body_vector, task_state, world_signature, world_vector
from hacpo_robot.envs.reset import HOME_NOISE
from hacpo_robot.sim.scene import make_scene
from hacpo_robot.specs.prop import Region
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import TABLE_TOP, TaskSpec

BABBLE_NOISE = 0.2
"""Spread of the joints around home when calibration starts an episode [rad]."""
BABBLE_REGION = Region(x=(-0.3, 0.3), y=(-0.35, 0.35), z=(TABLE_TOP + 0.005, TABLE_TOP + 0.5))
"""Calibration ends an episode when the tool leaves this box."""


class ManipulationVecEnv(VecEnv):
    """``n_envs`` worlds with automatic reset, bounded observations and actions in [-1, 1].

    Episodes end by time (``TimeLimit.truncated``) or when an object leaves the workspace or
    physics fails in that world; the others never notice. Infos of an ended episode carry
    ``terminal_observation``, ``is_success`` (at the last step) and ``episode``.

    Beyond SB3's protocol it offers the readout that sharing needs: ``body_signature``,
    ``world_signature``, ``effect_signature``, :meth:`hub_state`, :meth:`effect`,
    :meth:`sense_world`.
    """

    body_signature = BODY
    effect_signature = EFFECT
    render_mode = None

    def __init__(self, cell: Cell, *, tool_region: Region | None = None, stagger: bool = False) -> None:
        """Wrap a cell.

        Args:
            cell: The worlds, owned by this environment from now on.
            tool_region: Where given, an episode also ends when the tool leaves it.
            stagger: Let first episodes be shorter by chance, so that the worlds do not all
                reset together.
        """
        self.cell = cell
        self.robot, self.task = cell.robot, cell.task
        self.world_signature = world_signature(cell.task)
        self.observation_signature = cell.observer.signature
        self.action_signature = cell.action_signature
        self.body_names, self.world_names = cell.observer.body_names, cell.observer.world_names
        self.horizon = round(cell.task.horizon_s * CONTROL_HZ)
        self.n_broken = self.n_lost = 0
        self._tool_region, self._stagger = tool_region, stagger
        self._actions = np.zeros((cell.n_worlds, self.action_signature.size))
        self._elapsed = np.zeros(cell.n_worlds, int)
        self._return = np.zeros(cell.n_worlds)
        self._began = time.monotonic()
        low, high = self.observation_signature.low, self.observation_signature.high
        super().__init__(
            cell.n_worlds,
            spaces.Box(low.astype(np.float32), high.astype(np.float32)),
            spaces.Box(-1.0, 1.0, (self.action_signature.size,)),
        )

    def reset(self) -> NDArray[np.float32]:
        """Start every world anew. Shape (n_envs, observation size)."""
        if self._seeds[0] is not None:
            self.cell.seed(int(self._seeds[0]))
            self._reset_seeds()
        self.cell.reset(np.arange(self.num_envs))
        self._elapsed[:] = [d.integers(self.horizon) for d in self.cell.dice] if self._stagger else 0
        self._return[:] = 0.0
        return self._observation()

    def step_async(self, actions: FloatArray) -> None:
        """Note the actions for :meth:`step_wait`."""
        self._actions = np.asarray(actions, float)

    def step_wait(self) -> VecEnvStepReturn:
        """Step all worlds and start those anew whose episode ended."""
        outcome = self.cell.step(self._actions)
        observation = self._observation()
        self._elapsed += 1
        self._return += outcome.reward
        terminated = outcome.lost
        if self._tool_region is not None:
            terminated = terminated | ~inside(self.cell.state.tool_pos_w, self._tool_region)
        ended = terminated | (self._elapsed >= self.horizon)
        self.n_broken += int(outcome.broken.sum())
        self.n_lost += int((outcome.lost & ~outcome.broken).sum())
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        worlds = np.flatnonzero(ended)
        for world in worlds:
            infos[world] = self._episode_info(world, outcome, observation, bool(terminated[world]))
        if len(worlds):
            self.cell.reset(worlds)
            self._elapsed[worlds] = 0
            self._return[worlds] = 0.0
            observation = self._observation()
        self.last_success = outcome.success
        return observation, outcome.reward.astype(np.float32), ended, infos

    def _episode_info(
        self, world: int, outcome: Outcome, observation: NDArray[np.float32], terminated: bool
    ) -> dict[str, Any]:
        return {
            "terminal_observation": observation[world].copy(),
            "TimeLimit.truncated": not terminated,
            "is_success": bool(outcome.success[world]),
            "episode": {
                "r": float(self._return[world]),
                "l": int(self._elapsed[world]),
                "t": round(time.monotonic() - self._began, 6),
            },
        }

    def _observation(self) -> NDArray[np.float32]:
        return self.cell.observe().astype(np.float32)

    # -- readout for sharing -------------------------------------------------------------------

    def hub_state(self) -> tuple[FloatArray, FloatArray]:
        """Body and world part of ``z`` now. Shapes (n_envs, body size), (n_envs, world size)."""
        return body_vector(self.cell.state), world_vector(self.cell.state)

    def effect(self) -> FloatArray:
        """What the last step did to the tool, before any reset. Shape (n_envs, effect size)."""
        return self.cell.effect()

    def sense_world(self, body: FloatArray, world: FloatArray) -> FloatArray:
        """How this robot would sense the world fields of a hub state. Shape (n, world fields)."""
        return self.cell.observer.observe_world(task_state(body, world, len(self.task.props)))

    @property
    def dice(self) -> list[np.random.Generator]:
        """Each world's own generator."""
        return self.cell.dice

    # -- checkpoints ---------------------------------------------------------------------------

    def get_state(self) -> dict[str, FloatArray]:
        """Copies of all numbers that decide the future, dice excepted."""
        return {**self.cell.get_state(), "elapsed": self._elapsed.copy(), "return": self._return.copy()}

    def set_state(self, state: dict[str, FloatArray]) -> NDArray[np.float32]:
        """Continue from what :meth:`get_state` returned; the observation to continue with."""
        self.cell.set_state(state)
        self._elapsed[:], self._return[:] = state["elapsed"], state["return"]
        return self._observation()

    # -- the rest of SB3's protocol ------------------------------------------------------------

    def close(self) -> None:
        """Stop the native threads."""
        self.cell.worlds.close()

    def get_attr(self, attr_name: str, indices: None | int | Iterable[int] = None) -> list[Any]:
        """The attribute, once per world asked for."""
        return [getattr(self, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: None | int | Iterable[int] = None) -> None:  # noqa: ANN401, ARG002
        """Set the attribute; all worlds share it."""
        setattr(self, attr_name, value)

    def env_method(
        self,
        method_name: str,
        *method_args: Any,  # noqa: ANN401
        indices: None | int | Iterable[int] = None,
        **method_kwargs: Any,  # noqa: ANN401
    ) -> list[Any]:
        """Call a method once; all worlds share the answer."""
        answer = getattr(self, method_name)(*method_args, **method_kwargs)
        return [answer for _ in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: type, indices: None | int | Iterable[int] = None) -> list[bool]:  # noqa: ARG002
        """Never: there is no inner environment to wrap."""
        return [False for _ in self._get_indices(indices)]

    def get_images(self) -> Sequence[None]:
        """No pictures here; see ``hacpo_robot.sim.camera``."""
        return [None] * self.num_envs


def make_vec_env(
    robot: RobotSpec,
    task: TaskSpec,
    n_envs: int = 64,
    seed: int = 0,
    *,
    n_threads: int | None = None,
    stagger: bool = False,
) -> ManipulationVecEnv:
    """A vector environment of a robot on a task.

    Args:
        robot: From :func:`hacpo_robot.load_robot`.
        task: From :func:`hacpo_robot.load_task`.
        n_envs: Worlds stepped together.
        seed: World ``i`` depends on ``(seed, i)`` only.
        n_threads: Native threads; all cores when not given. The result does not depend on it.
        stagger: Shorten first episodes by chance; right for training, wrong for evaluation.
    """
    cell = Cell(make_scene(robot, task), HOME_NOISE, n_envs, seed=seed, n_threads=n_threads)
    return ManipulationVecEnv(cell, stagger=stagger)


def make_babble_env(robot: RobotSpec, task: TaskSpec, n_envs: int, seed: int) -> ManipulationVecEnv:
    """The environment of motor babbling: starts in wide postures, ends where the tool leaves the table."""
    cell = Cell(make_scene(robot, task), BABBLE_NOISE, n_envs, seed=seed)
    return ManipulationVecEnv(cell, tool_region=BABBLE_REGION)
