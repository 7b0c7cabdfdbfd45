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
    """Of every joint."""
    return _response(scene, np.eye(scene.robot.n_joints))


def tool_response(scene: Scene) -> Response:
    """Of the tool along the axes of the world, then about them."""
    data = _at_home(scene)
    return _response(scene, read_joints(data.sensordata[None], Handles.of(scene)).jacobian[0])


def _response(scene: Scene, jacobian: FloatArray) -> Response:
    """Along the axes of a Jacobian. Shape (n_axes, n_joints)."""
    model, handles = scene.model, Handles.of(scene)
    mass = np.zeros((model.nv, model.nv))
    mujoco.mj_fullM(model, mass, _at_home(scene).qM)
    joints = model.actuator_trnid[handles.arm_ctrl, 0]
    dofs = model.jnt_dofadr[joints]
    inverse = np.linalg.pinv(jacobian)
    moved = jacobian @ np.linalg.inv(mass[np.ix_(dofs, dofs)])
    # A position servo pulls with kp times the way to go, less kv times the velocity.
    gains = -model.actuator_biasprm[handles.arm_ctrl, 1:3].T
    stiffness, damping = (np.einsum("aj,j,ja->a", moved, gain, inverse) for gain in gains)
    return Response(stiffness, damping)


def _at_home(scene: Scene) -> mujoco.MjData:
    data, handles = mujoco.MjData(scene.model), Handles.of(scene)
    data.qpos[handles.arm_qpos] = scene.robot.arm.home
    mujoco.mj_forward(scene.model, data)
    return data
