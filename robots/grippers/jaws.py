"""Parallel jaws of our own: small enough for a desktop arm, wide enough for an 8 cm box."""

from hacpo_robot.specs.robot import Coupling, GripperSpec

PARALLEL_JAWS = GripperSpec(
    name="parallel_jaws",
    mjcf="grippers/jaws.xml",
    finger_joints=("left_slide",),
    finger_opened=(0.045,),
    finger_closed=(0.0,),
    couplings=(Coupling("right_slide", "left_slide", ratio=1.0),),
    max_width=0.09,
    left_pads=("left_pad",),
    right_pads=("right_pad",),
    source="own design, sim_assets/grippers/jaws.xml",
)
