"""robosuite's simulation in our words: the task state and the joint state of one of its environments."""

from collections.abc import Iterable, Mapping

import mujoco
import numpy as np

from hacpo_robot.errors import UnknownNameError
from hacpo_robot.sim.readout import JointState
from hacpo_robot.specs.prop import BoxProp, Prop
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.rotation import cross, matrix_of_quaternion
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import TaskSpec
from hacpo_robot.specs.terms import TaskState

ARM, GRIPPER = "robot0_", "gripper0_right_"
"""robosuite's prefixes."""
KIND = mujoco.mjtObj


class RobosuiteReadout:
    """Reads one robosuite environment. It shows what robosuite itself has computed, in one world.

    robosuite advances positions after it has computed contacts and frames: both are, as for its own
    reward, those of one physics step (2 ms) before. Its arm and hand have weight, ours none: efforts are
    told without what holds them up, but a wrist feels its hand.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        data: mujoco.MjData,
        robot: RobotSpec,
        task: TaskSpec,
        names: Mapping[str, str],
    ) -> None:
        """Resolve every name; anew after robosuite has built a new model.

        Args:
            model: Of robosuite's environment.
            data: Likewise.
            robot: Its gripper must be the one the environment has.
            task: Its counterpart must be the one that robosuite simulates.
            names: Our names of the task's objects to robosuite's.

        Raises:
            UnknownNameError: robosuite's model lacks something that the specs name.
        """
        self._model, self._data = model, data
        self._shift = robot.gripper.tool_shift
        self._turn = _about_z(robot.gripper.tool_yaw)
        self._tool = self._id(KIND.mjOBJ_SITE, GRIPPER + robot.gripper.tool_site)
        self._hand = self._id(KIND.mjOBJ_BODY, ARM + robot.arm.hand_body)
        arm = [self._id(KIND.mjOBJ_JOINT, ARM + joint) for joint in robot.arm.joints]
        fingers = [self._id(KIND.mjOBJ_JOINT, GRIPPER + joint) for joint in robot.gripper.finger_joints]
        self._arm, self._slides = arm, np.array(robot.arm.is_slide)
        self._qpos, self._dofs = self._model.jnt_qposadr[arm], self._model.jnt_dofadr[arm]
        self._finger_qpos = self._model.jnt_qposadr[fingers]
        pads = robot.gripper.left_pads, robot.gripper.right_pads
        named = [[self._id(KIND.mjOBJ_GEOM, GRIPPER + pad) for pad in side] for side in pads]
        self._tips = [[self._fingertip(side, prop) for side in named] for prop in task.props]
        self._frames = [self._frame(prop, names[prop.name]) for prop in task.props]
        self._turns = [_turn(prop) for prop in task.props]
        self._handles = [self._touched(prop, names[prop.name]) for prop in task.props]
        self._bodies = [self._geoms_of(self._root(names[prop.name])) for prop in task.props]
        hinges = [
            self._id(KIND.mjOBJ_JOINT, f"{names[fixture.name]}_{joint}")
            for fixture in task.fixtures
            for joint in fixture.joints
        ]
        self._hinge_qpos = self._model.jnt_qposadr[hinges]

    @property
    def finger_pos(self) -> FloatArray:
        """Positions of the gripper's driven joints. Shape (1, n_finger_joints) [rad, prismatic m]."""
        return self._data.qpos[self._finger_qpos][None]

    def read(self, gripper_width: FloatArray, gripper_command: FloatArray) -> tuple[TaskState, JointState]:
        """State of the one world; the batch axis has length 1.

        Args:
            gripper_width: Opening between the fingertips. Shape (1, 1) [m].
            gripper_command: The last one, -1 closed to 1 open. Shape (1, 1).
        """
        data = self._data
        rotation = data.site_xmat[self._tool].reshape(3, 3)
        reach = self._shift * rotation[:, 2]
        velocity, spin = self._velocity(KIND.mjOBJ_SITE, self._tool)
        poses = [self._pose(*frame) for frame in self._frames]
        rotations = [rotation @ turn for (_, rotation), turn in zip(poses, self._turns, strict=True)]
        speeds = [self._velocity(*frame)[0] for frame in self._frames]
        touch, contact = self._contacts()
        state = TaskState(
            tool_pos_w=(data.site_xpos[self._tool] + reach)[None],
            tool_rot_w=(rotation @ self._turn)[None],
            tool_vel_w=(velocity + cross(spin, reach))[None],
            gripper_width=gripper_width,
            gripper_command=gripper_command,
            object_pos_w=np.array([pos for pos, _ in poses])[None],
            object_rot_w=np.array(rotations)[None],
            object_vel_w=np.array(speeds)[None],
            touch=touch[None],
            contact=contact[None],
            fixture_joints=data.qpos[self._hinge_qpos][None].copy(),
            goal_pos_w=np.zeros((1, 3)),
        )
        return state, self._joints(reach, spin)

    def _joints(self, reach: FloatArray, spin: FloatArray) -> JointState:
        model, data = self._model, self._data
        mujoco.mj_rnePostConstraint(model, data)
        torque, force = np.split(data.cfrc_int[self._hand], 2)
        root = model.body_rootid[self._hand]
        torque = torque - cross(data.xpos[self._hand] - data.subtree_com[root], force)
        hand = data.xmat[self._hand].reshape(3, 3)
        return JointState(
            pos=data.qpos[self._qpos][None].copy(),
            vel=data.qvel[self._dofs][None].copy(),
            effort=(data.qfrc_actuator - data.qfrc_bias)[self._dofs][None],
            wrist_force=(force @ hand)[None],
            wrist_torque=(torque @ hand)[None],
            tool_angvel_w=spin[None].copy(),
            axis_w=data.xaxis[self._arm][None],
            lever_w=(data.site_xpos[self._tool] + reach - data.xanchor[self._arm])[None],
            slides=self._slides,
        )

    def _contacts(self) -> tuple[FloatArray, FloatArray]:
        """Fingertips on objects, shape (n_objects, 2); objects on each other, shape (n, n)."""
        n = len(self._frames)
        touch, contact = np.zeros((n, 2)), np.zeros((n, n))
        for pair in self._data.contact.geom[: self._data.ncon].tolist():
            for one, other in (pair, pair[::-1]):
                for i in range(n):
                    touch[i] += [one in tip and other in self._handles[i] for tip in self._tips[i]]
                    for j in range(n):
                        contact[i, j] += i != j and one in self._bodies[i] and other in self._bodies[j]
        return np.minimum(touch, 1.0), np.minimum(contact, 1.0)

    def _pose(self, kind: mujoco.mjtObj, index: int) -> tuple[FloatArray, FloatArray]:
        site = kind == KIND.mjOBJ_SITE
        pos, rot = (
            (self._data.site_xpos, self._data.site_xmat) if site else (self._data.xpos, self._data.xmat)
        )
        return pos[index].copy(), rot[index].reshape(3, 3).copy()

    def _velocity(self, kind: mujoco.mjtObj, index: int) -> tuple[FloatArray, FloatArray]:
        """Linear and angular velocity, world axes. Shapes (3,) [m/s], (3,) [rad/s]."""
        six = np.zeros(6)
        mujoco.mj_objectVelocity(self._model, self._data, kind, index, six, 0)
        return six[3:], six[:3]

    def _frame(self, prop: Prop, name: str) -> tuple[mujoco.mjtObj, int]:
        if isinstance(prop, BoxProp):
            return KIND.mjOBJ_XBODY, self._root(name)
        return KIND.mjOBJ_SITE, self._id(KIND.mjOBJ_SITE, f"{name}_{prop.handle_site}")

    def _touched(self, prop: Prop, name: str) -> set[int]:
        if isinstance(prop, BoxProp):
            return self._geoms_of(self._root(name))
        return {self._id(KIND.mjOBJ_GEOM, f"{name}_{geom}") for geom in prop.handle_geoms}

    def _fingertip(self, pads: list[int], prop: Prop) -> set[int]:
        """Geoms that count: the pads on a box, all of the fingertips on a handle."""
        if isinstance(prop, BoxProp):
            return set(pads)
        bodies = self._model.geom_bodyid[pads]
        return set(np.flatnonzero(np.isin(self._model.geom_bodyid, bodies)).tolist())

    def _root(self, name: str) -> int:
        return self._id(KIND.mjOBJ_BODY, f"{name}_main")

    def _geoms_of(self, root: int) -> set[int]:
        """All geoms that hang on a body."""
        bodies = {root}
        for body in range(root + 1, self._model.nbody):  # parents come first
            if self._model.body_parentid[body] in bodies:
                bodies.add(body)
        return set(np.flatnonzero(np.isin(self._model.geom_bodyid, list(bodies))).tolist())

    def _id(self, kind: mujoco.mjtObj, name: str) -> int:
        index = mujoco.mj_name2id(self._model, kind, name)
        if index < 0:
            what = kind.name.removeprefix("mjOBJ_").lower()
            raise UnknownNameError(f"robosuite {what}", name, _names(self._model, kind))
        return index


def _names(model: mujoco.MjModel, kind: mujoco.mjtObj) -> Iterable[str]:
    counts = {
        KIND.mjOBJ_SITE: model.nsite,
        KIND.mjOBJ_BODY: model.nbody,
        KIND.mjOBJ_JOINT: model.njnt,
        KIND.mjOBJ_GEOM: model.ngeom,
    }
    return filter(None, (mujoco.mj_id2name(model, kind, i) for i in range(counts[kind])))


def _turn(prop: Prop) -> FloatArray:
    """Turn of the reported frame from robosuite's. Shape (3, 3)."""
    return np.eye(3) if isinstance(prop, BoxProp) else matrix_of_quaternion(np.array(prop.handle_quat))


def _about_z(angle: float) -> FloatArray:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
