"""Grippers as parts: ``replace(robot, gripper=ROBOTIQ_85)`` fits any arm."""

from .franka import FRANKA_HAND
from .jaws import PARALLEL_JAWS

__all__ = ["FRANKA_HAND", "PARALLEL_JAWS"]
