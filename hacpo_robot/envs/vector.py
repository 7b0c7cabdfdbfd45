"""Stable-Baselines3 vector environment of one robot on one task, all worlds in one native call."""

import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from hacpo_robot.envs.episodes import Episodes, StepResult, make_episodes
from hacpo_robot.envs.hub import BODY, EFFECT, body_vector, task_state, world_signature, world_vector
from hacpo_robot.envs.workcell import Workcell
from hacpo_robot.sim.scene import make_scene
from hacpo_robot.specs.prop import Region
from hacpo_robot.specs.randomization import Randomization
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

    def __init__(self, episodes: Episodes, *, stagger: bool = False) -> None:
        """Wrap the episodes of a cell.

        Args:
            episodes: The worlds, owned by this environment from now on.
            stagger: Let first episodes be shorter by chance, so that the worlds do not all
                reset together.
        """
        self.episodes = episodes
        self.cell = cell = episodes.cell
        self.robot, self.task = cell.robot, cell.task
        self.world_signature = world_signature(cell.task)
        self.observation_signature = cell.observer.signature
        self.action_signature = cell.action_signature
        self.command_signature, self.command_scale = cell.command_signature, cell.command_scale
        self.body_names, self.world_names = cell.observer.body_names, cell.observer.world_names
        self.horizon = self.episodes.horizon
        self._stagger = stagger
        self._actions = np.zeros((cell.n_worlds, self.action_signature.size))
        self._began = time.monotonic()
        super().__init__(cell.n_worlds, self.episodes.observation_space, self.episodes.action_space)

    def change_task(self, task: TaskSpec) -> None:
        """Go on with a task that differs in numbers, in mid-training if need be.

        Raises:
            InvalidSpecError: it has other objects, or a goal more or less.
        """
        self.episodes.change_task(task)
        self.task, self.horizon = task, self.episodes.horizon

    @property
    def n_broken(self) -> int:
        """Worlds so far in which physics failed."""
        return self.episodes.n_broken

    @property
    def n_lost(self) -> int:
        """Worlds so far in which an object left the workspace."""
        return self.episodes.n_lost

    def reset(self) -> NDArray[np.float32]:
        """Start every world anew. Shape (n_envs, observation size)."""
        if self._seeds[0] is not None:
            self.cell.seed(int(self._seeds[0]))
            self._reset_seeds()
        self.episodes.begin(np.arange(self.num_envs))
        if self._stagger:
            self.episodes.shorten([rng.integers(self.horizon) for rng in self.cell.rngs])
        return self.episodes.observe()

    def step_async(self, actions: FloatArray) -> None:
        """Note the actions for :meth:`step_wait`."""
        self._actions = np.asarray(actions, float)

    def step_wait(self) -> VecEnvStepReturn:
        """Step all worlds and start those anew whose episode ended."""
        step = self.episodes.step(self._actions)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        observation, ended = step.observation, step.ended
        (worlds,) = ended.nonzero()
        for world in worlds:
            infos[world] = self._episode_info(world, step)
        if len(worlds):
            self.episodes.begin(worlds)
            observation = self.episodes.observe()
        self.last_success = step.outcome.success
        return observation, step.outcome.reward.astype(np.float32), ended, infos

    def _episode_info(self, world: int, step: StepResult) -> dict[str, Any]:
        return {
            "terminal_observation": step.observation[world].copy(),
            "TimeLimit.truncated": bool(step.truncated[world]),
            "is_success": bool(step.outcome.success[world]),
            "episode": {
                "r": float(self.episodes.returns[world]),
                "l": int(self.episodes.lengths[world]),
                "t": round(time.monotonic() - self._began, 6),
            },
        }

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
    def rngs(self) -> list[np.random.Generator]:
        """Each world's own generator."""
        return self.cell.rngs

    # -- checkpoints ---------------------------------------------------------------------------

    def get_state(self) -> dict[str, FloatArray]:
        """Copies of all numbers that decide the future, generators excepted."""
        return self.episodes.get_state()

    def set_state(self, state: dict[str, FloatArray]) -> NDArray[np.float32]:
        """Continue from what :meth:`get_state` returned; the observation to continue with."""
        self.episodes.set_state(state)
        return self.episodes.observe()

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
    randomization: Randomization | None = None,
) -> ManipulationVecEnv:
    """A vector environment of a robot on a task.

    Args:
        robot: From :func:`hacpo_robot.load_robot`.
        task: From :func:`hacpo_robot.load_task`.
        n_envs: Worlds stepped together.
        seed: World ``i`` depends on ``(seed, i)`` only.
        n_threads: Native threads; all cores when not given. The result does not depend on it.
        stagger: Shorten first episodes by chance; right for training, wrong for evaluation.
        randomization: How much worlds differ from each other, and from episode to episode.

    Raises:
        InvalidSpecError: the robot cannot do the task; the message says why.
    """
    episodes = make_episodes(robot, task, n_envs, seed=seed, n_threads=n_threads, randomization=randomization)
    return ManipulationVecEnv(episodes, stagger=stagger)


def make_babble_env(robot: RobotSpec, task: TaskSpec, n_envs: int, seed: int) -> ManipulationVecEnv:
    """The environment of motor babbling: starts in wide postures, ends where the tool leaves the table.

    Args:
        robot: Whose body is to be known.
        task: Whose objects lie there; nothing is made of them.
        n_envs: Worlds stepped together.
        seed: World ``i`` depends on ``(seed, i)`` only.

    Raises:
        InvalidSpecError: the robot cannot do the task; the message says why.
    """
    cell = Workcell(make_scene(robot, task), BABBLE_NOISE, n_envs, seed=seed)
    return ManipulationVecEnv(Episodes(cell, tool_region=BABBLE_REGION))
