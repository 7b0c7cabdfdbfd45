"""Rotations, against MuJoCo's own."""

import mujoco
import numpy as np

from hacpo_robot.specs.rotation import (
    matrix_of_quaternion,
    matrix_of_sixd,
    quaternion_of_yaw,
    rotation_vector,
    sixd_of_matrix,
)


def random_quaternions(rng, *batch):
    quat = rng.normal(size=(*batch, 4))
    return quat / np.linalg.norm(quat, axis=-1, keepdims=True)


def test_matrix_of_quaternion_equals_mujocos(rng):
    quats = random_quaternions(rng, 50)
    for quat, ours in zip(quats, matrix_of_quaternion(quats), strict=True):
        theirs = np.empty(9)
        mujoco.mju_quat2Mat(theirs, quat)
        np.testing.assert_allclose(ours.ravel(), theirs, atol=1e-12)


def test_a_rotation_is_the_same_to_the_last_bit_in_any_company(rng):
    for _ in range(50):
        quats = random_quaternions(rng, 5)
        np.testing.assert_array_equal(matrix_of_quaternion(quats[-1:]), matrix_of_quaternion(quats)[-1:])


def test_rotation_vector_equals_mujocos(rng):
    quats = random_quaternions(rng, 50)
    for quat, ours in zip(quats, rotation_vector(matrix_of_quaternion(quats)), strict=True):
        theirs = np.empty(3)
        mujoco.mju_quat2Vel(theirs, quat, 1.0)
        np.testing.assert_allclose(ours, theirs, atol=1e-7)


def test_rotation_vector_is_exact_near_zero():
    angle = 1e-7
    turn = matrix_of_quaternion(quaternion_of_yaw(np.array([0.0, angle, -angle])))
    np.testing.assert_allclose(rotation_vector(turn)[:, 2], [0.0, angle, -angle], rtol=1e-6)


def test_sixd_form_returns_the_matrix_for_any_batch(rng):
    matrix = matrix_of_quaternion(random_quaternions(rng, 2, 5))
    sixd = sixd_of_matrix(matrix)
    assert sixd.shape == (2, 5, 6)
    np.testing.assert_allclose(matrix_of_sixd(sixd), matrix, atol=1e-12)


def test_any_six_numbers_become_a_rotation(rng):
    matrix = matrix_of_sixd(rng.normal(size=(50, 6)))
    np.testing.assert_allclose(
        matrix @ matrix.swapaxes(-1, -2), np.broadcast_to(np.eye(3), (50, 3, 3)), atol=1e-9
    )
    np.testing.assert_allclose(np.linalg.det(matrix), 1.0, atol=1e-9)


def test_yaw_turns_x_towards_y():
    matrix = matrix_of_quaternion(quaternion_of_yaw(np.array(np.pi / 2)))
    np.testing.assert_allclose(matrix @ [1, 0, 0], [0, 1, 0], atol=1e-12)
