"""Franka Emika Panda: 7 joints, commanded by joint motion, senses its joints and the world frame."""

from math import pi

from hacpo_robot.specs.robot import ArmSpec, GripperSpec, JointPositionDelta, RobotSpec, SensorSpec

PANDA_GRIPPER = GripperSpec(
    mjcf="robosuite:grippers/panda_gripper.xml",
    actuators=("gripper_finger_joint1", "gripper_finger_joint2"),
    opened=(0.04, -0.04),
    closed=(0.0, 0.0),
    finger_joints=("finger_joint1", "finger_joint2"),
    left_pads=("finger1_pad_collision",),
    right_pads=("finger2_pad_collision",),
    max_width=0.08,
)

ROBOT = RobotSpec(
    name="panda",
    arm=ArmSpec(
        mjcf="robosuite:robots/panda/robot.xml",
        joints=("joint1", "joint2", "joint3", "joint4", "joint5", "joint6", "joint7"),
        # robosuite's, but for joint 6 (there pi - 0.2, which tilts the tool by 0.13 rad).
        home=(0.0, pi / 16, 0.0, -pi / 2 - pi / 3, 0.0, pi / 16 + pi / 2 + pi / 3, pi / 4),
    ),
    gripper=PANDA_GRIPPER,
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
