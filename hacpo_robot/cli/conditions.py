"""Under which conditions a policy is judged, the same for every verb that does."""

import argparse
import math

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.specs.randomization import LEVELS


def add_conditions(parser: argparse.ArgumentParser) -> None:
    """Flags for noise on actions and for worlds that differ."""
    parser.add_argument(
        "--noise", type=float, default=0.0, help="spread of noise on every action in [-1, 1]; none by default"
    )
    parser.add_argument(
        "--randomization",
        choices=LEVELS,
        default="none",
        help="how much bodies, objects and sensors differ; none by default, however it was trained",
    )


def check_conditions(chosen: argparse.Namespace) -> None:
    """Refuse noise that is none.

    Raises:
        InvalidSpecError: it is negative or no number.
    """
    if not 0 <= chosen.noise < math.inf:
        raise InvalidSpecError(f"noise must be a number from 0 on, not {chosen.noise:g}")
