"""Rotations as arrays: quaternions (wxyz), matrices, rotation vectors, the 6D form; batch axes lead."""

import numpy as np

from hacpo_robot.specs.signature import FloatArray


def matrix_of_quaternion(quat: FloatArray) -> FloatArray:
    """Rotation matrix of unit quaternions (wxyz). (..., 4) -> (..., 3, 3)."""
    w, x, y, z = np.moveaxis(quat, -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def quaternion_of_yaw(yaw: FloatArray) -> FloatArray:
    """Turn about the vertical as a quaternion (wxyz). (...,) -> (..., 4)."""
    zero = np.zeros_like(yaw)
    return np.stack([np.cos(yaw / 2), zero, zero, np.sin(yaw / 2)], axis=-1)


def sixd_of_matrix(matrix: FloatArray) -> FloatArray:
    """First two columns of a rotation matrix, a continuous form. (..., 3, 3) -> (..., 6).

    Zhou et al. 2019, On the Continuity of Rotation Representations in Neural Networks.
    """
    return np.concatenate([matrix[..., :, 0], matrix[..., :, 1]], axis=-1)


def matrix_of_sixd(sixd: FloatArray) -> FloatArray:
    """Nearest rotation by Gram-Schmidt; inverse of :func:`sixd_of_matrix`. (..., 6) -> (..., 3, 3)."""
    x = _unit(sixd[..., :3])
    y = sixd[..., 3:] - (x * sixd[..., 3:]).sum(axis=-1, keepdims=True) * x
    y = _unit(y)
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def rotation_vector(matrix: FloatArray) -> FloatArray:
    """Axis times angle of a rotation below half a turn. (..., 3, 3) -> (..., 3) [rad]."""
    twist = np.stack(
        [
            matrix[..., 2, 1] - matrix[..., 1, 2],
            matrix[..., 0, 2] - matrix[..., 2, 0],
            matrix[..., 1, 0] - matrix[..., 0, 1],
        ],
        axis=-1,
    )
    sine = np.linalg.norm(twist, axis=-1, keepdims=True) / 2
    cosine = (np.trace(matrix, axis1=-2, axis2=-1)[..., None] - 1) / 2
    angle = np.arctan2(sine, cosine)
    return twist / 2 * np.where(sine > 1e-9, angle / np.maximum(sine, 1e-9), 1.0)


def _unit(vector: FloatArray) -> FloatArray:
    return vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-9)


def upright_error(tool_rot_w: FloatArray) -> FloatArray:
    """Rotation vector that turns the tool's z axis straight down. (..., 3, 3) -> (..., 3) [rad]."""
    return np.cross(tool_rot_w[..., :, 2], np.array([0.0, 0.0, -1.0]))


def quarter_turn_error(tool_rot_w: FloatArray, object_rot_w: FloatArray) -> FloatArray:
    """Smallest turn about the vertical that lines the tool's axes up with an upright box's.

    Shapes (..., 3, 3) -> (...,) [rad], in [-pi/4, pi/4].
    """
    tool = np.arctan2(tool_rot_w[..., 1, 0], tool_rot_w[..., 0, 0])
    box = np.arctan2(object_rot_w[..., 1, 0], object_rot_w[..., 0, 0])
    return (box - tool + np.pi / 4) % (np.pi / 2) - np.pi / 4
