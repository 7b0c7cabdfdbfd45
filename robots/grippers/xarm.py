"""UFACTORY xArm gripper: two fingers on parallelogram linkages, one motor."""

from math import pi

from hacpo_robot.specs.robot import Coupling, GripperSpec

XARM = GripperSpec(
    name="xarm",
    mjcf="robosuite:grippers/xarm7_gripper.xml",
    finger_joints=("left_driver_joint",),
    finger_opened=(0.0,),
    finger_closed=(0.85,),
    couplings=(
        Coupling("left_finger_joint", "left_driver_joint", ratio=1.0),
        Coupling("left_inner_knuckle_joint", "left_driver_joint", ratio=1.0),
        Coupling("right_driver_joint", "left_driver_joint", ratio=1.0),
        Coupling("right_finger_joint", "left_driver_joint", ratio=1.0),
        Coupling("right_inner_knuckle_joint", "left_driver_joint", ratio=1.0),
    ),
    max_width=0.0889,
    mid_width=0.0479,
    min_width=0.0016,
    force=30.0,
    left_pads=("left_finger_pad_1", "left_finger_pad_2"),
    right_pads=("right_finger_pad_1", "right_finger_pad_2"),
    tool_shift=0.012,
    tool_yaw=-pi / 2,
    source="robosuite 1.5: grippers/xarm7_gripper.xml; UFACTORY xArm gripper: 30 N",
)
