"""Grippers as parts: ``replace(robot, gripper=ROBOTIQ_85)`` fits any arm."""

from .franka import FRANKA_HAND

__all__ = ["FRANKA_HAND"]
