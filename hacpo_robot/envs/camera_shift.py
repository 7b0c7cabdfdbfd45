"""Cameras that stand a little elsewhere in every world."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from hacpo_robot.specs.projection import camera_axes
from hacpo_robot.specs.sensor import CameraSpec
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.terms import TaskState


class CameraShift:
    """Owner of where each world's cameras stand.

    A camera that has moved sees what the camera of the spec would see if everything else had moved
    the other way; so the sensors stay as they are and get a moved state to read.
    """

    def __init__(self, cameras: Iterable[CameraSpec], n_worlds: int) -> None:
        """Leave every camera where its spec has it."""
        turns = np.tile(np.eye(3), (n_worlds, 1, 1))
        self._poses = {c: (np.tile(np.array(c.pos), (n_worlds, 1)), turns.copy()) for c in cameras}

    def place(self, world: int, shift: FloatArray) -> None:
        """Shift all cameras of a world from their specs.

        Args:
            world: Which one.
            shift: Of the camera, then of the point it looks at, world frame. Shape (6,) [m].
        """
        for camera, (pos, turn) in self._poses.items():
            pos[world] = np.add(camera.pos, shift[:3])
            target = np.add(camera.target, shift[3:])
            moved = replace(camera, pos=tuple(pos[world].tolist()), target=tuple(target.tolist()))
            turn[world] = camera_axes(camera) @ camera_axes(moved).T

    def move(self, camera: CameraSpec, state: TaskState) -> TaskState:
        """The state in which a camera of the spec sees what the shifted one sees of ``state``.

        Velocities are left as they are: cameras do not see them.
        """
        pos, turn = self._poses[camera]

        def moved(point_w: FloatArray, pos: FloatArray, turn: FloatArray) -> FloatArray:
            return np.array(camera.pos) + (turn @ (point_w - pos)[..., None])[..., 0]

        return replace(
            state,
            tool_pos_w=moved(state.tool_pos_w, pos, turn),
            tool_rot_w=turn @ state.tool_rot_w,
            object_pos_w=moved(state.object_pos_w, pos[:, None], turn[:, None]),
            object_rot_w=turn[:, None] @ state.object_rot_w,
            goal_pos_w=moved(state.goal_pos_w, pos, turn),
        )
