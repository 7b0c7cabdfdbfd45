"""Kinova Jaco: 7 joints, three fingers, commanded by tool motion, sees objects from its tool."""

from hacpo_robot.specs.action import CartesianDelta
from hacpo_robot.specs.robot import ArmSpec, RobotSpec
from hacpo_robot.specs.sensor import SensorSpec

from .grippers import JACO_THREE_FINGER

ROBOT = RobotSpec(
    name="jaco",
    arm=ArmSpec(
        mjcf="robosuite:robots/jaco/robot.xml",
        joints=tuple(f"j2s7s300_joint_{i}" for i in range(1, 8)),
        # robosuite starts it at 3.192 3.68 0 1.17 0.05 3.76 3.142, 4 cm further back.
        home=(3.1826, 3.7491, -0.0273, 1.3311, 0.0235, 3.8654, 3.1426),
    ),
    gripper=JACO_THREE_FINGER,
    sensors=(
        SensorSpec(quantity="joint_pos", encoding="sincos"),
        SensorSpec(quantity="gripper_width"),
        SensorSpec(quantity="fingertip_touch"),
        SensorSpec(quantity="object_offset", frame="tool"),
        SensorSpec(quantity="object_rot", frame="tool"),
        SensorSpec(quantity="goal_offset", frame="tool"),
    ),
    action=CartesianDelta(rotation="yaw"),
    source="robosuite 1.5: robots/jaco/robot.xml, models/robots/manipulators/jaco_robot.py",
    robosuite_name="Jaco",
    unable={"door_handle": "its broad hand meets the axle of the handle before it is behind the lever"},
)
