"""Grippers as parts: ``replace(robot, gripper=ROBOTIQ_85)`` fits any arm."""

from .franka import FRANKA_HAND
from .jaco import JACO_THREE_FINGER
from .jaws import PARALLEL_JAWS
from .rethink import RETHINK
from .robotiq import ROBOTIQ_85, ROBOTIQ_140
from .xarm import XARM

__all__ = [
    "FRANKA_HAND",
    "JACO_THREE_FINGER",
    "PARALLEL_JAWS",
    "RETHINK",
    "ROBOTIQ_85",
    "ROBOTIQ_140",
    "XARM",
]
