"""How fast and how abruptly a policy may command its robot: what it did in training, and a little more."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from hacpo_robot.specs.action import ActionSpec, JointPositionDelta, JointVelocity
from hacpo_robot.specs.commands import CommandScale
from hacpo_robot.specs.sensor import SensorSpec
from hacpo_robot.specs.signature import FloatArray

JUMP_QUANTILE, JUMP_MARGIN = 0.999, 2.0
"""A limiter lets pass this many times what all but a thousandth of the changes stayed below."""
LEAST_JUMP = 0.01
"""And at least this share of the range: what never moved in the recording is not frozen for ever."""
STALE_PERIODS = 2
"""Control periods by which a sensor reading may be older than it was in training."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a runtime holds commands and readings to."""

    joint_speed: tuple[float, ...] | None
    """[rad/s, prismatic m/s] per joint; ``None`` where the tool is commanded."""
    jump: tuple[float, ...]
    """Largest change between consecutive commands, per element, command units."""
    max_age_s: float
    """Age beyond which a sensor reading is stale."""


def measure_limits(
    action: ActionSpec,
    sensors: Iterable[SensorSpec],
    scale: CommandScale,
    episodes: Iterable[FloatArray],
    control_hz: float,
) -> Limits:
    """Limits of a policy, from the commands that it gave.

    Args:
        action: How the robot is commanded.
        sensors: What it reads; the slowest of them decides how old a reading may be.
        scale: Bounds of the commands.
        episodes: Commands of whole episodes, at least one, in order; each begins at rest with an open
            gripper. Shape (length, action size) each.
        control_hz: Commands per second.
    """
    rest = np.append(np.zeros(len(scale.high) - 1), scale.high[-1])[None]
    changes = np.concatenate([np.abs(np.diff(commands, axis=0, prepend=rest)) for commands in episodes])
    widest = scale.high - scale.low
    usual = np.quantile(changes, JUMP_QUANTILE, axis=0)
    oldest = max((s.delay_s + (0.0 if s.rate_hz is None else 1 / s.rate_hz) for s in sensors), default=0.0)
    steps_per_s = {JointPositionDelta: control_hz, JointVelocity: 1.0}.get(type(action))
    speed = None if steps_per_s is None else tuple((steps_per_s * scale.high[:-1]).tolist())
    return Limits(
        joint_speed=speed,
        jump=tuple(np.clip(JUMP_MARGIN * usual, LEAST_JUMP * widest, widest).tolist()),
        max_age_s=oldest + STALE_PERIODS / control_hz,
    )
