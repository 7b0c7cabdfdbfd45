"""A Kinova3, the fastest learner of all, whose hub description ``no_harm.py`` mirrors."""

from dataclasses import replace

from hacpo_robot.catalog import load_robot

ROBOT = replace(load_robot("kinova3"), name="mirrored")
