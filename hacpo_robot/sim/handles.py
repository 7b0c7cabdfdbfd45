"""Names resolved once: integer addresses of everything the step loop touches."""

from dataclasses import dataclass
from itertools import combinations

import mujoco
import numpy as np
from numpy.typing import NDArray

from hacpo_robot.sim.instruments import GRIPPER, ROBOT, touch_sensors
from hacpo_robot.sim.scene import GOAL, Scene

IntArray = NDArray[np.intp]


@dataclass(frozen=True)
class Handles:
    """Addresses in ``qpos``, ``ctrl``, ``mocap`` and ``sensordata`` of one scene."""

    # Where the controller and the reset write
    arm_qpos: IntArray
    """Shape (n_joints,)."""
    arm_range: NDArray[np.floating]
    """Joint limits [rad or m]; infinite where the joint has none. Shape (n_joints, 2)."""
    arm_slides: NDArray[np.bool_]
    """Which joints are prismatic. Shape (n_joints,)."""
    arm_ctrl: IntArray
    """Shape (n_joints,)."""
    finger_qpos: IntArray
    """All joints of the gripper, in the order of its ``open_posture``. Shape (n_gripper_joints,)."""
    gripper_ctrl: IntArray
    box_qpos: IntArray
    """First of the seven numbers of each free body. Shape (n_boxes,)."""
    fixture_qpos: IntArray
    """Shape (n_fixture_joints,)."""
    fixture_mocap: IntArray
    """Shape (n_fixtures,)."""
    goal_mocap: IntArray
    """Shape (1,), or (0,) where the task has no goal."""

    # Sensor columns
    joint_pos: IntArray
    """Shape (n_joints,)."""
    joint_vel: IntArray
    joint_effort: IntArray
    joint_anchor: IntArray
    """Shape (n_joints, 3)."""
    joint_axis: IntArray
    """Shape (n_joints, 3)."""
    finger_pos: IntArray
    wrist_force: IntArray
    """Empty where the robot does not feel it. Shape (3,) or (0,)."""
    wrist_torque: IntArray
    tool_pos: IntArray
    tool_quat: IntArray
    tool_vel: IntArray
    tool_angvel: IntArray
    object_pos: IntArray
    """Shape (n_objects, 3)."""
    object_quat: IntArray
    """Shape (n_objects, 4)."""
    object_vel: IntArray
    """Shape (n_objects, 3)."""
    left_touch: tuple[IntArray, ...]
    """For each object the columns of all its contacts with the left fingertip."""
    right_touch: tuple[IntArray, ...]
    contact: IntArray
    """One column per pair of objects. Shape (n_pairs,)."""
    fixture_joints: IntArray
    """Shape (n_fixture_joints,)."""

    @classmethod
    def of(cls, scene: Scene) -> "Handles":
        """Look up every name of a scene."""
        model, task = scene.model, scene.task
        arm, gripper = scene.robot.arm, scene.robot.gripper
        boxes, fixtures = [box.name for box in task.boxes], task.fixtures
        props = [prop.name for prop in task.props]

        def sensors(suffix: str, names: tuple[str, ...] | list[str], width: int) -> IntArray:
            columns = [_sensor(model, f"{name}{suffix}") for name in names]
            return np.array(columns, int).reshape(len(names), width)

        def touches(side: str, pads: tuple[str, ...]) -> tuple[IntArray, ...]:
            named = [touch_sensors(prop, side, pads) for prop in task.props]
            return tuple(sensors("", names, 1)[:, 0] for names in named)

        joints = [model.joint(ROBOT + name) for name in arm.joints]
        fingers = [model.joint(GRIPPER + name) for name in gripper.open_posture]
        hinges = [f"{fixture.name}/{joint}" for fixture in fixtures for joint in fixture.joints]
        hinge_sensors = [f"{fixture.name}_{joint}" for fixture in fixtures for joint in fixture.joints]
        unlimited = np.array([-np.inf, np.inf])
        return cls(
            arm_qpos=np.array([joint.qposadr[0] for joint in joints]),
            arm_range=np.array([joint.range if joint.limited[0] else unlimited for joint in joints]),
            arm_slides=np.array([name in arm.slides for name in arm.joints]),
            arm_ctrl=np.array([model.actuator(ROBOT + name).id for name in arm.joints]),
            finger_qpos=np.array([joint.qposadr[0] for joint in fingers]),
            gripper_ctrl=np.array([model.actuator(GRIPPER + name).id for name in gripper.finger_joints]),
            box_qpos=np.array([model.joint(name).qposadr[0] for name in boxes], int),
            fixture_qpos=np.array([model.joint(name).qposadr[0] for name in hinges], int),
            fixture_mocap=np.array([model.body(f.name).mocapid[0] for f in fixtures], int),
            goal_mocap=np.array([] if task.goal is None else model.body(GOAL).mocapid, int),
            joint_pos=sensors("_pos", arm.joints, 1)[:, 0],
            joint_vel=sensors("_vel", arm.joints, 1)[:, 0],
            joint_effort=sensors("_effort", arm.joints, 1)[:, 0],
            joint_anchor=sensors("_anchor", arm.joints, 3),
            joint_axis=sensors("_axis", arm.joints, 3),
            finger_pos=sensors("_finger", gripper.finger_joints, 1)[:, 0],
            wrist_force=_felt(scene, "wrist_force"),
            wrist_torque=_felt(scene, "wrist_torque"),
            tool_pos=_sensor(model, "tool_pos"),
            tool_quat=_sensor(model, "tool_quat"),
            tool_vel=_sensor(model, "tool_vel"),
            tool_angvel=_sensor(model, "tool_angvel"),
            object_pos=sensors("_pos", props, 3),
            object_quat=sensors("_quat", props, 4),
            object_vel=sensors("_vel", props, 3),
            left_touch=touches("left", gripper.left_pads),
            right_touch=touches("right", gripper.right_pads),
            contact=sensors("", [f"{a}_{b}" for a, b in combinations(props, 2)], 1)[:, 0],
            fixture_joints=sensors("", hinge_sensors, 1)[:, 0],
        )


def _felt(scene: Scene, quantity: str) -> IntArray:
    felt = any(sensor.quantity == quantity for sensor in scene.robot.sensors)
    return _sensor(scene.model, quantity) if felt else np.zeros(0, int)


def _sensor(model: mujoco.MjModel, name: str) -> IntArray:
    sensor = model.sensor(name)
    return np.arange(sensor.adr[0], sensor.adr[0] + sensor.dim[0])
