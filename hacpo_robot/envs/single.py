"""Gymnasium environment: one world of one robot on one task."""

import os
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium.utils import seeding
from numpy.typing import NDArray

from hacpo_robot.envs.episodes import make_episodes
from hacpo_robot.envs.workcell import CONTROL_HZ
from hacpo_robot.errors import HacpoError, InvalidSpecError, UnknownNameError
from hacpo_robot.sim.camera import OVERVIEW, VIEWS, Camera
from hacpo_robot.sim.scene import make_scene
from hacpo_robot.specs.randomization import Level, Randomization
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.task import TaskSpec


class ManipulationEnv(gymnasium.Env[NDArray[np.float32], NDArray[np.floating]]):
    """Observations inside their bounds, actions in [-1, 1], rewards in [0, 1].

    An episode is *terminated* when an object leaves the workspace or physics fails, and *truncated*
    at the task's horizon. Success ends nothing: it is to be held. Infos of a step carry
    ``is_success``, ``is_lost``, ``is_broken`` and ``reward_terms`` by name, unweighted.

    ``reset(seed=s)`` starts where world 0 of a
    :class:`~hacpo_robot.envs.vector.ManipulationVecEnv` starts after ``seed(s)`` and ``reset()``, and
    goes on as that world does, to rounding: one world alone is laid out otherwise in memory.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": CONTROL_HZ}  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(
        self,
        robot: RobotSpec | str,
        task: TaskSpec | str,
        *,
        render_mode: str | None = None,
        camera: str = OVERVIEW.name,
        randomization: Randomization | Level | None = None,
    ) -> None:
        """Build the world; :meth:`reset` comes next.

        Args:
            robot: Its spec, or its name or file as :func:`hacpo_robot.load_robot` takes it.
            task: Likewise, see :func:`hacpo_robot.load_task`.
            render_mode: ``rgb_array`` for pictures from :meth:`render`, which need OpenGL.
            camera: Where they are taken from, one of :data:`hacpo_robot.sim.camera.VIEWS`.
            randomization: How much episodes differ, or the name of a level.

        Raises:
            UnknownNameError: no such robot, task, camera or level; the message lists those that exist.
            InvalidSpecError: the robot cannot do the task, or there is no such render mode.
        """
        if render_mode not in (None, "rgb_array"):
            raise InvalidSpecError(f"no render mode {render_mode!r}; valid: rgb_array")
        if camera not in VIEWS:
            raise UnknownNameError("camera", camera, VIEWS)
        self.render_mode, self._view = render_mode, VIEWS[camera]
        self._episodes = make_episodes(robot, task, 1, n_threads=1, randomization=randomization)
        self.cell = self._episodes.cell
        self.robot, self.task = self.cell.robot, self.cell.task
        self.horizon = self._episodes.horizon
        self.observation_signature = self.cell.observer.signature
        self.action_signature = self.cell.action_signature
        self.observation_space = self._episodes.observation_space
        self.action_space = self._episodes.action_space
        self._camera: Camera | None = None

    def reset(
        self,
        *,
        seed: int | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start an episode.

        Args:
            seed: A fresh generator where given; else it goes on, and the first time chance decides.
            options: None are known.

        Returns:
            Observation, and an empty info.
        """
        super().reset(seed=seed, options=options)
        if seed is None and self._np_random is None:
            seed = self._np_random_seed = int(seeding.np_random()[1])
        if seed is not None:
            self.cell.seed(seed)
            self._np_random = self.cell.rngs[0]
        self.cell.rngs[0] = self.np_random
        self._episodes.begin(np.arange(1))
        return self._episodes.observe()[0], {}

    def step(
        self, action: NDArray[np.floating]
    ) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Hold an action for one control step. Shape (action size,), clipped to [-1, 1]."""
        step = self._episodes.step(np.asarray(action, float)[None])
        info = {name: value[0].item() for name, value in step.info().items() if name != "reward_terms"}
        info["reward_terms"] = {name: value[0].item() for name, value in step.outcome.terms.items()}
        reward = step.outcome.reward[0].item()
        return step.observation[0], reward, bool(step.terminated[0]), bool(step.truncated[0]), info

    def render(self) -> NDArray[np.uint8] | None:
        """Picture of the world, shape (height, width, 3); nothing without a render mode.

        Raises:
            HacpoError: there is no OpenGL here; the message says how to ask for it.
        """
        if self.render_mode is None:
            return None
        self._camera = self._camera or self._open_camera()
        return self._camera.draw(self.cell.worlds.qpos[0], self.cell.worlds.mocap[0])

    def close(self) -> None:
        """Stop physics and give the OpenGL context back."""
        self.cell.worlds.close()
        if self._camera is not None:
            self._camera.close()
            self._camera = None

    def _open_camera(self) -> Camera:
        scene = make_scene(self.robot, self.task, visual=True)
        try:
            return Camera(scene, self._view)
        except Exception as error:
            backend = os.environ.get("MUJOCO_GL", "")
            raise HacpoError(
                f"render mode 'rgb_array' needs OpenGL, which MUJOCO_GL={backend!r} does not open here "
                f"({error}); set MUJOCO_GL to egl, osmesa or glfw before Python starts"
            ) from error
