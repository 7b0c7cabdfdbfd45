"""How much one selected step counts in the learner's regression."""

import numpy as np

from hacpo_robot.specs.signature import FloatArray

CAPABILITY_RANGE = (0.5, 2.0)
"""Bounds of the capability ratio; HACPO allows 10, too hot for PPO's small batches."""


def capability_ratio(source: float, learner: float) -> float:
    """How much better the source is, from smoothed success rates; HACPO's P_j / P_i."""
    return float(np.clip(source / learner, *CAPABILITY_RANGE))


def agreement(action: FloatArray, mean: FloatArray, std: FloatArray) -> FloatArray:
    """Likeness of actions to the learner's policy, 1 at its mean. Shape (n,), in (0, 1].

    Stands for HACPO's exponential importance weight, free of action dimension and density units.

    Args:
        action: Shape (n, d).
        mean: Shape (n, d).
        std: Shape (d,).
    """
    return np.exp(-0.5 * (((action - mean) / std) ** 2).mean(axis=-1))


def weight_experiences(
    relevance: FloatArray, likeness: FloatArray, *, capability: float, success_rate: float
) -> FloatArray:
    """Weights of selected steps. Shape (n,).

    A learner that fails takes every lesson alike; one that succeeds prefers lessons near what it
    does already: likeness enters with the power ``success_rate / 2``.

    Args:
        relevance: Shape (n,).
        likeness: From :func:`agreement`. Shape (n,).
        capability: From :func:`capability_ratio`.
        success_rate: The learner's own.
    """
    return relevance * likeness ** (0.5 * success_rate) * capability
