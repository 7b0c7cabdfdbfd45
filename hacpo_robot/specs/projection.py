"""Where a pinhole camera sees points: OpenCV's model without distortion, MuJoCo's field of view.

Pixels count from the centre of the upper left one: u to the right, v down.
"""

from functools import lru_cache

import numpy as np

from hacpo_robot.specs.sensor import CameraSpec
from hacpo_robot.specs.signature import FloatArray


def camera_angles(camera: CameraSpec) -> tuple[float, float]:
    """Direction of view: azimuth from the world's x axis, elevation above the horizon [rad].

    The azimuth of a vertical view is 0: seen from above, the world's x axis points up in the picture.
    """
    x, y, z = np.subtract(camera.target, camera.pos)
    level = np.hypot(x, y)
    return float(np.arctan2(y, x)) if level > 1e-9 else 0.0, float(np.arctan2(z, level))


@lru_cache
def camera_axes(camera: CameraSpec) -> FloatArray:
    """Right, down and forward axis of the camera in the world, as columns. Shape (3, 3), read-only."""
    azimuth, elevation = camera_angles(camera)
    level = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
    forward = np.cos(elevation) * level + np.array([0.0, 0.0, np.sin(elevation)])
    right = np.array([np.sin(azimuth), -np.cos(azimuth), 0.0])
    return _frozen(np.stack([right, np.cross(forward, right), forward], axis=-1))


@lru_cache
def camera_matrix(camera: CameraSpec) -> FloatArray:
    """OpenCV's intrinsic matrix [pixels]; pixels are square. Shape (3, 3), read-only."""
    focal = camera.height / 2 / np.tan(np.radians(camera.fovy) / 2)
    centre_u, centre_v = (camera.width - 1) / 2, (camera.height - 1) / 2
    return _frozen(np.array([[focal, 0.0, centre_u], [0.0, focal, centre_v], [0.0, 0.0, 1.0]]))


def seen_by(camera: CameraSpec, point_w: FloatArray) -> FloatArray:
    """World points in the camera's frame; z is the depth. (..., 3) -> (..., 3) [m]."""
    return (point_w - np.array(camera.pos)) @ camera_axes(camera)


def project(camera: CameraSpec, point_c: FloatArray) -> FloatArray:
    """Pixels of points in the camera's frame; without meaning where the depth is not positive.

    (..., 3) [m] -> (..., 2) [pixels].
    """
    depth = np.where(point_c[..., 2:] > 1e-6, point_c[..., 2:], 1.0)
    matrix = camera_matrix(camera)
    return point_c[..., :2] / depth * matrix[0, 0] + matrix[:2, 2]


def _frozen(matrix: FloatArray) -> FloatArray:
    matrix.setflags(write=False)
    return matrix
