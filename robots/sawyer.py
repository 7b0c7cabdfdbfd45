"""Rethink Sawyer: 7 joints, commanded by joint velocities, sees the cube move."""

from hacpo_robot.specs.action import JointVelocity
from hacpo_robot.specs.robot import ArmSpec, RobotSpec
from hacpo_robot.specs.sensor import SensorSpec

from .grippers import RETHINK

ROBOT = RobotSpec(
    name="sawyer",
    arm=ArmSpec(
        mjcf="robosuite:robots/sawyer/robot.xml",
        joints=tuple(f"right_j{i}" for i in range(7)),
        # robosuite starts it at 0 -1.18 0 2.18 0 0.57 -1.57, the tool 16 cm to the side.
        home=(-0.3531, -1.1824, -0.0269, 2.2906, 0.0228, 0.4628, -1.7946),
    ),
    gripper=RETHINK,
    sensors=(
        SensorSpec(quantity="joint_pos"),
        SensorSpec(quantity="tool_pos"),
        SensorSpec(quantity="gripper_width"),
        SensorSpec(quantity="object_offset", frame="world"),
        SensorSpec(quantity="object_rot", frame="world"),
        SensorSpec(quantity="object_vel"),
        SensorSpec(quantity="goal_offset", frame="world"),
    ),
    action=JointVelocity(scale=1.0),
    source="robosuite 1.5: robots/sawyer/robot.xml, models/robots/manipulators/sawyer_robot.py",
    robosuite_name="Sawyer",
)
