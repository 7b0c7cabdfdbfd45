"""Rethink Robotics electric parallel gripper with narrow fingers, the hand of Sawyer."""

from hacpo_robot.specs.robot import Coupling, GripperSpec

RETHINK = GripperSpec(
    name="rethink",
    mjcf="robosuite:grippers/rethink_gripper.xml",
    finger_joints=("l_finger_joint",),
    finger_opened=(0.0115,),
    finger_closed=(-0.0115,),
    couplings=(Coupling("r_finger_joint", "l_finger_joint", ratio=-1.0),),
    max_width=0.0601,
    min_width=0.0141,
    force=30.0,
    left_pads=("l_fingerpad_g0",),
    right_pads=("r_fingerpad_g0",),
    source="robosuite 1.5: grippers/rethink_gripper.xml, whose joint limits leave 14 mm when closed and "
    "whose motors open by 46 mm, though the joints go on to 65; Rethink electric parallel gripper: 35 N",
)
