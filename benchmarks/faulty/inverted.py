"""A UR5e that ``no_harm.py`` pays for what is wrong, and that calls its failures successes."""

from dataclasses import replace

from hacpo_robot.catalog import load_robot

ROBOT = replace(load_robot("ur5e"), name="inverted")
