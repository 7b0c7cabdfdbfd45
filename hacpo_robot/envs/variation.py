"""What makes each world a little different: drawn at reset, kept for an episode."""

import copy

import numpy as np

from hacpo_robot.control.delay import CommandDelay
from hacpo_robot.envs.camera_shift import CameraShift
from hacpo_robot.sim.randomization import ModelFamily
from hacpo_robot.sim.scene import Scene
from hacpo_robot.specs.randomization import (
    CAMERA,
    GRIPPER_SPEED,
    LATENCY,
    NAMES,
    NOISE,
    Randomization,
    draw,
)
from hacpo_robot.specs.signature import FloatArray


class Variation:
    """Owner of every world's own numbers, and of what follows from them.

    ``numbers`` has shape (n_worlds, len(NAMES)), columns in the order of ``NAMES``; a world has none
    before it is drawn. ``family`` holds the models, ``cameras`` where cameras stand that move at all.
    """

    def __init__(self, scene: Scene, randomization: Randomization, n_worlds: int, n_actions: int) -> None:
        """Begin with the scene's own numbers in every world."""
        self._randomization = randomization
        self._delay = CommandDelay(n_worlds, n_actions, longest=int(randomization.latency[1]))
        self.numbers = np.zeros((n_worlds, len(NAMES)))
        self.family = ModelFamily(scene, n_worlds)
        cameras = {sensor.camera for sensor in scene.robot.sensors if sensor.camera is not None}
        still = randomization.camera_pos == randomization.camera_target == 0.0
        self.cameras = None if still else CameraShift(cameras, n_worlds)

    @property
    def noise(self) -> FloatArray:
        """Factor on every sensor's noise; a view that follows every draw. Shape (n_worlds, 1)."""
        return self.numbers[:, NOISE : NOISE + 1]

    @property
    def gripper_speed(self) -> FloatArray:
        """Factor on the gripper's speed. Shape (n_worlds, 1)."""
        return self.numbers[:, GRIPPER_SPEED : GRIPPER_SPEED + 1]

    def redraw(self, world: int, rng: np.random.Generator) -> None:
        """New numbers for one world.

        Args:
            world: Which one.
            rng: Its own. It decides the outcome and is not drawn from: a world starts in the same
                place with and without randomisation.
        """
        aside = np.random.default_rng(copy.deepcopy(rng).integers(2**63, size=2))
        self.numbers[world] = draw(self._randomization, aside)
        self._delay.forget(world)
        self._apply(world)

    def change_scene(self, scene: Scene) -> None:
        """Go on with another scene of the same structure; every world keeps its factors."""
        self.family = ModelFamily(scene, len(self.numbers))
        for world in range(len(self.numbers)):
            self._apply(world)

    def delay(self, action: FloatArray) -> FloatArray:
        """Send an action to every world; what arrives there now. Shape (n_worlds, n_actions)."""
        return self._delay.exchange(action, self.numbers[:, LATENCY])

    def get_state(self) -> dict[str, FloatArray]:
        """Copies of everything that decides the future."""
        return {"variation": self.numbers.copy(), "commands_sent": self._delay.sent.copy()}

    def set_state(self, state: dict[str, FloatArray]) -> None:
        """Continue from what :meth:`get_state` returned."""
        self.numbers[:] = state["variation"]
        self._delay.sent[:] = state["commands_sent"]
        for world in range(len(self.numbers)):
            self._apply(world)

    def _apply(self, world: int) -> None:
        self.family.scale(world, self.numbers[world])
        if self.cameras is not None:
            self.cameras.place(world, self.numbers[world, CAMERA])
