"""Tables of a study as Markdown; every figure in them comes from its result files."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.study.comparison import (
    Column,
    arm_completion,
    arm_difference,
    columns_of,
    compare,
    completions,
    from_curves,
    matrix,
    whole_seeds,
)
from hacpo_robot.study.plan import Plan
from hacpo_robot.study.results import Reached, Results
from hacpo_robot.study.statistics import (
    Estimate,
    area_under_curve,
    estimate,
    holm,
    iqm,
    mean,
    restricted_mean,
    steps_to,
)

THRESHOLD = 0.8
"""Success in training at which a task counts as learned."""
NOT_YET = "No group seed has finished all that would have to be compared here."


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows))


def share(found: Estimate) -> str:
    """Per cent, with the interval where there is one."""
    return f"{found.value:.0%}".replace("%", " %") + _range(found, ".0f")


def points(found: Estimate) -> str:
    """Percentage points, with the interval where there is one."""
    return f"{100 * found.value:+.1f}" + _range(found, "+.1f")


def headline(plan: Plan, results: Results) -> str:
    """Completion of the claim and its rivals over all arms, and the paired differences."""
    figures, columns = completions(results), columns_of(results.reached)
    claim, *rivals = _begun(plan, results)
    seeds = whole_seeds(figures, (claim, *rivals), columns)
    if not seeds:
        return NOT_YET
    rows = []
    for condition in (*rivals, claim):
        scores = matrix(figures, condition, columns, seeds)
        row = [f"`{condition}`", share(estimate(mean, scores)), share(estimate(iqm, scores)), "", ""]
        if condition != claim:
            found = compare(figures, claim, condition, columns, seeds)
            row[3:] = [points(found.difference), f"{found.p:.3f}"]
        rows.append(row)
    head = ["condition", "completion", "interquartile mean", f"`{claim}` above it, points", "p"]
    return f"{table(head, rows)}\n\n{_basis(seeds, columns)}"


def differences(plan: Plan, results: Results) -> str:
    """Everything about the claim against each rival."""
    figures, columns = completions(results), columns_of(results.reached)
    claim, *rivals = _begun(plan, results)
    seeds = whole_seeds(figures, (claim, *rivals), columns)
    if not seeds:
        return NOT_YET
    found = [compare(figures, claim, rival, columns, seeds) for rival in rivals]
    rows = [
        ["mean difference, points", *(points(each.difference) for each in found)],
        ["difference of interquartile means, points", *(points(each.iqm_difference) for each in found)],
        ["probability that a run is better", *(share(each.improvement) for each in found)],
        ["p, sign-flip test over seeds", *(f"{each.p:.3f}" for each in found)],
        ["arm that gained least", *(" ".join(each.worst) for each in found)],
        ["its difference, points", *(points(each.worst_difference) for each in found)],
        ["arms and seeds that lost over 5 points", *(f"{each.harmed:.0%}" for each in found)],
    ]
    return table([f"`{claim}` against", *(f"`{rival}`" for rival in rivals)], rows)


def speed_of_learning(plan: Plan, results: Results) -> str:
    """Area under the learning curves, and steps to the threshold."""
    columns = columns_of(results.reached)
    areas = from_curves(results, area_under_curve)
    times = from_curves(results, lambda steps, success, _: steps_to(steps, success, THRESHOLD))
    # As shares of the budget, so that tasks with different budgets can be averaged.
    spent = from_curves(results, _share_of_budget)
    claim, *rivals = _begun(plan, results)
    seeds = whole_seeds(areas, (claim, *rivals), columns)
    if not seeds:
        return NOT_YET
    rows = []
    for condition in (*rivals, claim):
        reached = np.isfinite(matrix(times, condition, columns, seeds)).astype(float)
        rows.append(
            [
                f"`{condition}`",
                share(estimate(mean, matrix(areas, condition, columns, seeds))),
                share(estimate(mean, reached)),
                share(estimate(mean, matrix(spent, condition, columns, seeds))),
            ]
        )
    head = ["condition", "area under the curve", "arms that reach 80 %", "steps to 80 %, of the budget"]
    note = "Training episodes, exploration included. Arms that never reach 80 % count with the whole budget."
    return f"{table(head, rows)}\n\n{note}"


def _share_of_budget(steps: FloatArray, success: FloatArray, budget: float) -> float:
    return restricted_mean(np.array([steps_to(steps, success, THRESHOLD)]), budget) / budget


def per_task(plan: Plan, results: Results) -> str:
    """Completion of each fleet on each task, and what the claim gains on each rival."""
    figures = completions(results)
    claim, *rivals = _begun(plan, results)
    rows = []
    for task, fleet in blocks(results):
        columns = [each for each in columns_of(results.reached) if each[:2] == (task, fleet)]
        seeds = whole_seeds(figures, (claim, *rivals), columns)
        if seeds:
            scores = [matrix(figures, condition, columns, seeds) for condition in (*rivals, claim)]
            gains = [compare(figures, claim, rival, columns, seeds).difference for rival in rivals]
            completion = [share(estimate(mean, each)) for each in scores]
            rows.append([task, fleet, str(len(seeds)), *completion, *map(points, gains)])
    head = ["task", "fleet", "seeds", *(f"`{name}`" for name in (*rivals, claim))]
    return table([*head, *(f"above `{name}`" for name in rivals)], rows)


def per_arm(plan: Plan, results: Results) -> str:
    """Completion of each arm under each headline condition, and what the claim gains on each rival."""
    claim, *rivals = _begun(plan, results)
    found: dict[tuple[Column, str], dict[int, Reached]] = defaultdict(dict)
    for row in results.reached:
        found[(row.task, row.fleet, row.robot), row.condition][row.seed] = row
    rows = []
    for column in columns_of(results.reached):
        by_condition = [found[column, condition] for condition in (*rivals, claim)]
        seeds = sorted(set.intersection(*(set(each) for each in by_condition)))
        if seeds:
            runs = [[each[seed] for seed in seeds] for each in by_condition]
            completion = [share(arm_completion(each)) for each in runs]
            gains = [points(arm_difference(runs[-1], each)) for each in runs[:-1]]
            rows.append([*column, str(len(seeds)), *completion, *gains])
    head = ["task", "fleet", "arm", "seeds", *(f"`{name}`" for name in (*rivals, claim))]
    return table([*head, *(f"above `{name}`" for name in rivals)], rows)


def ablations(plan: Plan, results: Results) -> str:
    """Every other condition, against the claim and each rival."""
    others = [name for name in plan.conditions if name not in plan.headline]
    figures, columns = completions(results), columns_of(results.reached)
    against = _begun(plan, results)
    rows, p_values = [], []
    for condition in others:
        seeds = whole_seeds(figures, (condition, *against), columns)
        if seeds:
            found = [compare(figures, condition, rival, columns, seeds) for rival in against]
            p_values.append(found[0].p)
            completion = share(estimate(mean, matrix(figures, condition, columns, seeds)))
            rows.append(
                [f"`{condition}`", str(len(seeds)), completion, *(points(f.difference) for f in found)]
            )
    for row, p in zip(rows, holm(p_values), strict=True):
        row.append(f"{p:.3f}")
    head = ["condition", "seeds", "completion", *(f"above `{name}`, points" for name in against)]
    return table([*head, f"p against `{plan.headline[0]}` (Holm)"], rows) if rows else NOT_YET


def who_taught_whom(plan: Plan, results: Results) -> str:
    """What arms took from each other under the claim, per run: rows teach, columns learn."""
    parts = [
        "Skills that were rehearsed and taken over, and thousands of translated steps learned from, per run. "
        "A dash: nothing at all."
    ]
    for task, fleet in blocks(results):
        own = results.of(task, fleet, plan.headline[0])
        robots = list(dict.fromkeys(row.robot for row in own.reached))
        rows = [[source, *(_taken(own, source, learner) for learner in robots)] for source in robots]
        parts.append(f"{task}, fleet {fleet}:\n\n{table(['teaches', *robots], rows)}")
    return "\n\n".join(parts)


def _taken(results: Results, source: str, learner: str) -> str:
    lessons = [row for row in results.lessons if (row.source, row.learner) == (source, learner)]
    adopted = sum(row.adopted for row in lessons) / len(results.runs)
    accepted = sum(row.accepted for row in lessons) / len(results.runs) / 1000
    return f"{adopted:.1f} / {accepted:.0f}k" if lessons else "-"


def wall_time(plan: Plan, results: Results) -> str:
    """Minutes of training per run."""
    rows, conditions = [], _with_runs(plan, results)
    for task, fleet in blocks(results):
        parts = [results.of(task, fleet, condition).reached for condition in conditions]
        minutes = (np.mean([row.wall_s for row in part]) / 60 if part else np.nan for part in parts)
        rows.append([task, fleet, *(f"{each:.1f}" for each in minutes)])
    return table(["task", "fleet", *(f"`{name}`" for name in conditions)], rows).replace("nan", "-")


def settings(plan: Plan, results: Results) -> str:
    """What conditions do not share on the same task, fleet and seed; then what all runs have in common."""
    groups: dict[tuple[str, str, int], dict[str, dict[str, object]]] = defaultdict(dict)
    for run in results.runs:
        groups[run.task, run.fleet, run.seed][run.condition] = run.settings
    unlike = {
        name: {condition: own[name] for condition, own in group.items()}
        for group in groups.values()
        for name in next(iter(group.values()))
        if len({str(own[name]) for own in group.values()}) > 1
    }
    conditions = _with_runs(plan, results)
    rows = [[f"`{name}`", *(str(by.get(c, "-")) for c in conditions)] for name, by in unlike.items()]
    first = results.runs[0].settings if results.runs else {}
    same = {k: v for k, v in first.items() if all(run.settings[k] == v for run in results.runs)}
    shown = ", ".join(f"`{name}` {value}" for name, value in same.items())
    return f"{table(['setting', *(f'`{c}`' for c in conditions)], rows)}\n\nEqual in all runs: {shown}."


def origin(results: Results) -> str:
    """Machines, versions, commits."""
    versions = {
        ", ".join(f"{name} {number}" for name, number in run.versions.items()) for run in results.runs
    }
    commits = sorted({run.commit or "unknown" for run in results.runs})
    days = sorted(run.created_at[:10] for run in results.runs)
    lines = [
        f"{len(results.runs)} runs, begun {days[0]} to {days[-1]}.",
        f"Machine: {'; '.join(sorted({run.machine for run in results.runs}))}.",
        f"Versions: {'; '.join(sorted(versions))}.",
        f"Commits (+: with changes): {', '.join(commits)}.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def blocks(results: Results) -> list[tuple[str, str]]:
    """Every task with every fleet, in order of appearance."""
    return list(dict.fromkeys((row.task, row.fleet) for row in results.reached))


def _begun(plan: Plan, results: Results) -> list[str]:
    """The claim, then those of its rivals that have runs already."""
    begun = _with_runs(plan, results)
    return [name for name in plan.headline if name in begun or name == plan.headline[0]]


def _with_runs(plan: Plan, results: Results) -> list[str]:
    """Conditions that have runs already, in the order of the plan."""
    begun = {run.condition for run in results.runs}
    return [name for name in plan.conditions if name in begun]


def _range(found: Estimate, style: str) -> str:
    low, high = f"{100 * found.low:{style}}", f"{100 * found.high:{style}}"
    return "" if low == high else f" ({low} to {high})"  # one seed, or no difference between seeds


def _basis(seeds: Sequence[int], columns: Sequence[Column]) -> str:
    few = " Of fewer than six seeds p cannot fall below 0.05, and the intervals are too narrow."
    return (
        f"Group seeds: {', '.join(map(str, seeds))}; {len(columns)} arms each. In brackets: 95 % intervals "
        "over group seeds; p: sign-flip test over group seeds, two-sided." + few * (len(seeds) < 6)
    )
