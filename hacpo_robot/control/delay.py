"""Actions that arrive late."""

import numpy as np

from hacpo_robot.specs.signature import FloatArray


class CommandDelay:
    """The last few actions of every world; each world may be a different number of steps behind."""

    def __init__(self, n_worlds: int, n_actions: int, longest: int) -> None:
        """Nothing is on its way yet.

        Args:
            n_worlds: How many worlds.
            n_actions: Length of an action.
            longest: Most control steps that an action may be late.
        """
        self._idle = np.zeros(n_actions)
        self._idle[-1] = 1.0
        self.sent = np.tile(self._idle, (n_worlds, longest + 1, 1))
        """Newest first. Shape (n_worlds, longest + 1, n_actions)."""

    def forget(self, world: int) -> None:
        """Nothing is on its way in this world: the arm holds still, the gripper is open."""
        self.sent[world] = self._idle

    def exchange(self, action: FloatArray, late: FloatArray) -> FloatArray:
        """Send an action and receive the one that arrives now.

        Args:
            action: Shape (n_worlds, n_actions).
            late: Control steps on the way, whole numbers. Shape (n_worlds,).

        Returns:
            Shape (n_worlds, n_actions).
        """
        self.sent = np.concatenate([action[:, None], self.sent[:, :-1]], axis=1)
        return self.sent[np.arange(len(action)), late.astype(int)]
