"""Gymnasium vector environment of one robot on one task, all worlds in one native call."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from hacpo_robot.envs.episodes import make_episodes
from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.specs.randomization import Level, Randomization
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.task import TaskSpec

Mask = NDArray[np.bool_]


class ManipulationVectorEnv(VectorEnv[NDArray[np.float32], NDArray[np.floating], NDArray[Any]]):
    """``num_envs`` worlds with Gymnasium's SAME_STEP autoreset.

    Returns and infos are those of Gymnasium's ``SyncVectorEnv`` over as many
    :class:`~hacpo_robot.envs.single.ManipulationEnv`: the step that ends an episode returns the next
    one's first observation, and tells the last observation and info as ``final_obs`` and
    ``final_info``.
    """

    metadata: ClassVar[dict[str, Any]] = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(
        self,
        robot: RobotSpec | str,
        task: TaskSpec | str,
        num_envs: int = 1,
        *,
        n_threads: int | None = None,
        render_mode: None = None,
        randomization: Randomization | Level | None = None,
    ) -> None:
        """Build the worlds; :meth:`reset` comes next.

        Args:
            robot: Its spec, or its name or file as :func:`hacpo_robot.load_robot` takes it.
            task: Likewise, see :func:`hacpo_robot.load_task`.
            num_envs: Worlds stepped together.
            n_threads: Native threads; all cores when not given. The result does not depend on it.
            render_mode: None are known; ``gymnasium.make`` makes a single world, which has pictures.
            randomization: How much worlds differ from each other, and from episode to episode, or the name
                of a level.

        Raises:
            UnknownNameError: no such robot, task or level; the message lists those that exist.
            InvalidSpecError: the robot cannot do the task, and the message says why; or a render mode.
        """
        if render_mode is not None:
            raise InvalidSpecError(f"no render mode {render_mode!r} of many worlds; gymnasium.make has one")
        self._episodes = make_episodes(
            robot, task, num_envs, n_threads=n_threads, randomization=randomization
        )
        self.cell = self._episodes.cell
        self.robot, self.task = self.cell.robot, self.cell.task
        self.horizon = self._episodes.horizon
        self.observation_signature = self.cell.observer.signature
        self.action_signature = self.cell.action_signature
        self.num_envs = num_envs
        self.single_observation_space = self._episodes.observation_space
        self.single_action_space = self._episodes.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start episodes.

        Args:
            seed: An integer gives every world ``i`` that starts anew the generator of ``(seed, i)``, as in
                :class:`~hacpo_robot.envs.vector.ManipulationVecEnv`. A list gives every world those of
                a ``ManipulationEnv`` with its own seed, and leaves a world alone where it is ``None``.
                Without a seed generators go on; the first time chance decides.
            options: ``reset_mask``, shape (num_envs,), bool: which worlds start anew; all where missing.

        Returns:
            Observations, shape (num_envs, observation size), and an empty info.
        """
        mask = self._reset_mask(options or {})
        if self._np_random_seed is None:
            self._sow(int(seeding.np_random()[1]), np.ones(self.num_envs, bool))
        if isinstance(seed, Sequence):
            self._sow_each(seed, mask)
        elif seed is not None:
            self._sow(seed, mask)
        self._episodes.begin(np.flatnonzero(mask))
        return self._episodes.observe(), {}

    def step(
        self, actions: NDArray[np.floating]
    ) -> tuple[NDArray[np.float32], NDArray[np.float64], Mask, Mask, dict[str, Any]]:
        """Hold actions for one control step in every world. Shape (num_envs, action size)."""
        step = self._episodes.step(np.asarray(actions, float))
        observation, ended = step.observation, step.ended
        infos = masked(step.info(), ~ended)
        if ended.any():
            final = np.full(self.num_envs, None, object)
            for world in np.flatnonzero(ended):
                final[world] = observation[world].copy()
            infos |= {"final_obs": final, "_final_obs": ended.copy()}
            infos |= {"final_info": masked(step.info(), ended), "_final_info": ended.copy()}
            self._episodes.begin(np.flatnonzero(ended))
            observation = self._episodes.observe()
        return observation, step.outcome.reward, step.terminated, step.truncated, infos

    def close_extras(self, **kwargs: Any) -> None:  # noqa: ANN401, ARG002
        """Stop the native threads."""
        self.cell.worlds.close()

    def _sow(self, seed: int, mask: Mask) -> None:
        self._np_random, self._np_random_seed = seeding.np_random(seed)
        self.cell.seed(seed, np.flatnonzero(mask))

    def _sow_each(self, seeds: Sequence[int | None], mask: Mask) -> None:
        if len(seeds) != self.num_envs:
            raise InvalidSpecError(f"{len(seeds)} seeds for {self.num_envs} environments")
        for world in np.flatnonzero(mask):
            seed = seeds[world]
            if seed is not None:
                self.cell.rngs[world] = np.random.default_rng([seed, 0])

    def _reset_mask(self, options: Mapping[str, Any]) -> Mask:
        mask = np.asarray(options.get("reset_mask", np.ones(self.num_envs, bool)))
        if mask.dtype != np.bool_ or mask.shape != (self.num_envs,):
            raise InvalidSpecError(
                f"reset_mask must be bool of shape ({self.num_envs},), not {mask.dtype} of {mask.shape}"
            )
        return mask


def masked(values: Mapping[str, Any], mask: Mask) -> dict[str, Any]:
    """Vector infos of the worlds in a mask, zero elsewhere, each ``key`` with its ``_key`` mask.

    Args:
        values: Arrays of shape (n,), or mappings of such.
        mask: Shape (n,). Where no world is in it, nothing is told.
    """
    infos: dict[str, Any] = {}
    if not mask.any():
        return infos
    for name, value in values.items():
        told = (
            masked(value, mask) if isinstance(value, Mapping) else np.where(mask, value, value.dtype.type())
        )
        infos |= {name: told, f"_{name}": mask.copy()}
    return infos
