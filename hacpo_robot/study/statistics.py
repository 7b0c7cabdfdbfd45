"""What some group seeds say about all: averages, paired differences, and how sure they are.

Arms that trained together have learned from each other, and so are not independent. The group seed is the
unit of replication: whole seeds are resampled and flipped here, never single arms. Scores have shape
(..., n_seeds, n_columns), where a column is an arm on a task, and what leads is resamples.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from hacpo_robot.specs.signature import FloatArray

RESAMPLES = 10_000
LEVEL = 0.95
EXACT_UP_TO = 16
"""Seeds up to which all flips of sign are counted; more are drawn."""
HARM = 0.05
"""Loss of completion that counts as harm; exactly as much does not."""
ROUNDING = 1e-9
"""What differences of equal figures may come to."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def mean(scores: FloatArray) -> FloatArray:
    """Over seeds and columns. Shape (...,)."""
    return scores.mean(axis=(-2, -1))


def iqm(scores: FloatArray) -> FloatArray:
    """Mean of the middle half: a quarter, rounded down, is cut off at either end. Shape (...,)."""
    ordered = np.sort(scores.reshape(*scores.shape[:-2], -1), axis=-1)
    cut = ordered.shape[-1] // 4
    return ordered[..., cut : ordered.shape[-1] - cut].mean(axis=-1)


def mean_difference(ours: FloatArray, theirs: FloatArray) -> FloatArray:
    """Mean of the paired differences. Shape (...,)."""
    return mean(ours - theirs)


def iqm_difference(ours: FloatArray, theirs: FloatArray) -> FloatArray:
    """Difference of the interquartile means. Shape (...,)."""
    return iqm(ours) - iqm(theirs)


def probability_of_improvement(ours: FloatArray, theirs: FloatArray) -> FloatArray:
    """How often a run of ours is above one of theirs, whatever their seeds; ties half. Shape (...,).

    The numbers of seeds may differ.
    """
    rivals = np.moveaxis(theirs, -2, 0)[..., None, :]  # (n_seeds, ..., 1, n_columns)
    return np.mean([mean((ours > rival) + 0.5 * (ours == rival)) for rival in rivals], axis=0)


def resample(
    statistic: Callable[..., FloatArray], *scores: FloatArray, n_resamples: int = RESAMPLES
) -> FloatArray:
    """A statistic on resampled seeds: the cluster bootstrap.

    Args:
        statistic: Of as many arrays as are given.
        scores: Shape (n_seeds, n_columns) each. All are resampled alike, so that pairs stay pairs.
        n_resamples: How often. The same arguments always give the same figures.

    Returns:
        Shape (n_resamples, ...).
    """
    n_seeds = len(scores[0])
    drawn = np.random.default_rng(0).integers(n_seeds, size=(n_resamples, n_seeds))
    return statistic(*(array[drawn] for array in scores))


def estimate(
    statistic: Callable[..., FloatArray], *scores: FloatArray, n_resamples: int = RESAMPLES
) -> Estimate:
    """A statistic with its percentile interval; see :func:`resample`."""
    low, high = interval(resample(statistic, *scores, n_resamples=n_resamples))
    return Estimate(float(statistic(*scores)), float(low), float(high))


def interval(resampled: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lower and upper end of the middle 95 %, over the first axis."""
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low, high


def sign_flip_p(differences: FloatArray, n_draws: int = 100_000) -> float:
    """Two-sided p of the mean paired difference, if it could as well have had the other sign in every seed.

    Exact up to 16 seeds; n seeds cannot give less than 2 / 2**n.

    Args:
        differences: Shape (n_seeds, n_columns); averaged over columns.
        n_draws: Flips drawn where there are too many to count.

    Raises:
        ValueError: a difference is not finite.
    """
    per_seed = differences.mean(axis=1)
    if not np.isfinite(per_seed).all():
        raise ValueError("differences must be finite")
    n_seeds = len(per_seed)
    if n_seeds <= EXACT_UP_TO:
        signs = np.array(list(product((1.0, -1.0), repeat=n_seeds)))
    else:
        signs = np.random.default_rng(0).choice((1.0, -1.0), size=(n_draws, n_seeds))
        signs[0] = 1.0  # what was observed is one of the possible outcomes
    sums = np.abs(signs @ per_seed)
    return float(np.mean(sums >= sums[0] - 1e-9 * np.abs(per_seed).sum()))


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """p-values that allow for how many were looked at (Holm 1979), in the order given."""
    n, adjusted, worst = len(p_values), [0.0] * len(p_values), 0.0
    for rank, place in enumerate(np.argsort(p_values, kind="stable")):
        worst = max(worst, min(1.0, (n - rank) * p_values[place]))
        adjusted[place] = worst
    return tuple(adjusted)


def worst_column(ours: FloatArray, theirs: FloatArray) -> int:
    """The column that gained least, by its mean paired difference. Shape (n_seeds, n_columns) each."""
    return int((ours - theirs).mean(axis=0).argmin())


def negative_transfer_rate(ours: FloatArray, theirs: FloatArray, harm: float = HARM) -> float:
    """Share of columns and seeds that lost more than ``harm``. Shape (n_seeds, n_columns) each."""
    return float((theirs - ours > harm + ROUNDING).mean())


def completion_at(steps: FloatArray, success: FloatArray, at: FloatArray) -> FloatArray:
    """A learning curve at any steps: from 0 at the start, straight between notes, level after the last.

    Args:
        steps: Of the notes, rising. Shape (n_notes,).
        success: Share of successes then. Shape (n_notes,).
        at: Any shape.

    Returns:
        Shape of ``at``.
    """
    return np.interp(at, np.concatenate([[0.0], steps]), np.concatenate([[0.0], success]))


def area_under_curve(steps: FloatArray, success: FloatArray, budget: float) -> float:
    """Mean height of a learning curve from 0 to ``budget`` steps, 0 to 1; see :func:`completion_at`."""
    corners = np.concatenate([[0.0], steps[steps < budget], [budget]])
    heights = completion_at(steps, success, corners)
    return float(np.sum(np.diff(corners) * (heights[1:] + heights[:-1]) / 2) / budget)


def steps_to(steps: FloatArray, success: FloatArray, threshold: float) -> float:
    """Steps at which a learning curve first reaches a threshold above 0; infinity where it never does.

    Between notes it is straight, see :func:`completion_at`: else who is noted more often would seem earlier.

    Args:
        steps: Of the notes, rising. Shape (n_notes,).
        success: Share of successes then. Shape (n_notes,).
        threshold: In the same unit.
    """
    reached = np.flatnonzero(success >= threshold)
    if not reached.size:
        return float("inf")
    first = int(reached[0])
    ends = (
        np.concatenate([[0.0], success])[first : first + 2],
        np.concatenate([[0.0], steps])[first : first + 2],
    )
    return float(np.interp(threshold, *ends))


def restricted_mean(times: FloatArray, budget: float) -> float:
    """Mean of times of which none counts more than ``budget``: those that never came, too."""
    return float(np.minimum(times, budget).mean())
