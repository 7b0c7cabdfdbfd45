"""Pictures of worlds. Needs OpenGL; nothing else in the package does.

A pixel shows the direction that :mod:`hacpo_robot.specs.projection` computes for its centre.
Pictures are no part of the observation vector: a CPU draws 15 to 27 of them per second, thousands of
control steps take that long. Learning sees ``object_keypoints``; pictures are for evaluation and video.
"""

from collections.abc import Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray

from hacpo_robot.sim.parts import VISIBLE
from hacpo_robot.sim.scene import Scene
from hacpo_robot.specs.projection import camera_angles
from hacpo_robot.specs.sensor import CameraSpec

OVERVIEW = CameraSpec(
    name="overview", pos=(0.85, 0.75, 1.45), target=(0.0, 0.055, 0.953), fovy=45.0, width=480, height=360
)
"""Table and arm from the front left."""
FRONT = CameraSpec(
    name="front", pos=(1.35, 0.0, 1.3), target=(-0.05, 0.0, 0.95), fovy=45.0, width=480, height=360
)
"""The arm opposite."""
SIDE = CameraSpec(
    name="side", pos=(-0.1, 1.45, 1.15), target=(-0.1, 0.0, 1.0), fovy=45.0, width=480, height=360
)
"""From the left of the arm, low: how high the tool is."""
CLOSE = CameraSpec(
    name="close", pos=(0.42, 0.36, 1.08), target=(0.0, 0.0, 0.86), fovy=45.0, width=480, height=360
)
"""The middle of the table, for the fingers."""
VIEWS = {view.name: view for view in (OVERVIEW, FRONT, SIDE, CLOSE)}
"""Cameras for videos, by name."""


class Camera:
    """Draws one scene, given positions; owner of an OpenGL context until closed."""

    def __init__(self, scene: Scene, view: CameraSpec = OVERVIEW) -> None:
        """Open an OpenGL context.

        Args:
            scene: A scene made with ``visual=True``.
            view: Where the camera stands, what it looks at, and the size of its picture.
        """
        self._model, self._view = scene.model, view
        self._data = mujoco.MjData(scene.model)
        self._renderer = mujoco.Renderer(scene.model, view.height, view.width)
        self._options = mujoco.MjvOption()
        self._options.sitegroup[:] = 0
        self._options.geomgroup[:] = np.arange(6) == VISIBLE
        self._eye = mujoco.MjvCamera()
        self._eye.type = mujoco.mjtCamera.mjCAMERA_FREE
        self._eye.lookat, self._eye.distance = view.target, np.linalg.norm(np.subtract(view.target, view.pos))
        self._eye.azimuth, self._eye.elevation = np.degrees(camera_angles(view))

    def draw(self, qpos: NDArray[np.floating], mocap: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Picture of a world.

        Args:
            qpos: Positions. Shape (nq,).
            mocap: Poses of goal marker and fixtures. Shape (nmocap, 7).

        Returns:
            Red, green, blue. Shape (height, width, 3).
        """
        self._arrange(qpos, mocap)
        return self._renderer.render()

    def draw_depth(self, qpos: NDArray[np.floating], mocap: NDArray[np.floating]) -> NDArray[np.float32]:
        """Distance of what every pixel shows, measured along the camera's forward axis.

        Args:
            qpos: Positions. Shape (nq,).
            mocap: Poses of goal marker and fixtures. Shape (nmocap, 7).

        Returns:
            Shape (height, width) [m].
        """
        self._arrange(qpos, mocap)
        self._renderer.enable_depth_rendering()
        depth = self._renderer.render()
        self._renderer.disable_depth_rendering()
        return depth

    def _arrange(self, qpos: NDArray[np.floating], mocap: NDArray[np.floating]) -> None:
        self._data.qpos[:] = qpos
        self._data.mocap_pos[:], self._data.mocap_quat[:] = mocap[:, :3], mocap[:, 3:]
        mujoco.mj_forward(self._model, self._data)
        self._renderer.update_scene(self._data, self._eye, self._options)
        # A free camera takes the model's field of view; this one has its own.
        for eye in self._renderer.scene.camera:
            half_height = eye.frustum_near * np.tan(np.radians(self._view.fovy) / 2)
            eye.frustum_bottom, eye.frustum_top = -half_height, half_height

    def close(self) -> None:
        """Give the OpenGL context back."""
        self._renderer.close()


class CameraRig:
    """Colour and depth pictures of several cameras in many worlds, for evaluation."""

    def __init__(self, scene: Scene, views: Sequence[CameraSpec]) -> None:
        """Open one OpenGL context per camera.

        Args:
            scene: A scene made with ``visual=True``.
            views: The cameras, each with a name of its own.
        """
        self._cameras = {view.name: Camera(scene, view) for view in views}

    def draw(
        self, qpos: NDArray[np.floating], mocap: NDArray[np.floating]
    ) -> dict[str, NDArray[np.uint8] | NDArray[np.float32]]:
        """``<camera>_rgb`` and ``<camera>_depth`` of every camera.

        Args:
            qpos: Positions. Shape (n, nq).
            mocap: Poses of goal marker and fixtures. Shape (n, nmocap, 7).

        Returns:
            Shapes (n, height, width, 3) and (n, height, width) [m].
        """
        worlds = list(zip(qpos, mocap, strict=True))
        pictures = {}
        for name, camera in self._cameras.items():
            pictures[f"{name}_rgb"] = np.stack([camera.draw(*world) for world in worlds])
            pictures[f"{name}_depth"] = np.stack([camera.draw_depth(*world) for world in worlds])
        return pictures

    def close(self) -> None:
        """Give the OpenGL contexts back."""
        for camera in self._cameras.values():
            camera.close()
