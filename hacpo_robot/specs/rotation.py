"""Rotations as arrays: quaternions (wxyz), matrices, rotation vectors, the 6D form; batch axes lead."""

import numpy as np

from hacpo_robot.specs.signature import FloatArray


def matrix_of_quaternion(quat: FloatArray) -> FloatArray:
    """Rotation matrix of unit quaternions (wxyz). (..., 4) -> (..., 3, 3)."""
    products = (quat[..., :, None] * quat[..., None, :]).reshape(*quat.shape[:-1], 1, 16)
    # A product per row: one for all rounds a row by how many there are; worlds must not depend on company.
    return (products @ _MATRIX_OF_PRODUCTS).reshape(*quat.shape[:-1], 3, 3)


def _matrix_of_products() -> FloatArray:
    """Each entry of a rotation matrix as a sum of products of two quaternion elements. Shape (16, 9)."""
    table = np.zeros((3, 3, 4, 4))
    for axis, signs in enumerate([(1, 1, -1, -1), (1, -1, 1, -1), (1, -1, -1, 1)]):
        table[axis, axis] = np.diag(signs)
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        table[i, j, i + 1, j + 1] = table[j, i, i + 1, j + 1] = 2.0
        table[i, j, 0, k + 1], table[j, i, 0, k + 1] = -2.0, 2.0
    return table.reshape(9, 16).T.copy()


_MATRIX_OF_PRODUCTS = _matrix_of_products()


def cross(a: FloatArray, b: FloatArray) -> FloatArray:
    """Cross product over the last axis; several times faster than numpy's on small arrays. (..., 3)."""
    return a[..., _NEXT] * b[..., _AFTER] - a[..., _AFTER] * b[..., _NEXT]


_NEXT, _AFTER = np.array([1, 2, 0]), np.array([2, 0, 1])


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
    return np.stack([x, y, cross(x, y)], axis=-1)


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
    """Turn towards a tool that points straight down. (..., 3, 3) -> (..., 3).

    A rotation vector but for its length, which is the sine of the tilt: the tilt itself [rad] while that is
    small, 1 for a level tool, and nothing for one that points straight up.
    """
    return cross(tool_rot_w[..., :, 2], _DOWN)


_DOWN = np.array([0.0, 0.0, -1.0])


def quarter_turn_error(tool_rot_w: FloatArray, object_rot_w: FloatArray) -> FloatArray:
    """Smallest turn about the vertical that lines the tool's axes up with an upright box's.

    Shapes (..., 3, 3) -> (...,) [rad], in [-pi/4, pi/4].
    """
    tool = np.arctan2(tool_rot_w[..., 1, 0], tool_rot_w[..., 0, 0])
    box = np.arctan2(object_rot_w[..., 1, 0], object_rot_w[..., 0, 0])
    return (box - tool + np.pi / 4) % (np.pi / 2) - np.pi / 4


def half_turn_error(rotation: FloatArray, heading: FloatArray) -> FloatArray:
    """Smallest turn about the vertical that lays a frame's x axis along a line over the table.

    Args:
        rotation: Shape (..., 3, 3).
        heading: Of the line, from the world's x axis. Shape (...,) [rad].

    Returns:
        Shape (...,) [rad], in [-pi/2, pi/2).
    """
    return (heading - heading_of(rotation) + np.pi / 2) % np.pi - np.pi / 2


def heading_of(rotation: FloatArray) -> FloatArray:
    """Direction of a frame's x axis over the table. (..., 3, 3) -> (...,) [rad]."""
    return np.arctan2(rotation[..., 1, 0], rotation[..., 0, 0])
