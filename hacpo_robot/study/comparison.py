"""Conditions side by side: which runs can be compared, and what the statistics say of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hacpo_robot.learning.proportion import newcombe_interval, wilson_interval
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.study import statistics
from hacpo_robot.study.results import Note, Reached, Results
from hacpo_robot.study.statistics import Estimate, estimate

Column = tuple[str, str, str]
"""Task, fleet, robot: what a group seed has one figure of."""
Key = tuple[str, str, str, int, str]
"""Task, fleet, condition, seed, robot."""
Figures = Mapping[tuple[str, int], Mapping[Column, float]]
"""By condition and seed."""


@dataclass(frozen=True)
class Comparison:
    """What one condition reaches above another with the same group seeds; shares from 0 to 1."""

    ours: str
    theirs: str
    seeds: tuple[int, ...]
    difference: Estimate
    """Of the means."""
    iqm_difference: Estimate
    improvement: Estimate
    """Probability that a run of ours is above one of theirs."""
    p: float
    """Sign-flip test over seeds."""
    worst: Column
    """Who gained least."""
    worst_difference: Estimate
    """Of that one; being chosen for it makes it look worse than it is."""
    harmed: float
    """Share of robots and seeds that lost more than five points."""


def completions(results: Results) -> Figures:
    """Share of held-out episodes that end in success."""
    return _figures((row, row.completion) for row in results.reached)


def from_curves(results: Results, figure: Callable[[FloatArray, FloatArray, float], float]) -> Figures:
    """A figure of every learning curve, see :func:`learning_curves`.

    Args:
        results: Of a study.
        figure: Takes steps, success and the budget of steps.
    """
    curves, none = learning_curves(results), np.empty((0, 2))
    found = []
    for row in results.reached:
        steps, success = curves.get(_key(row), none).T
        found.append((row, figure(steps, success, float(row.steps))))
    return _figures(found)


def learning_curves(results: Results) -> dict[Key, FloatArray]:
    """Steps and success of every robot in every run, as corners of a line. Shape (n_corners, 2) each.

    Those of one robot on one task end where the first of them ends, so that none is seen for longer than
    another that might have risen as well; that is between two notes of the others, as a rule.
    """
    noted: dict[Key, list[tuple[float, float]]] = defaultdict(list)
    last: dict[Column, list[float]] = defaultdict(list)
    for note in results.curves:
        noted[_key(note)].append((note.steps, note.success))
    for (task, fleet, _, _, robot), notes in noted.items():
        last[task, fleet, robot].append(notes[-1][0])
    curves = {}
    for key, notes in noted.items():
        task, fleet, _, _, robot = key
        curves[key] = _until(min(last[task, fleet, robot]), np.array(notes, float))
    return curves


def _until(end: float, curve: FloatArray) -> FloatArray:
    steps, success = curve.T
    last = float(statistics.completion_at(steps, success, np.array(end)))
    return np.vstack([curve[steps < end], np.array([[end, last]])])


def columns_of(rows: Sequence[Reached]) -> tuple[Column, ...]:
    """Every robot of every task and fleet, in order of appearance."""
    return tuple(dict.fromkeys((row.task, row.fleet, row.robot) for row in rows))


def matrix(figures: Figures, condition: str, columns: Sequence[Column], seeds: Sequence[int]) -> FloatArray:
    """Figures of one condition. Shape (n_seeds, n_columns)."""
    rows = [[figures[condition, seed][column] for column in columns] for seed in seeds]
    return np.array(rows, float).reshape(len(seeds), len(columns))


def whole_seeds(figures: Figures, conditions: Sequence[str], columns: Sequence[Column]) -> tuple[int, ...]:
    """Seeds of which all these conditions have all these columns: others would compare unlike things."""
    seeds = sorted({seed for _, seed in figures})
    return tuple(
        seed
        for seed in seeds
        if all(set(columns) <= set(figures.get((condition, seed), {})) for condition in conditions)
    )


def compare(
    figures: Figures, ours: str, theirs: str, columns: Sequence[Column], seeds: Sequence[int]
) -> Comparison:
    """One condition against another, paired over seeds that are whole in both; at least one."""
    one, other = (matrix(figures, condition, columns, seeds) for condition in (ours, theirs))
    worst = statistics.worst_column(one, other)
    return Comparison(
        ours=ours,
        theirs=theirs,
        seeds=tuple(seeds),
        difference=estimate(statistics.mean_difference, one, other),
        iqm_difference=estimate(statistics.iqm_difference, one, other),
        improvement=estimate(statistics.probability_of_improvement, one, other),
        p=statistics.sign_flip_p(one - other),
        worst=columns[worst],
        worst_difference=estimate(statistics.mean, (one - other)[:, worst : worst + 1]),
        harmed=statistics.negative_transfer_rate(one, other),
    )


def arm_completion(reached: Sequence[Reached]) -> Estimate:
    """Completion of one arm; of a single seed with the noise of its evaluation alone.

    Args:
        reached: One row per seed.
    """
    if len(reached) == 1:
        return Estimate(reached[0].completion, *wilson_interval(reached[0].n_success, reached[0].n_episodes))
    return estimate(statistics.mean, _column(reached))


def arm_difference(ours: Sequence[Reached], theirs: Sequence[Reached]) -> Estimate:
    """Difference in completion of one arm; of a single seed with the noise of its evaluation alone.

    Args:
        ours: One row per seed.
        theirs: The same seeds in the same order.
    """
    if len(ours) == 1:
        one, other = ours[0], theirs[0]
        counts = (one.n_success, one.n_episodes, other.n_success, other.n_episodes)
        return Estimate(one.completion - other.completion, *newcombe_interval(*counts))
    return estimate(statistics.mean_difference, _column(ours), _column(theirs))


def _column(reached: Sequence[Reached]) -> FloatArray:
    return np.array([[row.completion] for row in reached])


def _figures(found: Iterable[tuple[Reached, float]]) -> Figures:
    figures: dict[tuple[str, int], dict[Column, float]] = defaultdict(dict)
    for row, value in found:
        figures[row.condition, row.seed][row.task, row.fleet, row.robot] = value
    return figures


def _key(row: Reached | Note) -> Key:
    return row.task, row.fleet, row.condition, row.seed, row.robot
