"""Robotiq 2F-85 and 2F-140: two fingers on parallelogram linkages, one motor."""

from hacpo_robot.specs.robot import Coupling, GripperSpec

ROBOTIQ_85 = GripperSpec(
    name="robotiq_85",
    mjcf="robosuite:grippers/robotiq_gripper_85.xml",
    finger_joints=("finger_joint",),
    finger_opened=(0.0,),
    finger_closed=(0.8,),
    couplings=(
        Coupling("left_inner_finger_joint", "finger_joint", ratio=-1.0),
        Coupling("left_inner_knuckle_joint", "finger_joint", ratio=1.0),
        Coupling("right_outer_knuckle_joint", "finger_joint", ratio=1.0),
        Coupling("right_inner_finger_joint", "finger_joint", ratio=-1.0),
        Coupling("right_inner_knuckle_joint", "finger_joint", ratio=1.0),
    ),
    max_width=0.0854,
    mid_width=0.0459,
    min_width=0.0009,
    force=30.0,
    left_pads=("left_fingerpad_collision",),
    right_pads=("right_fingerpad_collision",),
    source="robosuite 1.5: grippers/robotiq_gripper_85.xml; Robotiq 2F-85 data sheet: 20 to 235 N",
)

ROBOTIQ_140 = GripperSpec(
    name="robotiq_140",
    mjcf="robosuite:grippers/robotiq_gripper_140.xml",
    finger_joints=("finger_joint",),
    finger_opened=(0.0,),
    finger_closed=(0.69,),
    couplings=(
        Coupling("left_inner_finger_joint", "finger_joint", ratio=1.0),
        Coupling("left_inner_knuckle_joint", "finger_joint", ratio=-1.0),
        Coupling("right_outer_knuckle_joint", "finger_joint", ratio=-1.0),
        Coupling("right_inner_finger_joint", "finger_joint", ratio=1.0),
        Coupling("right_inner_knuckle_joint", "finger_joint", ratio=-1.0),
    ),
    max_width=0.1265,
    mid_width=0.0672,
    force=30.0,
    left_pads=("left_fingerpad_collision",),
    right_pads=("right_fingerpad_collision",),
    tool_shift=0.015,
    source="robosuite 1.5: grippers/robotiq_gripper_140.xml; Robotiq 2F-140 data sheet: 10 to 125 N",
)
