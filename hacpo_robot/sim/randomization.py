"""Models that differ in numbers: mass, friction, damping and servo gain, multiplied in place."""

import copy
from dataclasses import dataclass

import mujoco
import numpy as np

from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.instruments import GRIPPER
from hacpo_robot.sim.scene import Scene
from hacpo_robot.specs.randomization import NAMES
from hacpo_robot.specs.signature import FloatArray, IntArray


@dataclass(frozen=True)
class Scope:
    """What the factors of :class:`~hacpo_robot.specs.randomization.Randomization` apply to."""

    bodies: IntArray
    """Objects, all parts of them. Shape (n_bodies,)."""
    geoms: IntArray
    """Surfaces of objects and gripper. Shape (n_geoms,)."""
    servos: IntArray
    """The arm's actuators. Shape (n_joints,)."""

    @classmethod
    def of(cls, scene: Scene) -> "Scope":
        """Look up every name of a scene."""
        model = scene.model
        roots = [model.body(prop.name).id for prop in scene.task.props]
        bodies = np.flatnonzero(np.isin(model.body_rootid, roots))
        # Not the pads alone: the shell of a finger behind its pad would hold what the pad lets slip.
        gripper = [i for i in range(model.nbody) if model.body(i).name.startswith(GRIPPER)]
        geoms = np.flatnonzero(np.isin(model.geom_bodyid, [*bodies, *gripper]))
        return cls(bodies=bodies, geoms=geoms, servos=Handles.of(scene).arm_ctrl)


class ModelFamily:
    """Owner of one model per world, all copies of the same scene's; their numbers may be rewritten."""

    def __init__(self, scene: Scene, n_worlds: int) -> None:
        """Copy the scene's model once per world, unchanged."""
        self.models = [copy.copy(scene.model) for _ in range(n_worlds)]
        self._nominal = scene.model
        self._scope = Scope.of(scene)
        self._scratch = mujoco.MjData(scene.model)

    def scale(self, world: int, factors: FloatArray) -> None:
        """Give a world the scene's numbers times some factors.

        Args:
            world: Which one.
            factors: In the order of ``NAMES``; those that concern no model are passed over.
        """
        model, nominal, scope = self.models[world], self._nominal, self._scope
        factor = dict(zip(NAMES, factors, strict=True))
        for name in ("body_mass", "body_inertia"):
            _scale(model, nominal, name, scope.bodies, factor["object_mass"])
        _scale(model, nominal, "geom_friction", scope.geoms, factor["friction"])
        _scale(model, nominal, "dof_damping", slice(None), factor["joint_damping"])
        for name in ("actuator_gainprm", "actuator_biasprm"):
            _scale(model, nominal, name, scope.servos, factor["servo_gain"])
        # Inverse weights, by which MuJoCo softens contacts, follow from the masses.
        mujoco.mj_setConst(model, self._scratch)


def _scale(
    model: mujoco.MjModel, nominal: mujoco.MjModel, name: str, where: IntArray | slice, factor: float
) -> None:
    getattr(model, name)[where] = getattr(nominal, name)[where] * factor
