"""Names resolved once: integer addresses of everything the step loop touches."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import mujoco
import numpy as np
from numpy.typing import NDArray

from hacpo_robot.sim.instruments import GRIPPER, ROBOT, TABLE_FORCE, touch_sensors
from hacpo_robot.sim.scene import GOAL, Scene
from hacpo_robot.specs.signature import IntArray


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
    fixture_mocap: IntArray
    """Shape (n_fixtures,)."""
    goal_mocap: IntArray
    """Shape (1,), or (0,) where the task has no goal."""

    # Sensor columns
    joints: IntArray
    """Position, velocity, effort, anchor (3) and axis (3) of every joint. Shape (n_joints, 9)."""
    finger_pos: IntArray
    wrist_force: IntArray
    """Empty where the robot does not feel it. Shape (3,) or (0,)."""
    wrist_torque: IntArray
    tool_angvel: IntArray
    frames: IntArray
    """Position (3), quaternion (4) and linear velocity (3) of the tool, then of every object.
    Shape (1 + n_objects, 10)."""
    touch: IntArray
    """Contacts of every object with the left, right fingertip; one is repeated where there are fewer than of
    the others. Shape (n_objects, 2, most contacts)."""
    contact: IntArray
    """One column per pair of objects. Shape (n_pairs,)."""
    table_force: IntArray
    """What arm and gripper press on the table with. Shape (3,)."""
    fixture_joints: IntArray
    """Shape (n_fixture_joints,)."""

    @classmethod
    def of(cls, scene: Scene) -> "Handles":
        """Look up every name of a scene."""
        model, task = scene.model, scene.task
        arm, gripper = scene.robot.arm, scene.robot.gripper
        boxes, fixtures = [box.name for box in task.boxes], task.fixtures
        props = [prop.name for prop in task.props]

        def table(names: Iterable[str], *quantities: str) -> IntArray:
            return np.array([_columns(model, [f"{name}_{q}" for q in quantities]) for name in names])

        joints = [model.joint(ROBOT + name) for name in arm.joints]
        fingers = [model.joint(GRIPPER + name) for name in gripper.open_posture]
        hinge_sensors = [f"{fixture.name}_{joint}" for fixture in fixtures for joint in fixture.joints]
        unlimited = np.array([-np.inf, np.inf])
        return cls(
            arm_qpos=np.array([joint.qposadr[0] for joint in joints]),
            arm_range=np.array([joint.range if joint.limited[0] else unlimited for joint in joints]),
            arm_slides=np.array(arm.is_slide),
            arm_ctrl=np.array([model.actuator(ROBOT + name).id for name in arm.joints]),
            finger_qpos=np.array([joint.qposadr[0] for joint in fingers]),
            gripper_ctrl=np.array([model.actuator(GRIPPER + name).id for name in gripper.finger_joints]),
            box_qpos=np.array([model.joint(name).qposadr[0] for name in boxes], int),
            fixture_mocap=np.array([model.body(f.name).mocapid[0] for f in fixtures], int),
            goal_mocap=np.array([] if task.goal is None else model.body(GOAL).mocapid, int),
            joints=table(arm.joints, "pos", "vel", "effort", "anchor", "axis"),
            finger_pos=_columns(model, [f"{name}_finger" for name in gripper.finger_joints]),
            wrist_force=_felt(scene, "wrist_force"),
            wrist_torque=_felt(scene, "wrist_torque"),
            tool_angvel=_columns(model, ["tool_angvel"]),
            frames=table(["tool", *props], "pos", "quat", "vel"),
            touch=_touch(scene),
            contact=_columns(model, [f"{one}_{other}" for one, other in combinations(props, 2)]),
            table_force=_columns(model, [TABLE_FORCE]),
            fixture_joints=_columns(model, hinge_sensors),
        )


def _touch(scene: Scene) -> IntArray:
    gripper, props = scene.robot.gripper, scene.task.props
    sides = (("left", gripper.left_pads), ("right", gripper.right_pads))
    names = [
        [name for name, _, _ in touch_sensors(prop, side, pads)] for prop in props for side, pads in sides
    ]
    most = max(map(len, names), default=1)
    columns = [_columns(scene.model, group + group[:1] * (most - len(group))) for group in names]
    return np.array(columns, int).reshape(len(props), 2, most)


def _felt(scene: Scene, quantity: str) -> IntArray:
    felt = any(sensor.quantity == quantity for sensor in scene.robot.sensors)
    return _columns(scene.model, [quantity] if felt else [])


def _columns(model: mujoco.MjModel, names: Iterable[str]) -> IntArray:
    """Where sensors lie in ``sensordata``, one after the other. Shape (sum of their sizes,)."""
    sensors = [model.sensor(name) for name in names]
    places = [np.arange(sensor.adr[0], sensor.adr[0] + sensor.dim[0]) for sensor in sensors]
    return np.concatenate([np.zeros(0, int), *places])
