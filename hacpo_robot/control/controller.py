"""What every controller offers, and the one that fits a robot's action interface."""

from typing import Protocol

from hacpo_robot.control.cartesian import CartesianController
from hacpo_robot.control.joint import JointPositionController, JointVelocityController
from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.readout import JointState
from hacpo_robot.specs.action import CartesianDelta, JointVelocity
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.signature import Field, FloatArray, Signature, uniform_field
from hacpo_robot.specs.terms import TaskState


class Controller(Protocol):
    """Turns the arm part of an action into servo targets."""

    fields: tuple[Field, ...]
    """Layout of the arm part, in command units; the bounds are what action -1 and 1 mean."""

    def targets(self, action: FloatArray, joints: JointState, state: TaskState) -> FloatArray:
        """What the joint servos are asked for. ``action`` in [-1, 1], shape (n, d); returns (n, n_joints)."""
        ...


def make_controller(robot: RobotSpec, handles: Handles) -> Controller:
    """The controller of a robot's action interface."""
    if isinstance(robot.action, CartesianDelta):
        return CartesianController(robot.action, handles)
    if isinstance(robot.action, JointVelocity):
        return JointVelocityController(robot.action, robot.arm, handles)
    return JointPositionController(robot.action, robot.arm, handles)


def action_signature(controller: Controller) -> Signature:
    """Layout of the whole action in command units: the arm's part, then the gripper."""
    gripper = uniform_field("gripper", ("opening",), 1.0, unit="1")
    return Signature((*controller.fields, gripper))
