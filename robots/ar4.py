"""Annin Robotics AR4: 6 joints on the table, commanded by joint motion, sees objects from its tool."""

from hacpo_robot.specs.action import JointPositionDelta
from hacpo_robot.specs.robot import ArmSpec, RobotSpec
from hacpo_robot.specs.sensor import SensorSpec

from .grippers import PARALLEL_JAWS

ROBOT = RobotSpec(
    name="ar4",
    arm=ArmSpec(
        mjcf="arms/ar4.xml",
        joints=tuple(f"joint{i}" for i in range(1, 7)),
        # Tool upright at (-0.12, 0, 1.0).
        home=(0.0, 0.0636, 0.663, 0.0, 0.8442, 0.0),
        base_pos=(-0.37, 0.0, 0.81),
        armature=0.03,
        mount=None,
    ),
    gripper=PARALLEL_JAWS,
    sensors=(
        SensorSpec(quantity="joint_pos"),
        SensorSpec(quantity="gripper_width"),
        SensorSpec(quantity="tool_pos", frame="world"),
        SensorSpec(quantity="tool_rot", frame="world"),
        SensorSpec(quantity="object_offset", frame="tool"),
        SensorSpec(quantity="object_rot", frame="tool"),
        SensorSpec(quantity="goal_offset", frame="tool"),
    ),
    action=JointPositionDelta(scale=0.08),
    source="own model, sim_assets/arms/ar4.xml: Denavit-Hartenberg parameters of the Annin Robotics AR4",
    unable={"door_handle": "its wrist motor is too weak to turn the lever"},
)
