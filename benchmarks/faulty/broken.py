"""A Panda whose elbow ``no_harm.py`` locks."""

from dataclasses import replace

from hacpo_robot.catalog import load_robot

ROBOT = replace(load_robot("panda"), name="broken")
