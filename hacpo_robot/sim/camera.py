"""Pictures of a world. Needs OpenGL; nothing else in the package does."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from hacpo_robot.sim.parts import VISIBLE
from hacpo_robot.sim.scene import Scene


class Camera:
    """Draws one scene, given positions; owner of an OpenGL context until closed."""

    def __init__(self, scene: Scene, *, width: int = 480, height: int = 360, name: str = "agentview") -> None:
        """Open an OpenGL context.

        Args:
            scene: A scene made with ``visual=True``.
            width: Picture width [pixels].
            height: Picture height [pixels].
            name: Camera of the scene.
        """
        self._model, self._name = scene.model, name
        self._data = mujoco.MjData(scene.model)
        self._renderer = mujoco.Renderer(scene.model, height, width)
        self._options = mujoco.MjvOption()
        self._options.sitegroup[:] = 0
        self._options.geomgroup[:] = np.arange(6) == VISIBLE

    def draw(self, qpos: NDArray[np.floating], mocap: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Picture of a world.

        Args:
            qpos: Positions. Shape (nq,).
            mocap: Poses of goal marker and fixtures. Shape (nmocap, 7).

        Returns:
            Shape (height, width, 3).
        """
        self._data.qpos[:] = qpos
        self._data.mocap_pos[:], self._data.mocap_quat[:] = mocap[:, :3], mocap[:, 3:]
        mujoco.mj_forward(self._model, self._data)
        self._renderer.update_scene(self._data, self._name, self._options)
        return self._renderer.render()

    def close(self) -> None:
        """Give the OpenGL context back."""
        self._renderer.close()
