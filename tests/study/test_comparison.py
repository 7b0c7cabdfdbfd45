"""Only like is compared with like."""

from dataclasses import replace

import pytest

from hacpo_robot.study.comparison import (
    arm_completion,
    arm_difference,
    columns_of,
    compare,
    completions,
    from_curves,
    learning_curves,
    matrix,
    whole_seeds,
)
from hacpo_robot.study.statistics import area_under_curve
from tests.study.synthetic import PLAN, results_of


@pytest.fixture(scope="module")
def whole():
    return results_of(PLAN.cells(3))


def test_a_column_is_an_arm_on_a_task(whole):
    assert columns_of(whole.reached) == (
        ("reach", "pair", "ur5e"),
        ("reach", "pair", "scara"),
        ("lift", "pair", "ur5e"),
        ("lift", "pair", "scara"),
    )


def test_pairs_are_compared_seed_by_seed(whole):
    columns = columns_of(whole.reached)
    found = compare(completions(whole), "hacpo", "none", columns, (0, 1, 2))
    # Seeds differ by five points, but both sides alike.
    assert vars(found.difference) == pytest.approx({"value": 0.3, "low": 0.3, "high": 0.3})
    assert found.p == 2 / 2**3
    assert found.improvement.value == 1.0
    assert found.harmed == 0.0
    assert compare(completions(whole), "none", "hacpo", columns, (0, 1, 2)).harmed == 1.0


def test_a_seed_that_lacks_a_task_does_not_count():
    cells = [cell for cell in PLAN.cells(3) if (cell.task, cell.seed, cell.condition) != ("lift", 1, "none")]
    part = results_of(cells)
    columns = columns_of(part.reached)
    assert whole_seeds(completions(part), ("hacpo", "none"), columns) == (0, 2)
    assert whole_seeds(completions(part), ("hacpo", "self"), columns) == (0, 1, 2)
    assert whole_seeds(completions(part), ("hacpo", "none"), columns[:2]) == (0, 1, 2)


def test_figures_of_curves_belong_to_their_own_budget(whole):
    areas = from_curves(whole, area_under_curve)
    found = matrix(areas, "hacpo", columns_of(whole.reached), (1,))
    assert found.tolist() == [[pytest.approx(0.4)] * 4]  # straight up to 0.8, whatever the budget


def test_curves_of_an_arm_end_where_the_first_of_them_ends(whole):
    early = whole.of("lift", "pair", "none")
    notes = [n for n in whole.curves if not (n in early.curves and n.robot == "scara" and n.steps == 2000)]
    curves = learning_curves(replace(whole, curves=tuple(notes)))
    assert curves["lift", "pair", "hacpo", 1, "scara"].tolist() == [[1000.0, 0.4]]
    assert curves["lift", "pair", "hacpo", 1, "ur5e"].tolist() == [[1000.0, 0.4], [2000.0, 0.8]]


def test_curves_end_together_between_notes_too(whole):
    early = {n: replace(n, steps=1500) for n in whole.of("lift", "pair", "hacpo").curves if n.steps == 2000}
    curves = learning_curves(replace(whole, curves=tuple(early.get(note, note) for note in whole.curves)))
    assert curves["lift", "pair", "hacpo", 1, "ur5e"].tolist() == [[1000.0, 0.4], [1500.0, 0.8]]
    # Half way from a note at 1000 steps to one at 2000.
    assert curves["lift", "pair", "none", 1, "ur5e"][-1] == pytest.approx([1500.0, (0.25 + 0.5) / 2])


def test_an_arm_with_one_seed_shows_the_noise_of_its_evaluation(whole):
    ours, theirs = (
        [row for row in whole.of("lift", "pair", name).reached if (row.robot, row.seed) == ("scara", 1)]
        for name in ("hacpo", "none")
    )
    assert vars(arm_completion(ours)) == pytest.approx({"value": 0.8, "low": 0.711, "high": 0.867}, abs=1e-3)
    found = arm_difference(ours, theirs)
    assert found.value == pytest.approx(0.3)
    assert found.low < 0.2 < 0.4 < found.high
