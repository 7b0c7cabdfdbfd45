"""Which translated steps a learner can use and needs."""

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.specs.signature import FloatArray

EFFECT_TOLERANCE = 0.3
"""Missed effect, in standard deviations of the body's own effects, at which feasibility fell to 1/e."""


def feasibility(
    support: FloatArray, effect_error: FloatArray, tolerance: float = EFFECT_TOLERANCE
) -> FloatArray:
    """Has my body been there, and can it cause that effect? Shape (n,), in (0, 1].

    Args:
        support: Distance to the learner's own states, in multiples of its support radius. (n,)
        effect_error: Missed effect, in standard deviations of the learner's own effects. (n,)
        tolerance: Missed effect at which feasibility fell to 1/e. Strict by default, as a learner
            that trains has its own experience beside; one that has nothing else takes more.
    """
    return np.exp(-np.maximum(support - 1.0, 0.0) - (effect_error / tolerance) ** 2)


def calculate_relevance(support: FloatArray, effect_error: FloatArray, advantage: FloatArray) -> FloatArray:
    """Can my body do this, and do I need it? Shape (n,), in [0, 1].

    Args:
        support: See :func:`feasibility`. (n,)
        effect_error: See :func:`feasibility`. (n,)
        advantage: Return above the learner's own value, in standard deviations. (n,)
    """
    return feasibility(support, effect_error) * np.clip(advantage, 0.0, 1.0)


def select_top_k(relevance: FloatArray, k: int) -> NDArray[np.intp]:
    """Positions of the ``k`` most relevant steps, best first; steps of relevance 0 never count."""
    k = min(k, int((relevance > 0).sum()))
    return np.argsort(-relevance, kind="stable")[:k]
