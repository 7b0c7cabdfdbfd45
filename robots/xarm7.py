"""UFACTORY xArm7: 7 joints, commanded by joint motion, senses joints, velocities and the world frame."""

from hacpo_robot.specs.action import JointPositionDelta
from hacpo_robot.specs.robot import ArmSpec, RobotSpec
from hacpo_robot.specs.sensor import SensorSpec

from .grippers import XARM

ROBOT = RobotSpec(
    name="xarm7",
    arm=ArmSpec(
        mjcf="robosuite:robots/xarm7/robot.xml",
        joints=tuple(f"joint{i}" for i in range(1, 8)),
        # robosuite starts it at 0 0 0 0.39pi 0 0.39pi 0, the tool 20 cm higher and turned by pi.
        home=(0.0, 0.1625, 0.0, 0.7942, 0.0, 0.6317, 3.1416),
    ),
    gripper=XARM,
    sensors=(
        SensorSpec(quantity="joint_pos"),
        SensorSpec(quantity="joint_vel"),
        SensorSpec(quantity="gripper_width"),
        SensorSpec(quantity="object_pos", frame="world"),
        SensorSpec(quantity="object_offset", frame="world"),
        SensorSpec(quantity="object_rot", frame="world"),
        SensorSpec(quantity="goal_offset", frame="world"),
    ),
    action=JointPositionDelta(scale=0.08),
    source="robosuite 1.5: robots/xarm7/robot.xml, models/robots/manipulators/xarm7_robot.py",
    robosuite_name="XArm7",
    unable={"door_handle": "the lever sticks to its pads and does not turn far enough for the bolt"},
)
