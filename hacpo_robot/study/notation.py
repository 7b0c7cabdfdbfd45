"""Figures as the tables of a page show them."""

from collections.abc import Iterable, Sized

from hacpo_robot.study.statistics import Estimate


def share(found: Estimate) -> str:
    """Per cent, with the interval where there is one."""
    return f"{found.value:.0%}".replace("%", " %") + _range(found, ".0f")


def points(found: Estimate) -> str:
    """Percentage points, with the interval where there is one."""
    return f"{100 * found.value:+.1f}" + _range(found, "+.1f")


def counts(groups: Iterable[Sized]) -> str:
    """How many seeds stand behind the figures of a row; one number where all have the same."""
    numbers = [str(len(group)) for group in groups]
    return numbers[0] if len(set(numbers)) == 1 else " / ".join(numbers)


def _range(found: Estimate, style: str) -> str:
    low, high = f"{100 * found.low:{style}}", f"{100 * found.high:{style}}"
    return "" if low == high else f" ({low} to {high})"  # one seed, or no difference between seeds
