"""Universal Robots UR5e: 6 joints, commanded by tool motion, senses its tool but no velocities."""

from hacpo_robot.specs.action import CartesianDelta
from hacpo_robot.specs.robot import ArmSpec, RobotSpec
from hacpo_robot.specs.sensor import SensorSpec

from .grippers import ROBOTIQ_85

ROBOT = RobotSpec(
    name="ur5e",
    arm=ArmSpec(
        mjcf="robosuite:robots/ur5e/robot.xml",
        joints=(
            "shoulder_pan_joint",
            "shoulder_lift_joint",
            "elbow_joint",
            "wrist_1_joint",
            "wrist_2_joint",
            "wrist_3_joint",
        ),
        # robosuite starts it at -0.470 -1.735 2.480 -2.275 -1.590 -1.991, 10 cm further back;
        # here the tool starts where the other arms start, 21 cm above the table.
        home=(-0.3095, -1.5176, 2.2306, -2.2838, -1.5708, -1.8803),
    ),
    gripper=ROBOTIQ_85,
    sensors=(
        SensorSpec(quantity="tool_pos"),
        SensorSpec(quantity="tool_rot"),
        SensorSpec(quantity="gripper_width"),
        SensorSpec(quantity="object_offset", frame="world"),
        SensorSpec(quantity="object_rot", frame="world"),
        SensorSpec(quantity="goal_offset", frame="world"),
    ),
    action=CartesianDelta(position_scale=0.05, rotation_scale=0.2),
    source="robosuite 1.5: robots/ur5e/robot.xml, models/robots/manipulators/ur5e_robot.py",
    robosuite_name="UR5e",
)
