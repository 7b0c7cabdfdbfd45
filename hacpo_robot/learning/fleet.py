"""Learners that train together, a rollout each in turn."""

from collections.abc import Callable, Sequence

from stable_baselines3.common.logger import Logger

from hacpo_robot.learning.learner import Learner
from hacpo_robot.sharing.exchange import Exchange


class Fleet:
    """Owner of the turns: every learner collects and updates once per iteration.

    With ``exchange=None`` every learner ends with the parameters that it would have reached alone.
    """

    def __init__(self, learners: Sequence[Learner], exchange: Exchange | None) -> None:
        """A fleet that has not trained yet."""
        self.learners = tuple(learners)
        self.exchange = exchange
        self.iteration = 0

    @property
    def steps(self) -> int:
        """Steps of the learner that has made the fewest, calibration included."""
        return min(learner.model.num_timesteps for learner in self.learners)

    def run(
        self, steps: int, loggers: dict[str, Logger], on_iteration: Callable[["Fleet"], None] = lambda _: None
    ) -> None:
        """Train every learner up to ``steps`` environment steps in all.

        Args:
            steps: Per learner, counted from its very beginning.
            loggers: Where each learner logs, by name.
            on_iteration: Called after every iteration, when all learners stand still.
        """
        for learner in self.learners:
            learner.begin(steps, loggers[learner.name])
        while self.steps < steps:
            for learner in self.learners:
                if learner.model.num_timesteps < steps:
                    learner.iterate(steps)
            self.iteration += 1
            on_iteration(self)
        for learner in self.learners:
            learner.finish()
