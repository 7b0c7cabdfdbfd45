"""Learning curves as SVG: a panel per task and fleet, a line with a band per condition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from hacpo_robot.specs.signature import FloatArray

COLOURS = ("#009e73", "#0072b2", "#d55e00", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Okabe and Ito's, told apart by most eyes; claim first."""
COLUMNS = 2
WIDTH, HEIGHT = 440, 280
"""Of one panel [px]."""
LEFT, RIGHT, TOP, BOTTOM = 48, 16, 34, 40
"""Margins of a panel [px]."""
LEGEND = 34
"""Height of the line above all panels [px]."""
INK, GRID = "#333333", "#dddddd"


@dataclass(frozen=True)
class Band:
    """One learning curve; shares from 0 to 1, shape (n_points,) each."""

    mean: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class Panel:
    """All curves of a task and a fleet."""

    title: str
    steps: FloatArray
    """Rising from 0. Shape (n_points,)."""
    bands: Mapping[str, Band]
    """By condition."""


def draw_curves(panels: Sequence[Panel], conditions: Sequence[str]) -> str:
    """The picture, as the text of an SVG file."""
    colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(conditions)}
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // COLUMNS)
    width, height = columns * WIDTH, LEGEND + rows * HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="sans-serif" font-size="12" fill="{INK}">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        *_legend({name: colours[name] for name in conditions if any(name in each.bands for each in panels)}),
    ]
    for place, panel in enumerate(panels):
        row, column = divmod(place, COLUMNS)
        parts.append(f'<g transform="translate({column * WIDTH} {LEGEND + row * HEIGHT})">')
        parts += _panel(panel, colours)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _legend(colours: Mapping[str, str]) -> list[str]:
    parts, x = [], float(LEFT)
    for name, colour in colours.items():
        parts.append(
            f'<line x1="{x:.0f}" y1="18" x2="{x + 22:.0f}" y2="18" stroke="{colour}" stroke-width="3"/>'
        )
        parts.append(f'<text x="{x + 28:.0f}" y="22">{escape(name)}</text>')
        x += 28 + 7.5 * len(name) + 24
    return parts


def _panel(panel: Panel, colours: Mapping[str, str]) -> list[str]:
    inner_width, inner_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    last = float(panel.steps[-1])

    def x(steps: float) -> float:
        return LEFT + inner_width * steps / last

    def y(share: float) -> float:
        return TOP + inner_height * (1 - share)

    def points(heights: FloatArray) -> list[str]:
        return [f"{x(s):.1f},{y(h):.1f}" for s, h in zip(panel.steps, heights, strict=True)]

    parts = [f'<text x="{LEFT}" y="22" font-weight="bold">{escape(panel.title)}</text>']
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        level = f"{y(share):.1f}"
        parts.append(f'<line x1="{LEFT}" y1="{level}" x2="{WIDTH - RIGHT}" y2="{level}" stroke="{GRID}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y(share) + 4:.1f}" text-anchor="end">{share:.0%}</text>')
    below = f'y="{HEIGHT - BOTTOM + 16}" text-anchor="middle"'
    parts += [
        f'<text x="{x(steps):.1f}" {below}>{steps / 1000:.0f}k</text>' for steps in np.linspace(0.0, last, 5)
    ]
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">steps per arm</text>')
    for name, band in panel.bands.items():
        outline = " ".join(points(band.low) + points(band.high)[::-1])
        parts.append(f'<polygon points="{outline}" fill="{colours[name]}" fill-opacity="0.15"/>')
    for name, band in panel.bands.items():
        line = " ".join(points(band.mean))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colours[name]}" stroke-width="2"/>')
    return parts
