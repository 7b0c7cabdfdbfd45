"""Franka Emika Panda: 7 joints, commanded by joint motion, senses its joints and the world frame."""

from math import pi

from hacpo_robot.specs.action import JointPositionDelta
from hacpo_robot.specs.robot import ArmSpec, RobotSpec
from hacpo_robot.specs.sensor import SensorSpec

from .grippers import FRANKA_HAND

ROBOT = RobotSpec(
    name="panda",
    arm=ArmSpec(
        mjcf="robosuite:robots/panda/robot.xml",
        joints=("joint1", "joint2", "joint3", "joint4", "joint5", "joint6", "joint7"),
        # robosuite's, but for joint 6 (there pi - 0.2, which tilts the tool by 0.13 rad).
        home=(0.0, pi / 16, 0.0, -pi / 2 - pi / 3, 0.0, pi / 16 + pi / 2 + pi / 3, pi / 4),
    ),
    gripper=FRANKA_HAND,
    sensors=(
        SensorSpec(quantity="joint_pos"),
        SensorSpec(quantity="joint_vel"),
        SensorSpec(quantity="gripper_width"),
        SensorSpec(quantity="object_pos", frame="world"),
        SensorSpec(quantity="object_offset", frame="world"),
        SensorSpec(quantity="object_rot", frame="world"),
        SensorSpec(quantity="goal_pos", frame="world"),
        SensorSpec(quantity="goal_offset", frame="world"),
    ),
    action=JointPositionDelta(scale=0.06),
    source="robosuite 1.5: robots/panda/robot.xml, models/robots/manipulators/panda_robot.py",
    robosuite_name="Panda",
)
