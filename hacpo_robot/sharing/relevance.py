"""Which translated steps a learner can use and needs."""

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.specs.signature import FloatArray

EFFECT_TOLERANCE = 1.0
"""Missed effect, in standard deviations of the body's own effects, at which relevance fell to 1/e."""


def calculate_relevance(support: FloatArray, effect_error: FloatArray, advantage: FloatArray) -> FloatArray:
    """Can my body do this, and do I need it? Shape (n,), in [0, 1].

    Args:
        support: Distance to the learner's own states, in multiples of its support radius. (n,)
        effect_error: Missed effect, in standard deviations of the learner's own effects. (n,)
        advantage: Return above the learner's own value, in standard deviations. (n,)
    """
    supported = np.exp(-np.maximum(support - 1.0, 0.0))
    reproducible = np.exp(-((effect_error / EFFECT_TOLERANCE) ** 2))
    return supported * reproducible * np.clip(advantage, 0.0, 1.0)


def select_top_k(relevance: FloatArray, k: int) -> NDArray[np.intp]:
    """Positions of the ``k`` most relevant steps, best first; steps of relevance 0 never count."""
    k = min(k, int((relevance > 0).sum()))
    return np.argsort(-relevance, kind="stable")[:k]
