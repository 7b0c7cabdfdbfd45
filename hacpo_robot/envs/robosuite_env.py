"""robosuite's own environment, simulation, reward and success behind the signature of ours."""

from collections.abc import Sequence
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.utils import seeding
from numpy.typing import NDArray

from hacpo_robot.control.cartesian import UPRIGHT_GAIN
from hacpo_robot.control.controller import action_signature, make_controller
from hacpo_robot.control.gripper import GRIPPER_SPEED, Gripper
from hacpo_robot.envs.imperfection import Imperfection
from hacpo_robot.envs.observation import Observer
from hacpo_robot.envs.robosuite import (
    COUNTERPARTS,
    NATIVE_GRIPPER,
    controller_like,
    make_robosuite,
)
from hacpo_robot.envs.workcell import CONTROL_HZ
from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.readout import JointState
from hacpo_robot.sim.robosuite_model import loosen_base, touch_once
from hacpo_robot.sim.robosuite_readout import RobosuiteReadout
from hacpo_robot.sim.scene import Scene, make_scene
from hacpo_robot.specs.action import CartesianDelta
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.rotation import upright_error
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import TaskSpec
from hacpo_robot.specs.terms import TaskState

COASTING = 0.5
"""Control steps by which robosuite's fingers are behind where they are sent."""
NEAR_ENOUGH = 0.025
"""Share of a gripper's stroke by which it may miss the width it was told."""


