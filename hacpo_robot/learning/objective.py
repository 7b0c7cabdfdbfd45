"""What the cross phase descends: weighted regression, or HACPO's clipped surrogate, adapted to arms.

Ours differs from the published one (arXiv 2603.02604) in three ways: ratios are of mean densities per action
element, to the learner's own policy before the phase; they may fall to 0.5 in place of 0.8; and the ratio of
capabilities in the weights is kept within 0.5 and 2.
"""

from collections.abc import Callable

from torch import Tensor

DELTA = 0.5
"""How far below 1 a ratio may fall in the first minibatch; HACPO's 0.2 would leave out what an arm lacks."""
DELTA_STEP = 0.025
"""How much of that is taken back with every minibatch."""
ALPHA = 1.0
"""Power of the ratio that no gradient flows through: how much more those near the policy count."""

Objective = Callable[[Tensor, Tensor, Tensor, int], Tensor]
"""Distance to the lessons now and before the phase, in units of policy spread, shape (n, action size);
weights, shape (n,); number of the minibatch, from 0. To one number, the smaller the better."""


def weighted_regression(missed: Tensor, _before: Tensor, weight: Tensor, _minibatch: int) -> Tensor:
    """Half the weighted mean squared distance."""
    return (weight * 0.5 * missed.pow(2).mean(dim=-1)).mean()


def hacpo_surrogate(missed: Tensor, before: Tensor, weight: Tensor, minibatch: int) -> Tensor:
    """The cross term of HACPO (arXiv 2603.02604), with weights that carry the sign of the advantage.

    The ratio is that of mean densities per action element to the policy before the phase, so that
    it starts at 1; it is clipped to ``[1 - DELTA + minibatch * DELTA_STEP, 1]``.
    """
    log_ratio = 0.5 * (before.pow(2) - missed.pow(2)).mean(dim=-1)
    ratio = log_ratio.exp().clamp(min(1.0, 1.0 - DELTA + minibatch * DELTA_STEP), 1.0)
    return -(ratio * ratio.detach().pow(ALPHA) * weight).mean()
