"""KUKA LBR iiwa 7: 7 joints, commanded by tool motion in all six directions, feels forces at its wrist."""

from hacpo_robot.specs.action import CartesianDelta
from hacpo_robot.specs.robot import ArmSpec, RobotSpec
from hacpo_robot.specs.sensor import SensorSpec

from .grippers import ROBOTIQ_140

ROBOT = RobotSpec(
    name="iiwa",
    arm=ArmSpec(
        mjcf="robosuite:robots/iiwa/robot.xml",
        joints=tuple(f"joint_{i}" for i in range(1, 8)),
        # robosuite starts it at 0 0.65 0 -1.89 0 0.6 0, the tool 11 cm lower.
        home=(0.0, 0.384, 0.0, -1.946, 0.0, 0.8115, 0.0),
    ),
    gripper=ROBOTIQ_140,
    sensors=(
        SensorSpec(quantity="tool_pos"),
        SensorSpec(quantity="tool_rot"),
        SensorSpec(quantity="tool_vel"),
        SensorSpec(quantity="tool_angvel"),
        SensorSpec(quantity="gripper_width"),
        SensorSpec(quantity="wrist_force"),
        SensorSpec(quantity="object_pos", frame="world"),
        SensorSpec(quantity="object_offset", frame="world"),
        SensorSpec(quantity="object_rot", frame="world"),
        SensorSpec(quantity="goal_pos"),
        SensorSpec(quantity="goal_offset"),
    ),
    action=CartesianDelta(rotation="full"),
    source="robosuite 1.5: robots/iiwa/robot.xml, models/robots/manipulators/iiwa_robot.py",
    robosuite_name="IIWA",
)