class RobosuiteEnv(gymnasium.Env[NDArray[np.float32], NDArray[np.floating]]):
    """One robosuite environment that senses and takes commands as our robot does, imperfections included.

    Observations have the layout, units and bounds of :class:`~hacpo_robot.envs.single.ManipulationEnv`;
    actions in [-1, 1] too, carried out by robosuite's own controllers with the same scale, in the
    world frame. Physics, grippers, placement, reward (shaped, at most 1) and success are robosuite's.
    An episode is *truncated* at the task's horizon and never terminated: robosuite's tasks end by time
    alone. Infos of a step carry ``is_success``.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": [], "render_fps": CONTROL_HZ}  # pyright: ignore[reportIncompatibleVariableOverride]
    render_mode = None

    def __init__(
        self,
        robot: RobotSpec,
        task: TaskSpec,
        *,
        gripper: str = NATIVE_GRIPPER,
        posture: Sequence[float] | None = None,
    ) -> None:
        """Build robosuite's environment.

        Args:
            robot: Must name its counterpart in ``robosuite_name``.
            task: One of :data:`~hacpo_robot.envs.robosuite.COUNTERPARTS`.
            gripper: robosuite's name of the robot's gripper.
            posture: Joints that episodes start from, give or take robosuite's noise; its own posture
                when not given. Shape (n_joints,) [rad, prismatic m].

        Raises:
            InvalidSpecError: robosuite has no such robot or task.
            UnknownNameError: robosuite's model lacks a part that the specs name.
        """
        self.robot, self.task = robot, task
        self.horizon = round(task.horizon_s * CONTROL_HZ)
        self.observer, self._gripper = Observer(robot, task), Gripper(robot.gripper)
        self._imperfection = Imperfection(self.observer.channels, 1, CONTROL_HZ)
        self.observation_signature = self.observer.signature
        low, high = self.observation_signature.low, self.observation_signature.high
        self.observation_space = spaces.Box(low.astype(np.float32), high.astype(np.float32))
        scene = make_scene(robot, task)
        self.simulation = make_robosuite(
            robot, task, control_hz=CONTROL_HZ, gripper=gripper, controller=controller_like(scene)
        )
        if posture is not None:
            self.simulation.robot_configs[0]["initial_qpos"] = np.array(posture)
        self.action_signature = action_signature(make_controller(robot, Handles.of(scene)))
        self.action_space = spaces.Box(-1.0, 1.0, (self.action_signature.size,))
        self.state: TaskState
        self.joints: JointState
        self._begin()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start an episode.

        Args:
            seed: A fresh generator for posture and placement where given; else it goes on, and the first
                time chance decides. robosuite itself takes a seed at construction only.
            options: None are known.

        Returns:
            Observation, and an empty info.
        """
        super().reset(seed=seed, options=options)
        if seed is None and self._np_random is None:
            self._np_random, self._np_random_seed = seeding.np_random()
        self.simulation.rng = self.simulation.placement_initializer.rng = self.np_random
        self.simulation.reset()
        self._begin()
        self._imperfection.reset(np.arange(1), self._ideal, [self.np_random])
        return self._observe(), {}

    def step(
        self, action: NDArray[np.floating]
    ) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Hold an action for one control step. Shape (action size,), clipped to [-1, 1]."""
        action = np.clip(np.asarray(action, float), -1.0, 1.0)
        command = np.append(self._arm_command(action[:-1]), self._gripper_step(action[-1]))
        reward = float(self.simulation.step(command)[1])
        self._elapsed += 1
        self._read()
        self._imperfection.step(self._ideal, [self.np_random])
        info = {"is_success": bool(self.simulation._check_success())}
        return self._observe(), reward, False, self._elapsed >= self.horizon, info

    @property
    def scene(self) -> Scene:
        """The compiled model of this episode, to look at."""
        return Scene(self.simulation.sim.model._model, self.robot, self.task)

    @property
    def qpos(self) -> FloatArray:
        """A copy of all positions of that model. Shape (nq,)."""
        return self.simulation.sim.data.qpos.copy()

    @property
    def mocap(self) -> FloatArray:
        """Poses of the bodies of that model that are moved by hand. Shape (nmocap, 7)."""
        data = self.simulation.sim.data
        return np.concatenate([data.mocap_pos, data.mocap_quat], axis=-1)

    def close(self) -> None:
        """Let robosuite's simulation go."""
        self.simulation.close()

    def _begin(self) -> None:
        self._elapsed, self._gripper_command = 0, 1.0
        sim, names = self.simulation.sim, COUNTERPARTS[self.task.name].props
        model, data = sim.model._model, sim.data._data
        loosen_base(model)
        touch_once(model)
        self._readout = RobosuiteReadout(model, data, self.robot, self.task, names)
        self._read()
        self._width_before = float(self.state.gripper_width[0, 0])

    def _read(self) -> None:
        width = self._gripper.width(self._readout.finger_pos)
        self.state, self.joints = self._readout.read(width, np.full((1, 1), self._gripper_command))
        self._ideal = self.observer.observe(self.state, self.joints)

    def _observe(self) -> NDArray[np.float32]:
        return self._imperfection.deliver(self._ideal)[0].astype(np.float32)

    def _gripper_step(self, opening: float) -> float:
        """What robosuite's gripper is told for an opening of -1 to 1: 1 to close, -1 to open, 0 to stay.

        Its grippers take a direction only, and where they come to rest is not where they were sent: springs
        hold some back. So the fingers are watched, as the servo of a gripper does that is told a width.
        """
        spec, width = self.robot.gripper, float(self.state.gripper_width[0, 0])
        wanted = float(self._gripper.width_at(np.full((1, 1), opening))[0, 0])
        away = wanted - (width + COASTING * (width - self._width_before))
        self._width_before = width
        self._gripper_command += np.clip(opening - self._gripper_command, -GRIPPER_SPEED, GRIPPER_SPEED)
        return -np.sign(away) * (abs(away) > NEAR_ENOUGH * spec.stroke)

    def _arm_command(self, action: FloatArray) -> FloatArray:
        """The arm part as robosuite's controller takes it: six numbers for tool motion."""
        spec = self.robot.action
        if not isinstance(spec, CartesianDelta) or spec.rotation == "full":
            return action
        turn = UPRIGHT_GAIN * upright_error(self.state.tool_rot_w[0]) / spec.rotation_scale
        if spec.rotation == "yaw":
            turn[2] += action[3]
        return np.concatenate([action[:3], np.clip(turn, -1.0, 1.0)])
