"""Franka Hand: two parallel jaws on one drive."""

from hacpo_robot.specs.robot import Coupling, GripperSpec

FRANKA_HAND = GripperSpec(
    name="franka_hand",
    mjcf="robosuite:grippers/panda_gripper.xml",
    finger_joints=("finger_joint1",),
    finger_opened=(0.04,),
    finger_closed=(0.0,),
    couplings=(Coupling("finger_joint2", "finger_joint1", ratio=-1.0),),
    max_width=0.079,
    min_width=-0.001,
    force=30.0,
    left_pads=("finger1_pad_collision",),
    right_pads=("finger2_pad_collision",),
    source="robosuite 1.5: grippers/panda_gripper.xml; Franka Hand data sheet: 70 N continuous",
)
