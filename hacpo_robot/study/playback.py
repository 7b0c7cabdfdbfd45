"""An exported policy in the place of a trained one."""

from typing import Any

import numpy as np

from hacpo_robot.control.controller import action_signature, make_controller
from hacpo_robot.envs.observation import Observer
from hacpo_robot.envs.workcell import CONTROL_HZ
from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.export.metadata import read_signature
from hacpo_robot.export.runtime import Policy
from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.scene import make_scene
from hacpo_robot.specs.commands import CommandScale, command_signature
from hacpo_robot.specs.robot import GripperSpec, RobotSpec
from hacpo_robot.specs.signature import Field
from hacpo_robot.specs.task import TaskSpec


def scale_of(policy: Policy, gripper: GripperSpec) -> CommandScale:
    """What the commands of a file mean to an arm with this gripper."""
    low, high = policy.low.astype(float), policy.high.astype(float)
    bow = np.zeros_like(low)
    low[-1], high[-1], bow[-1] = gripper.min_width, gripper.max_width, gripper.bow
    return CommandScale(low, high, bow)


def check_fit(metadata: dict[str, Any], robot: RobotSpec, task: TaskSpec) -> None:
    """Raise unless a robot senses what a file reads and takes what it commands, at the same rate.

    How far the gripper opens may differ: a commanded width is a width for any hand.

    Raises:
        InvalidSpecError: the message says what the file has, and what the robot.
    """
    here = f"{robot.name} on {task.name}"
    actions = action_signature(make_controller(robot, Handles.of(make_scene(robot, task))))
    for verb, key, signature in (
        ("reads", "observations", Observer(robot, task).signature),
        ("commands", "actions", command_signature(actions, robot.gripper)),
    ):
        described = {field.name: _facts(field) for field in read_signature(metadata[key]).fields}
        offered = {field.name: _facts(field) for field in signature.fields}
        if list(described) != list(offered):
            names, others = ", ".join(described), ", ".join(offered)
            raise InvalidSpecError(f"the policy {verb} {names}; {here} has {others}")
        for name, facts in described.items():
            known, is_hand = offered[name], key == "actions" and name == signature.fields[-1].name
            if facts != (known[:3] + facts[3:] if is_hand else known):
                raise InvalidSpecError(f"the policy {verb} {name} as {facts}; {here} has it as {known}")
    hz = metadata["control"]["frequency_hz"]
    if hz != CONTROL_HZ:
        raise InvalidSpecError(f"the policy acts {hz:g} times a second; {here} does {CONTROL_HZ} times")


def _facts(field: Field) -> tuple[object, ...]:
    """Elements in order, unit, frame and bounds."""
    return field.elements, field.unit, field.frame, field.low, field.high
