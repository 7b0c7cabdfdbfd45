"""The headline: what one arm can do, others learn from its steps alone."""

from functools import cache

import pytest

from hacpo_robot.specs.training import SchemaSettings
from hacpo_robot.study.transfer import demonstrate, read

SETTINGS = SchemaSettings(babble_steps=50_000, fit_steps=2000)


@cache
def steps():
    return demonstrate("ur5e", "lift", n_episodes=64)


@pytest.mark.slow
@pytest.mark.parametrize("robot", ["panda", "kinova3"])
def test_arms_lift_after_reading_the_translated_episodes_of_another(robot):
    result = read(steps(), robot, "lift", SETTINGS, n_episodes=64)
    assert result.quality.ready(SETTINGS)
    assert result.success_once >= 75, result
