"""How an arm answers its servos at home: what another controller has to do to move it alike."""

from dataclasses import dataclass

import mujoco
import numpy as np

from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.readout import read_joints
from hacpo_robot.sim.scene import Scene
from hacpo_robot.specs.signature import FloatArray


@dataclass(frozen=True)
class Response:
    """Accelerations along some axes, each moved alone."""

    stiffness: FloatArray
    """Per way to go [1/s2]; 0 where velocities are commanded. Shape (n_axes,)."""
    damping: FloatArray
    """Per velocity [1/s]. Shape (n_axes,)."""


def joint_response(scene: Scene) -> Response:
    """Of every joint, the others free."""
    mass, gains = _dynamics(scene)
    share = np.diag(np.linalg.inv(mass))
    return Response(*(share * gain for gain in gains))


def tool_response(scene: Scene) -> Response:
    """Of the tool along the axes of the world, then about them, the others held.

    An axis left free of the others may answer backwards (the IIWA's does): servos of unlike strength push it
    the other way while they carry the tool around.
    """
    jacobian = read_joints(_at_home(scene).sensordata[None], Handles.of(scene)).jacobian[0]
    mass, gains = _dynamics(scene)

    def at_tool(matrix: FloatArray) -> FloatArray:
        """Diagonal of a matrix of the joints as the tool feels it. Shape (6,)."""
        return np.diag(np.linalg.pinv(jacobian @ np.linalg.inv(matrix) @ jacobian.T, hermitian=True))

    return Response(*(at_tool(np.diag(gain)) / at_tool(mass) for gain in gains))


def _dynamics(scene: Scene) -> tuple[FloatArray, FloatArray]:
    """Mass matrix of the arm, shape (n_joints, n_joints), and its servos' kp and kv, shape (2, n_joints)."""
    model, handles = scene.model, Handles.of(scene)
    mass = np.zeros((model.nv, model.nv))
    mujoco.mj_fullM(model, mass, _at_home(scene).qM)
    dofs = model.jnt_dofadr[model.actuator_trnid[handles.arm_ctrl, 0]]
    # A position servo pulls with kp times the way to go, less kv times the velocity.
    return mass[np.ix_(dofs, dofs)], -model.actuator_biasprm[handles.arm_ctrl, 1:3].T


def _at_home(scene: Scene) -> mujoco.MjData:
    data, handles = mujoco.MjData(scene.model), Handles.of(scene)
    data.qpos[handles.arm_qpos] = scene.robot.arm.home
    mujoco.mj_forward(scene.model, data)
    return data
