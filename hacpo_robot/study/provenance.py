"""Where results come from: settings, machines, versions, commits."""

from collections import defaultdict

from hacpo_robot.markdown import table
from hacpo_robot.specs.sharing_mode import has_effect, mode_of
from hacpo_robot.study.plan import Plan
from hacpo_robot.study.results import Results, Run


def settings(plan: Plan, results: Results) -> str:
    """What conditions do not share on the same task, fleet and seed; then what all runs have in common.

    Only what a run reads counts: plain PPO has the settings of sharing, too, and uses none of them.
    """
    values: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    within: dict[str, dict[tuple[str, str, int], set[str]]] = defaultdict(lambda: defaultdict(set))
    for run in results.runs:
        for name, value in _read_by(run).items():
            shown = f"{value}"
            if shown not in values[name][run.condition]:
                values[name][run.condition].append(shown)
            within[name][run.task, run.fleet, run.seed].add(shown)
    unlike = [name for name, groups in within.items() if any(len(found) > 1 for found in groups.values())]
    alike = {name: set().union(*within[name].values()) for name in within if name not in unlike}
    conditions = results.conditions(plan)
    rows = [[f"`{name}`", *(" / ".join(values[name][c]) or "-" for c in conditions)] for name in unlike]
    equal = ", ".join(f"`{name}` {min(found)}" for name, found in alike.items() if len(found) == 1)
    varied = ", ".join(f"`{name}`" for name, found in alike.items() if len(found) > 1)
    parts = [table(["setting", *(f"`{name}`" for name in conditions)], rows), f"Equal in all runs: {equal}."]
    if varied:
        parts.append(f"Alike for all conditions, but not for all tasks, fleets or seeds: {varied}.")
    alone = sorted({f"`{run.condition}`" for run in results.runs if not _shares(run)})
    if alone:
        parts.append(f"No `hacpo` setting has any effect on {', '.join(alone)}.")
    return "\n\n".join(parts)


def _read_by(run: Run) -> dict[str, object]:
    return {name: value for name, value in run.settings.items() if has_effect(name, run.settings["sharing"])}


def _shares(run: Run) -> bool:
    return mode_of(run.settings["sharing"]).has_exchange


def origin(results: Results) -> str:
    """Machines, versions, commits."""
    versions = {
        ", ".join(f"{name} {number}" for name, number in run.versions.items()) for run in results.runs
    }
    commits = sorted({name for run in results.runs for name in (run.commit or "unknown").split(", ")})
    days = sorted(run.created_at[:10] for run in results.runs)
    lines = [
        f"{len(results.runs)} runs, begun {days[0]} to {days[-1]}.",
        f"Machine: {'; '.join(sorted({run.machine for run in results.runs}))}.",
        f"Versions: {'; '.join(sorted(versions))}.",
        f"Commits (+: with changes): {', '.join(commits)}.",
    ]
    return "\n".join(f"- {line}" for line in lines)
