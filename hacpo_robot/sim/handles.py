"""Names resolved once: integer addresses of everything the step loop touches."""

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from hacpo_robot.sim.scene import GRIPPER, ROBOT, Scene

IntArray = NDArray[np.intp]


@dataclass(frozen=True)
class Handles:
    """Addresses in ``qpos``, ``ctrl`` and ``sensordata`` of one scene."""

    arm_qpos: IntArray
    """Shape (n_joints,)."""
    arm_range: NDArray[np.floating]
    """Joint limits [rad]; infinite where the joint has none. Shape (n_joints, 2)."""
    arm_ctrl: IntArray
    """Shape (n_joints,)."""
    finger_qpos: IntArray
    gripper_ctrl: IntArray
    prop_qpos: IntArray
    """First of the seven numbers of each free body. Shape (n_objects,)."""
    joint_pos: IntArray
    """Sensor columns, shape (n_joints,)."""
    joint_vel: IntArray
    joint_anchor: IntArray
    """Shape (n_joints, 3)."""
    joint_axis: IntArray
    """Shape (n_joints, 3)."""
    finger_pos: IntArray
    tool_pos: IntArray
    tool_quat: IntArray
    tool_vel: IntArray
    object_pos: IntArray
    """Shape (n_objects, 3)."""
    object_quat: IntArray
    """Shape (n_objects, 4)."""
    left_touch: IntArray
    """Shape (n_objects, n_pads)."""
    right_touch: IntArray

    @classmethod
    def of(cls, scene: Scene) -> "Handles":
        """Look up every name of a scene."""
        model, arm, gripper = scene.model, scene.robot.arm, scene.robot.gripper
        props = [prop.name for prop in scene.task.props]

        def sensors(suffix: str, names: tuple[str, ...] | list[str], width: int) -> IntArray:
            columns = [_sensor(model, f"{name}{suffix}") for name in names]
            return np.array(columns, int).reshape(len(names), width)

        def touches(side: str, pads: tuple[str, ...]) -> IntArray:
            columns = [[_sensor(model, f"{prop}_{side}_{pad}")[0] for pad in pads] for prop in props]
            return np.array(columns, int).reshape(len(props), len(pads))

        joints = [model.joint(ROBOT + name) for name in arm.joints]
        fingers = [model.joint(GRIPPER + name) for name in gripper.finger_joints]
        unlimited = np.array([-np.inf, np.inf])
        return cls(
            arm_qpos=np.array([joint.qposadr[0] for joint in joints]),
            arm_range=np.array([joint.range if joint.limited[0] else unlimited for joint in joints]),
            arm_ctrl=np.array([model.actuator(ROBOT + name).id for name in arm.joints]),
            finger_qpos=np.array([joint.qposadr[0] for joint in fingers]),
            gripper_ctrl=np.array([model.actuator(GRIPPER + name).id for name in gripper.actuators]),
            prop_qpos=np.array([model.joint(name).qposadr[0] for name in props], int),
            joint_pos=sensors("_pos", arm.joints, 1)[:, 0],
            joint_vel=sensors("_vel", arm.joints, 1)[:, 0],
            joint_anchor=sensors("_anchor", arm.joints, 3),
            joint_axis=sensors("_axis", arm.joints, 3),
            finger_pos=sensors("_finger", gripper.finger_joints, 1)[:, 0],
            tool_pos=_sensor(model, "tool_pos"),
            tool_quat=_sensor(model, "tool_quat"),
            tool_vel=_sensor(model, "tool_vel"),
            object_pos=sensors("_pos", props, 3),
            object_quat=sensors("_quat", props, 4),
            left_touch=touches("left", gripper.left_pads),
            right_touch=touches("right", gripper.right_pads),
        )


def _sensor(model: mujoco.MjModel, name: str) -> IntArray:
    sensor = model.sensor(name)
    return np.arange(sensor.adr[0], sensor.adr[0] + sensor.dim[0])
