"""Learners that train together, a rollout each in turn."""

from collections.abc import Callable, Sequence

from stable_baselines3.common.logger import Logger

from hacpo_robot.learning.learner import Learner
from hacpo_robot.sharing.exchange import Exchange


class Fleet:
    """Owner of the turns: learners collect and update once per iteration, but for those that wait.

    With ``exchange=None`` every learner ends with the parameters that it would have reached alone.
    """

    def __init__(self, learners: Sequence[Learner], exchange: Exchange | None) -> None:
        """A fleet that has not trained yet."""
        self.learners = tuple(learners)
        self.exchange = exchange
        self.iteration = 0

    @property
    def steps(self) -> int:
        """Steps per learner, on the mean; calibration and rehearsals included."""
        return sum(learner.model.num_timesteps for learner in self.learners) // len(self.learners)

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
        while going := self._turns(steps):
            for learner in going:
                learner.iterate(steps)
            self.iteration += 1
            on_iteration(self)
        for learner in self.learners:
            learner.finish()

    def _turns(self, steps: int) -> list[Learner]:
        """Who goes on now: all that have steps left, but for those that wait for others."""
        left = [learner for learner in self.learners if learner.model.num_timesteps < steps]
        if self.exchange is None:
            return left
        going = self.exchange.turns({learner.name: learner.standing(steps) for learner in left})
        return [learner for learner in left if learner.name in going]
