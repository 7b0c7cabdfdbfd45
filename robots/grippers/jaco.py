"""Kinova's three-finger hand: a thumb against two fingers."""

from hacpo_robot.specs.robot import Coupling, GripperSpec

PARALLEL = -0.82
"""Bend of a finger's outer joint against its inner one that keeps the pads upright [rad]."""

JACO_THREE_FINGER = GripperSpec(
    name="jaco_three_finger",
    mjcf="robosuite:grippers/jaco_three_finger_gripper.xml",
    finger_joints=("joint_thumb",),
    finger_opened=(1.2,),
    finger_closed=(0.0,),
    couplings=(
        Coupling("joint_index", "joint_thumb", ratio=1.0),
        Coupling("joint_pinky", "joint_thumb", ratio=1.0),
        Coupling("joint_thumb_distal", "joint_thumb", ratio=1.0, offset=PARALLEL),
        Coupling("joint_index_distal", "joint_thumb", ratio=1.0, offset=PARALLEL),
        Coupling("joint_pinky_distal", "joint_thumb", ratio=1.0, offset=PARALLEL),
    ),
    max_width=0.0987,
    mid_width=0.052,
    min_width=0.001,
    force=30.0,
    # The pads stand out from the tips by half a millimetre: an object may rest on these alone.
    left_pads=("index_pad_collision", "pinky_pad_collision", "index_tip_collision", "pinky_tip_collision"),
    right_pads=("thumb_pad_collision", "thumb_tip_collision"),
    hollow_meshes=("finger_distal",),
    tool_shift=0.01,
    source="robosuite 1.5: grippers/jaco_three_finger_gripper.xml",
)
