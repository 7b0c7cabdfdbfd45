"""One robot on one task in many worlds: reset, command, sense, judge. No episodes, no protocol."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.control.controller import action_signature, make_controller
from hacpo_robot.control.gripper import GRIPPER_SPEED, Gripper
from hacpo_robot.envs.hub import compute_effect
from hacpo_robot.envs.imperfection import Imperfection
from hacpo_robot.envs.observation import Observer
from hacpo_robot.envs.reset import MAX_DRAWS, ResetSampler, Start
from hacpo_robot.envs.variation import Variation
from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.sim.handles import Handles
from hacpo_robot.sim.readout import JointState, read_joints, read_task_state
from hacpo_robot.sim.scene import Scene, make_scene
from hacpo_robot.sim.worlds import Worlds
from hacpo_robot.specs.action import JointVelocity
from hacpo_robot.specs.commands import CommandScale, command_signature
from hacpo_robot.specs.prop import Region
from hacpo_robot.specs.randomization import Randomization
from hacpo_robot.specs.signature import FloatArray, IntArray, Signature
from hacpo_robot.specs.task import TaskSpec
from hacpo_robot.specs.terms import TaskState, unpressed

CONTROL_HZ = 20
"""Control steps per second, as in robosuite."""


@dataclass(frozen=True)
class Outcome:
    """What one control step led to. Shape (n_worlds,) each."""

    reward: FloatArray
    """In [0, 1]; 0 where the world was lost."""
    terms: dict[str, FloatArray]
    """Unweighted reward terms, each in [0, 1], less where the robot leans on the table."""
    success: NDArray[np.bool_]
    broken: NDArray[np.bool_]
    """Physics failed; the world shows its last good state."""
    lost: NDArray[np.bool_]
    """An object left the workspace, or physics failed."""


class Workcell:
    """Owner of ``n_worlds`` copies of one scene and of everything that decides their next step.

    ``state`` and ``joints`` describe the present.
    """

    def __init__(
        self,
        scene: Scene,
        posture_noise: float,
        n_worlds: int,
        *,
        seed: int,
        n_threads: int | None = None,
        randomization: Randomization | None = None,
    ) -> None:
        """Place every world at a start drawn from its own generator.

        Args:
            scene: The compiled model of robot and task.
            posture_noise: Spread of the joints around home at reset [rad].
            n_worlds: How many copies.
            seed: World ``i`` draws from a stream of ``(seed, i)``: other worlds do not change it.
            n_threads: Native threads; all cores when not given.
            randomization: How much worlds differ; where not given they share one model.
        """
        self.scene = scene
        self.robot, self.task = scene.robot, scene.task
        self.n_worlds = n_worlds
        self.handles = Handles.of(scene)
        self.observer = Observer(self.robot, self.task)
        self.controller = make_controller(self.robot, self.handles)
        self.action_signature = action_signature(self.controller)
        substeps = round(1 / (CONTROL_HZ * scene.model.opt.timestep))
        self.variation: Variation | None = None
        models = [scene.model] * n_worlds
        if randomization is not None:
            self.variation = Variation(scene, randomization, n_worlds, self.action_signature.size)
            models = self.variation.family.models
        self.worlds = Worlds(models, substeps=substeps, n_threads=n_threads)
        self._posture_noise = posture_noise
        self._sampler = ResetSampler(self.robot, self.task, self.handles, posture_noise)
        self._gripper = Gripper(self.robot.gripper)
        self._imperfection = Imperfection(self.observer.channels, n_worlds, CONTROL_HZ)
        if self.variation is not None:
            self._imperfection.noise_scale = self.variation.noise
        self._gripper_command = np.ones((n_worlds, 1))
        self._goals = np.zeros((n_worlds, 3))
        self._n_controls = scene.model.nu
        self.state: TaskState
        self.joints: JointState
        self._last_step: tuple[TaskState, TaskState, FloatArray]
        self.rngs = [_generator(seed, world) for world in range(n_worlds)]
        self.reset(np.arange(n_worlds))
        self._last_step = self.state, self.state, self._gripper.width_at(self._gripper_command)

    @property
    def command_signature(self) -> Signature:
        """Layout of the action in the robot's own units, the gripper's a width."""
        return command_signature(self.action_signature, self.robot.gripper)

    @property
    def command_scale(self) -> CommandScale:
        """What actions of -1 and 1 mean there."""
        return CommandScale.of(self.command_signature, self.robot.gripper)

    def seed(self, seed: int, worlds: IntArray | None = None) -> None:
        """Give worlds a fresh generator, those of an array of shape (k,) or all."""
        for world in range(self.n_worlds) if worlds is None else worlds.tolist():
            self.rngs[world] = _generator(seed, world)

    def change_task(self, task: TaskSpec) -> None:
        """Go on with a task that differs in numbers: masses, friction, starts, goals, rewards.

        Worlds go on from where they are, and differ from each other as before.

        Raises:
            InvalidSpecError: other objects, or a goal more or less.
        """
        if task.structure != self.task.structure:
            raise InvalidSpecError(f"task {task.name!r} is not {self.task.name!r} with other numbers")
        self.scene, self.task = make_scene(self.robot, task), task
        self.observer = Observer(self.robot, task)
        self._sampler = ResetSampler(self.robot, task, self.handles, self._posture_noise)
        models = [self.scene.model] * self.n_worlds
        if self.variation is not None:
            self.variation.change_scene(self.scene)
            models = self.variation.family.models
        self.worlds.replace_models(models)

    def reset(self, worlds: IntArray) -> None:
        """Start some worlds anew, none of them where the task is done already.

        Args:
            worlds: Shape (k,).

        Raises:
            InvalidSpecError: the task is done wherever it starts.
        """
        due = worlds
        for _ in range(MAX_DRAWS):
            self._place(due)
            self._read()
            due = due[self.task.success(self.state)[due]]
            if len(due) == 0:
                break
        else:
            raise InvalidSpecError(f"task {self.task.name!r}: success is true in {MAX_DRAWS} starts")
        self._imperfection.reset(worlds, self._ideal, self.rngs)

    def _place(self, worlds: IntArray) -> None:
        self._redraw(worlds)
        default = self.worlds.default_qpos, self.worlds.default_mocap
        self._put(worlds, [self._sampler.sample(*default, self.rngs[world]) for world in worlds])

    def _redraw(self, worlds: IntArray) -> None:
        if self.variation is not None:
            for world in worlds:
                self.variation.redraw(world, self.rngs[world])

    def begin_at(self, worlds: IntArray, starts: Sequence[Start]) -> None:
        """Start some worlds where told, at rest and with an open gripper.

        Where worlds vary, their numbers follow from their generators, which no start that is told moves on.

        Args:
            worlds: Shape (k,).
            starts: One per world.
        """
        self._redraw(worlds)
        self._put(worlds, starts)
        self._read()
        self._imperfection.reset(worlds, self._ideal, self.rngs)

    def _put(self, worlds: IntArray, starts: Sequence[Start]) -> None:
        if starts:
            qpos, mocap = (np.stack([getattr(start, part) for start in starts]) for part in ("qpos", "mocap"))
            self.worlds.place(worlds, qpos, mocap, self._holding(qpos))
            self._goals[worlds] = np.stack([start.goal for start in starts])
            self._gripper_command[worlds] = 1.0

    def _holding(self, qpos: FloatArray) -> FloatArray:
        """Actuator targets of an arm that stays where it is, with an open gripper. Shape (k, nu)."""
        controls = np.zeros((len(qpos), self._n_controls))
        if not isinstance(self.robot.action, JointVelocity):
            controls[:, self.handles.arm_ctrl] = qpos[:, self.handles.arm_qpos]
        controls[:, self.handles.gripper_ctrl] = self._gripper.targets(np.ones((len(qpos), 1)))
        return controls

    def step(self, action: FloatArray) -> Outcome:
        """Hold an action for one control step in every world.

        Args:
            action: Arm part, then gripper (-1 closed, 1 open), clipped to [-1, 1].
                Shape (n_worlds, action_signature.size).
        """
        action = np.clip(action, -1.0, 1.0)
        command = action if self.variation is None else self.variation.delay(action)
        before = self.state
        wanted = command[:, -1:] - self._gripper_command
        speed = GRIPPER_SPEED * (1.0 if self.variation is None else self.variation.gripper_speed)
        self._gripper_command = self._gripper_command + np.clip(wanted, -speed, speed)
        controls = np.zeros((self.n_worlds, self._n_controls))
        controls[:, self.handles.arm_ctrl] = self.controller.targets(command[:, :-1], self.joints, before)
        controls[:, self.handles.gripper_ctrl] = self._gripper.targets(self._gripper_command)
        broken = self.worlds.step(controls)
        self._read()
        self._imperfection.step(self._ideal, self.rngs)
        self._last_step = before, self.state, self._gripper.width_at(action[:, -1:])
        return self._judge(broken)

    def observe(self) -> FloatArray:
        """What the robot's sensors deliver now. Shape (n_worlds, observation size)."""
        return self._imperfection.deliver(self._ideal)

    @property
    def table_force(self) -> FloatArray:
        """How hard every robot presses on the table. Shape (n_worlds,) [N]."""
        return np.linalg.norm(self.worlds.sensors[:, self.handles.table_force], axis=-1)

    def effect(self) -> FloatArray:
        """What the last step did to the tool, before any reset. Shape (n_worlds, EFFECT.size)."""
        return compute_effect(*self._last_step)

    def _read(self) -> None:
        self.joints = read_joints(self.worlds.sensors, self.handles)
        sensors = self.worlds.sensors
        width = self._gripper.width(sensors[:, self.handles.finger_pos])
        command, goals = self._gripper_command.copy(), self._goals.copy()
        self.state = read_task_state(sensors, self.handles, width, command, goals)
        cameras = None if self.variation is None else self.variation.cameras
        self._ideal = self.observer.observe(self.state, self.joints, cameras)

    def _judge(self, broken: NDArray[np.bool_]) -> Outcome:
        lost = broken | ~inside(self.state.object_pos_w, self.task.workspace).all(axis=-1)
        paid = 1.0 if self.task.leaning_pays else unpressed(self.table_force)
        terms = {name: paid * term.value(self.state) for name, term in self.task.rewards.items()}
        reward = sum(term.weight * terms[name] for name, term in self.task.rewards.items())
        success = self.task.success(self.state) & ~lost
        return Outcome(np.where(lost, 0.0, reward), terms, success, broken, lost)

    def get_state(self) -> dict[str, FloatArray]:
        """Copies of all numbers that decide the future, generators excepted."""
        own = {"gripper_command": self._gripper_command.copy(), "goals": self._goals.copy()}
        varied = {} if self.variation is None else self.variation.get_state()
        return {**self.worlds.get_state(), **own, **varied, **self._imperfection.get_state()}

    def set_state(self, state: dict[str, FloatArray]) -> None:
        """Continue from what :meth:`get_state` returned."""
        self.worlds.set_state(state)
        self._gripper_command = state["gripper_command"].copy()
        self._goals = state["goals"].copy()
        if self.variation is not None:
            self.variation.set_state(state)
        self._imperfection.set_state(state)
        self._read()


def _generator(seed: int, world: int) -> np.random.Generator:
    return np.random.default_rng([seed, world])


def inside(position: FloatArray, region: Region) -> NDArray[np.bool_]:
    """Whether points lie in a region. (..., 3) [m] -> (...,)."""
    return ((position > region.low[:3]) & (position < region.high[:3])).all(axis=-1)
