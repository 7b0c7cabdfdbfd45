"""The corners of a box in a camera's picture, as a corner detector reports them.

A corner is hidden where it is behind the camera, outside the picture, on the far side of its box, or
behind the gripper. The gripper is taken as a rod along the tool's axis; other objects hide nothing.
A hidden corner reports the mean of the object's visible corners, and the middle of the picture
where none is visible: what is not seen leaks nothing.
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.specs.projection import camera_matrix, project, seen_by
from hacpo_robot.specs.sensor import CameraSpec
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.terms import TaskState

SIGNS = np.array(list(product((-1.0, 1.0), repeat=3)))
"""The corners, as sides of the box along its own axes. Shape (8, 3)."""
CORNERS = tuple("".join("np"[int(side > 0)] for side in corner) for corner in SIGNS)
"""Names of the corners: ``n`` negative, ``p`` positive side along the box's x, y, z."""
HAND_LENGTH = 0.15
"""Part of the gripper that hides things, from the tool point backwards [m]."""
HAND_RADIUS = 0.025
"""Half its thickness [m]."""


def detect_corners(
    camera: CameraSpec, half_size: tuple[float, float, float], state: TaskState, index: int
) -> FloatArray:
    """Pixels u, v of every corner of object ``index``, then 1 per visible, 0 per hidden corner.

    Shape (..., 24).
    """
    rotation, centre = state.object_rot_w[..., index, :, :], state.object_pos_w[..., index, :]
    corners_w = (SIGNS * half_size) @ rotation.swapaxes(-1, -2) + centre[..., None, :]
    corners_c = seen_by(camera, corners_w)
    pixels = project(camera, corners_c)
    visible = (
        (corners_c[..., 2] > 0)
        & _in_picture(camera, pixels)
        & _on_near_side(camera, half_size, rotation, centre)
        & ~_behind_hand(camera, corners_w, state)
    )
    return join_corners(camera, pixels, visible)


def join_corners(camera: CameraSpec, pixels: FloatArray, visible: NDArray[np.bool_]) -> FloatArray:
    """A detector's report: pixels, hidden ones replaced, then flags.

    Args:
        camera: Whose picture.
        pixels: Shape (..., 8, 2).
        visible: Shape (..., 8).

    Returns:
        Shape (..., 24).
    """
    flags = visible.astype(float)
    count = flags.sum(axis=-1)[..., None]
    mean = (pixels * flags[..., None]).sum(axis=-2) / np.maximum(count, 1.0)
    stand_in = np.where(count > 0, mean, camera_matrix(camera)[:2, 2])
    shown = np.where(visible[..., None], pixels, stand_in[..., None, :])
    return np.concatenate([shown.reshape(*shown.shape[:-2], 16), flags], axis=-1)


def split_corners(report: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Pixels, shape (..., 8, 2), and visibility, shape (..., 8), of a report of shape (..., 24)."""
    return report[..., :16].reshape(*report.shape[:-1], 8, 2), report[..., 16:] > 0.5


def _in_picture(camera: CameraSpec, pixels: FloatArray) -> NDArray[np.bool_]:
    """(..., 2) -> (...,)."""
    inside = (pixels >= -0.5) & (pixels <= np.array([camera.width, camera.height]) - 0.5)
    return inside[..., 0] & inside[..., 1]


def _on_near_side(
    camera: CameraSpec, half_size: tuple[float, float, float], rotation: FloatArray, centre: FloatArray
) -> NDArray[np.bool_]:
    """Whether the camera is in front of one of the three faces that meet in a corner. Shape (..., 8)."""
    eye = ((np.array(camera.pos) - centre)[..., None, :] @ rotation)[..., 0, :]
    in_front = SIGNS * eye[..., None, :] > np.array(half_size)
    return in_front.any(axis=-1)


def _behind_hand(camera: CameraSpec, corners_w: FloatArray, state: TaskState) -> NDArray[np.bool_]:
    """Whether the line of sight to a point comes close to the rod. (..., 8, 3) -> (..., 8).

    Closest points of two segments: Ericson, Real-Time Collision Detection, section 5.1.9.
    """
    eye = np.array(camera.pos)
    sight = corners_w - eye
    rod = (-HAND_LENGTH * state.tool_rot_w[..., :, 2])[..., None, :]
    apart = (eye - state.tool_pos_w)[..., None, :]
    sight_sight, rod_rod = (sight * sight).sum(-1), HAND_LENGTH**2
    sight_rod, sight_apart = (sight * rod).sum(-1), (sight * apart).sum(-1)
    rod_apart = (rod * apart).sum(-1)
    spread = np.maximum(sight_sight * rod_rod - sight_rod**2, 1e-12)  # 0 where they are parallel
    along_sight = np.clip((sight_rod * rod_apart - sight_apart * rod_rod) / spread, 0.0, 1.0)
    along_rod = np.clip((sight_rod * along_sight + rod_apart) / rod_rod, 0.0, 1.0)
    along_sight = np.clip((sight_rod * along_rod - sight_apart) / sight_sight, 0.0, 1.0)
    gap = apart + along_sight[..., None] * sight - along_rod[..., None] * rod
    return (gap * gap).sum(-1) < HAND_RADIUS**2
