"""Franka Hand: two parallel jaws."""

from hacpo_robot.specs.robot import GripperSpec

FRANKA_HAND = GripperSpec(
    name="franka_hand",
    mjcf="robosuite:grippers/panda_gripper.xml",
    actuators=("gripper_finger_joint1", "gripper_finger_joint2"),
    opened=(0.04, -0.04),
    closed=(0.0, 0.0),
    finger_joints=("finger_joint1", "finger_joint2"),
    finger_opened=(0.04, -0.04),
    finger_closed=(0.0, 0.0),
    max_width=0.08,
    left_pads=("finger1_pad_collision",),
    right_pads=("finger2_pad_collision",),
    source="robosuite 1.5: grippers/panda_gripper.xml",
)
