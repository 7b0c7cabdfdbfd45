"""Actions in [-1, 1] and the commands they mean, in the robot's own units."""

from dataclasses import dataclass

import numpy as np

from hacpo_robot.specs.robot import GripperSpec
from hacpo_robot.specs.signature import Field, FloatArray, IntArray, Signature


@dataclass(frozen=True)
class CommandScale:
    """What -1 and 1 mean, and how far the way between them bends. Shape (action size,) each."""

    low: FloatArray
    high: FloatArray
    bow: FloatArray
    """``command = low + s * (high - low + bow * (1 - s))`` at share s; 0 where the way is straight."""

    @classmethod
    def of(cls, commands: Signature, gripper: GripperSpec) -> "CommandScale":
        """The scale of commands laid out by :func:`command_signature`."""
        bow = np.zeros(commands.size)
        bow[-1] = gripper.bow
        return cls(commands.low, commands.high, bow)

    def take(self, elements: IntArray) -> "CommandScale":
        """Of some elements of the action."""
        return CommandScale(self.low[elements], self.high[elements], self.bow[elements])

    def commands(self, actions: FloatArray) -> FloatArray:
        """Commands of actions, clipped to [-1, 1]. Shape (..., action size) in and out."""
        share = (np.clip(actions, -1.0, 1.0) + 1) / 2
        return self.low + share * (self.high - self.low + self.bow * (1 - share))

    def actions(self, commands: FloatArray) -> FloatArray:
        """Actions that mean these commands, in [-1, 1]. Shape (..., action size) in and out."""
        way, slope = np.clip(commands, self.low, self.high) - self.low, self.high - self.low + self.bow
        share = 2 * way / (slope + np.sqrt(slope**2 - 4 * self.bow * way))
        return 2 * share - 1


def command_signature(actions: Signature, gripper: GripperSpec) -> Signature:
    """Layout of the commands that leave: the arm's as in training, the gripper's as a width.

    Args:
        actions: Of the environment; the gripper is the last field.
        gripper: Which one.
    """
    width = Field(
        name=actions.fields[-1].name,
        elements=("width",),
        unit="m",
        low=(gripper.min_width,),
        high=(gripper.max_width,),
    )
    return Signature((*actions.fields[:-1], width))
