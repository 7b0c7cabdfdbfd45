"""Tables of a study as Markdown; every figure in them comes from its result files."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import product
from typing import TypeVar

import numpy as np

from hacpo_robot.markdown import table
from hacpo_robot.specs.sharing_mode import mode_of
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.study.comparison import (
    Column,
    Comparison,
    Figures,
    arm_completion,
    arm_difference,
    columns_of,
    compare,
    completions,
    from_curves,
    matrix,
    whole_seeds,
)
from hacpo_robot.study.notation import counts, points, share
from hacpo_robot.study.plan import Plan
from hacpo_robot.study.results import Reached, Results
from hacpo_robot.study.statistics import (
    area_under_curve,
    estimate,
    holm,
    iqm,
    mean,
    restricted_mean,
    steps_to,
)

T = TypeVar("T")
THRESHOLD = 0.8
"""Success in training at which a task counts as learned."""
NOT_YET = "No group seed has finished all that would have to be compared here."


def headline(plan: Plan, results: Results) -> str:
    """Completion of each fleet over all its arms, and what the claim gains on each rival."""
    figures = completions(results)
    claim, *rivals = plan.headline
    rows, numbers = [], []
    for fleet, columns in _fleets(plan, results):
        for each in _against_rivals(plan, results, columns):
            gain = [points(each.difference), f"{each.p:.3f}"]
            rows.append([fleet, *_level(figures, each.theirs, columns, each.seeds), *gain])
            numbers.append(len(each.seeds))
        if seeds := whole_seeds(figures, (claim,), columns):
            rows.append([fleet, *_level(figures, claim, columns, seeds), *[""] * 2 * bool(rivals)])
    if not rows:
        return NOT_YET
    head = ["fleet", "condition", "seeds", "completion", "interquartile mean"]
    if not rivals:
        return f"{table(head, rows)}\n\nIn brackets: 95 % intervals over group seeds."
    few = " Of fewer than six seeds p cannot fall below 0.05, and the intervals are too narrow."
    note = (
        f"Every condition is set against `{claim}` over the group seeds of which both have all tasks. In "
        "brackets: 95 % intervals over group seeds; p: sign-flip test over group seeds, two-sided."
    )
    page = table([*head, f"`{claim}` above it, points", "p"], rows)
    return f"{page}\n\n{note}{few * (min(numbers, default=6) < 6)}"


def _against_rivals(plan: Plan, results: Results, columns: Sequence[Column]) -> list[Comparison]:
    """The claim against each rival, over the seeds of which both have all columns; others are left out."""
    figures = completions(results)
    claim, *rivals = _begun(plan, results)
    pairs = [(rival, whole_seeds(figures, (claim, rival), columns)) for rival in rivals]
    return [compare(figures, claim, rival, columns, seeds) for rival, seeds in pairs if seeds]


def _level(figures: Figures, condition: str, columns: Sequence[Column], seeds: Sequence[int]) -> list[str]:
    scores = matrix(figures, condition, columns, seeds)
    return [f"`{condition}`", str(len(seeds)), share(estimate(mean, scores)), share(estimate(iqm, scores))]


def differences(plan: Plan, results: Results) -> str:
    """Everything about the claim against each rival, fleet by fleet; nothing where it has none."""
    if len(plan.headline) == 1:
        return ""
    by_fleet = {fleet: _against_rivals(plan, results, columns) for fleet, columns in _fleets(plan, results)}
    places = [f"`{each.theirs}`, fleet {fleet}" for fleet, found in by_fleet.items() for each in found]
    found = [each for group in by_fleet.values() for each in group]
    rows = [
        ["mean difference, points", *(points(each.difference) for each in found)],
        ["difference of interquartile means, points", *(points(each.iqm_difference) for each in found)],
        ["probability that a run is better", *(share(each.improvement) for each in found)],
        ["p, sign-flip test over seeds", *(f"{each.p:.3f}" for each in found)],
        ["arm that gained least", *(" ".join(each.worst) for each in found)],
        ["its difference, points", *(points(each.worst_difference) for each in found)],
        ["arms and seeds that lost over 5 points", *(f"{each.harmed:.0%}" for each in found)],
    ]
    return table([f"`{plan.headline[0]}` against", *places], rows) if found else NOT_YET


def speed_of_learning(plan: Plan, results: Results) -> str:
    """Area under the learning curves, and steps to the threshold, fleet by fleet."""
    areas = from_curves(results, area_under_curve)
    times = from_curves(results, lambda steps, success, _: steps_to(steps, success, THRESHOLD))
    # As shares of the budget, so that tasks with different budgets can be averaged.
    spent = from_curves(results, _share_of_budget)
    claim, *rivals = _begun(plan, results)
    rows = []
    for fleet, columns in _fleets(plan, results):
        for condition in (*rivals, claim):
            if seeds := whole_seeds(areas, (condition,), columns):
                reached = np.isfinite(matrix(times, condition, columns, seeds)).astype(float)
                area = share(estimate(mean, matrix(areas, condition, columns, seeds)))
                budget = share(estimate(mean, matrix(spent, condition, columns, seeds)))
                rows.append(
                    [fleet, f"`{condition}`", str(len(seeds)), area, share(estimate(mean, reached)), budget]
                )
    if not rows:
        return NOT_YET
    shown = ["area under the curve", "arms that reach 80 %", "steps to 80 %, of the budget"]
    note = (
        "Training episodes, exploration included. Arms that never reach 80 % count with the whole budget. "
        "All curves of an arm on a task are straight between notes, and end where the first of them ends."
    )
    return f"{table(['fleet', 'condition', 'seeds', *shown], rows)}\n\n{note}"


def _share_of_budget(steps: FloatArray, success: FloatArray, budget: float) -> float:
    return restricted_mean(np.array([steps_to(steps, success, THRESHOLD)]), budget) / budget


def per_task(plan: Plan, results: Results) -> str:
    """Completion of each fleet on each task, and what the claim gains on each rival."""
    figures, columns = completions(results), columns_of(results.reached)
    claim, *rivals = _begun(plan, results)
    rows = []
    for block in blocks(results):
        part = [each for each in columns if each[:2] == block]
        whole = {name: whole_seeds(figures, (claim, name), part) for name in (*rivals, claim)}
        if whole[claim]:
            levels = [_mean(figures, name, part, seeds) for name, seeds in whole.items()]
            gains = [_gain(figures, claim, name, part, whole[name]) for name in rivals]
            rows.append([*block, counts(whole.values()), *levels, *gains])
    return table(["task", "fleet", *_level_head(claim, rivals)], rows)


def _mean(figures: Figures, condition: str, columns: Sequence[Column], seeds: Sequence[int]) -> str:
    return share(estimate(mean, matrix(figures, condition, columns, seeds))) if seeds else "-"


def _gain(figures: Figures, ours: str, theirs: str, columns: Sequence[Column], seeds: Sequence[int]) -> str:
    return points(compare(figures, ours, theirs, columns, seeds).difference) if seeds else "-"


def per_arm(plan: Plan, results: Results) -> str:
    """Completion of each arm under each headline condition, and what the claim gains on each rival."""
    claim, *rivals = _begun(plan, results)
    found: dict[tuple[Column, str], dict[int, Reached]] = defaultdict(dict)
    for row in results.reached:
        found[(row.task, row.fleet, row.robot), row.condition][row.seed] = row
    rows = []
    for column in columns_of(results.reached):
        own = found[column, claim]
        pairs = {name: _paired(found[column, name], own) for name in (*rivals, claim)}
        if own:
            levels = [share(arm_completion(theirs)) if theirs else "-" for theirs, _ in pairs.values()]
            gains = [points(arm_difference(pairs[n][1], pairs[n][0])) if pairs[n][0] else "-" for n in rivals]
            rows.append([*column, counts(theirs for theirs, _ in pairs.values()), *levels, *gains])
    return table(["task", "fleet", "arm", *_level_head(claim, rivals)], rows)


def _paired(one: Mapping[int, T], other: Mapping[int, T]) -> tuple[list[T], list[T]]:
    """What both have of the same seeds."""
    seeds = sorted(set(one) & set(other))
    return [one[seed] for seed in seeds], [other[seed] for seed in seeds]


def _level_head(claim: str, rivals: Sequence[str]) -> list[str]:
    return ["seeds", *(f"`{name}`" for name in (*rivals, claim)), *(f"above `{name}`" for name in rivals)]


def ablations(plan: Plan, results: Results) -> str:
    """Every other condition, against the claim and each rival; nothing where there is no other."""
    others = [name for name in plan.conditions if name not in plan.headline]
    if not others:
        return ""
    figures, against = completions(results), _begun(plan, results)
    rows, p_values = [], []
    for (fleet, columns), condition in product(_fleets(plan, results), others):
        seeds = whole_seeds(figures, (condition, *against), columns)
        if seeds:
            found = [compare(figures, condition, rival, columns, seeds) for rival in against]
            p_values.append(found[0].p)
            completion = share(estimate(mean, matrix(figures, condition, columns, seeds)))
            differences = (points(f.difference) for f in found)
            rows.append([fleet, f"`{condition}`", str(len(seeds)), completion, *differences])
    for row, p in zip(rows, holm(p_values), strict=True):
        row.append(f"{p:.3f}")
    head = ["fleet", "condition", "seeds", "completion", *(f"above `{name}`, points" for name in against)]
    return table([*head, f"p against `{plan.headline[0]}` (Holm)"], rows) if rows else NOT_YET


def who_taught_whom(plan: Plan, results: Results) -> str:
    """What arms took from each other under the claim, per run: rows teach, columns learn.

    Nothing where the claim is that they learn alone.
    """
    first, *_ = plan.cells(1)  # of the claim
    if not mode_of(first.settings.sharing).hears_others:
        return ""
    parts = [
        "Skills that were rehearsed and taken over, and thousands of translated steps learned from, per run. "
        "A dash: nothing at all."
    ]
    for task, fleet in blocks(results):
        own = results.of(task, fleet, plan.headline[0])
        robots = list(dict.fromkeys(row.robot for row in own.reached))
        rows = [[source, *(_taken(own, source, learner) for learner in robots)] for source in robots]
        if rows:
            parts.append(f"{task}, fleet {fleet}:\n\n{table(['teaches', *robots], rows)}")
    return "\n\n".join(parts)


def _taken(results: Results, source: str, learner: str) -> str:
    lessons = [row for row in results.lessons if (row.source, row.learner) == (source, learner)]
    adopted = sum(row.adopted for row in lessons) / len(results.runs)
    accepted = sum(row.accepted for row in lessons) / len(results.runs) / 1000
    return f"{adopted:.1f} / {accepted:.0f}k" if lessons else "-"


def wall_time(plan: Plan, results: Results) -> str:
    """Minutes of training per run."""
    rows, conditions = [], results.conditions(plan)
    for task, fleet in blocks(results):
        parts = [results.of(task, fleet, condition).reached for condition in conditions]
        minutes = (f"{np.mean([row.wall_s for row in part]) / 60:.1f}" if part else "-" for part in parts)
        rows.append([task, fleet, *minutes])
    page = table(["task", "fleet", *(f"`{name}`" for name in conditions)], rows)
    note = "Each on its own machine, beside whatever else that did: no measure of what sharing costs."
    return f"{page}\n\n{note}"


def blocks(results: Results) -> list[tuple[str, str]]:
    """Every task with every fleet, in order of appearance."""
    return list(dict.fromkeys((row.task, row.fleet) for row in results.reached))


def _begun(plan: Plan, results: Results) -> list[str]:
    """The claim, then those of its rivals that have runs already."""
    begun = results.conditions(plan)
    return [name for name in plan.headline if name in begun or name == plan.headline[0]]


def _fleets(plan: Plan, results: Results) -> list[tuple[str, list[Column]]]:
    """Every fleet that has results, with all its arms of all tasks."""
    arms = {
        fleet: dict.fromkeys(r.robot for r in results.reached if r.fleet == fleet) for fleet in plan.fleets
    }
    return [
        (fleet, [(task, fleet, robot) for task in plan.tasks for robot in robots])
        for fleet, robots in arms.items()
        if robots
    ]
