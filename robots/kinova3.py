"""Kinova Gen3: 7 joints, commanded by joint motion, sees objects from its tool, feels its fingertips."""

from hacpo_robot.specs.action import JointPositionDelta
from hacpo_robot.specs.robot import ArmSpec, RobotSpec
from hacpo_robot.specs.sensor import SensorSpec

from .grippers import ROBOTIQ_85

ROBOT = RobotSpec(
    name="kinova3",
    arm=ArmSpec(
        mjcf="robosuite:robots/kinova3/robot.xml",
        joints=tuple(f"Actuator{i}" for i in range(1, 8)),
        # robosuite starts it at 0 0.65 0 1.89 0 0.6 -pi/2, the tool 4 cm lower.
        home=(-0.0589, 0.5823, 0.0035, 1.8368, -0.0029, 0.7225, -1.6246),
    ),
    gripper=ROBOTIQ_85,
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
