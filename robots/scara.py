"""SCARA after the Omron (Adept) Cobra 800: 3 turning joints and a quill, commanded by joint motion."""

from hacpo_robot.specs.action import JointPositionDelta
from hacpo_robot.specs.robot import ArmSpec, RobotSpec
from hacpo_robot.specs.sensor import SensorSpec

from .grippers import PARALLEL_JAWS

ROBOT = RobotSpec(
    name="scara",
    arm=ArmSpec(
        mjcf="arms/scara.xml",
        joints=("joint1", "joint2", "joint3", "joint4"),
        slides=("joint3",),
        # Elbow to the left, tool at (-0.12, 0, 1.0).
        home=(0.9419, -2.1012, 0.2, -1.1593),
        # The quill takes the tool from the table top to 0.4 m above it.
        base_pos=(-0.52, 0.0, 0.913),
        mount=None,
    ),
    gripper=PARALLEL_JAWS,
    sensors=(
        SensorSpec(quantity="joint_pos"),
        SensorSpec(quantity="joint_vel"),
        SensorSpec(quantity="gripper_width"),
        SensorSpec(quantity="tool_pos", frame="world"),
        SensorSpec(quantity="object_offset", frame="world"),
        SensorSpec(quantity="object_rot", frame="world"),
        SensorSpec(quantity="goal_offset", frame="world"),
    ),
    action=JointPositionDelta(scale=0.06, slide_scale=0.03),
    source="own model, sim_assets/arms/scara.xml: dimensions of the Omron (Adept) Cobra 800, longer quill",
    unable={
        "tilt": "its quill is always vertical",
        "door_handle": "it is too stiff along the pull, and the bolt jams",
    },
)
