"""Interbotix WidowX 250: 5 joints on the table, commanded by tool motion, absolute encoders."""

from hacpo_robot.specs.action import CartesianDelta
from hacpo_robot.specs.robot import ArmSpec, RobotSpec
from hacpo_robot.specs.sensor import SensorSpec

from .grippers import PARALLEL_JAWS

ROBOT = RobotSpec(
    name="wx250",
    arm=ArmSpec(
        mjcf="arms/wx250.xml",
        joints=("waist", "shoulder", "elbow", "wrist_angle", "wrist_rotate"),
        # Tool upright at (-0.12, 0, 1.0).
        home=(0.0, -0.3627, 0.9915, 0.942, 0.0),
        # On a riser of 15 cm: straight on the table it could hold the tool upright in only 87 %
        # of the region x +-0.15, y +-0.2, z 0.82 to 1.1; here in all but its far top corners.
        base_pos=(-0.28, 0.0, 0.95),
        armature=0.02,
        mount=None,
    ),
    gripper=PARALLEL_JAWS,
    sensors=(
        SensorSpec(quantity="joint_pos", encoding="sincos"),
        SensorSpec(quantity="gripper_width"),
        SensorSpec(quantity="tool_pos", frame="base"),
        SensorSpec(quantity="object_pos", frame="base"),
        SensorSpec(quantity="object_offset", frame="world"),
        SensorSpec(quantity="object_rot", frame="world"),
        SensorSpec(quantity="goal_offset", frame="world"),
    ),
    action=CartesianDelta(rotation="yaw"),
    source="own model, sim_assets/arms/wx250.xml: dimensions of the Interbotix WidowX 250 URDF",
    unable={"door_handle": "its motors are too weak to turn the lever"},
)
