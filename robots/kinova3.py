"""Kinova Gen3: 7 joints, commanded by joint motion, sees objects from its tool, feels its fingertips."""

from math import pi

from hacpo_robot.specs.action import JointPositionDelta
from hacpo_robot.specs.robot import ArmSpec, RobotSpec
from hacpo_robot.specs.sensor import SensorSpec

from .grippers import FRANKA_HAND

ROBOT = RobotSpec(
    name="kinova3",
    arm=ArmSpec(
        mjcf="robosuite:robots/kinova3/robot.xml",
        joints=tuple(f"Actuator{i}" for i in range(1, 8)),
        home=(0.0, 0.65, 0.0, 1.89, 0.0, 0.6, -pi / 2),
    ),
    gripper=FRANKA_HAND,
    sensors=(
        SensorSpec(quantity="joint_pos"),
        SensorSpec(quantity="gripper_width"),
        SensorSpec(quantity="fingertip_touch"),
        SensorSpec(quantity="object_pos", frame="tool"),
        SensorSpec(quantity="object_rot", frame="tool"),
        SensorSpec(quantity="goal_pos", frame="tool"),
    ),
    action=JointPositionDelta(scale=0.06),
    source="robosuite 1.5: robots/kinova3/robot.xml, models/robots/manipulators/kinova3_robot.py",
    robosuite_name="Kinova3",
)
