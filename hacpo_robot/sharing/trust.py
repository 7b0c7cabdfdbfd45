"""How far a learner lets others move it, from what that has brought so far."""

import numpy as np

from hacpo_robot.specs.signature import FloatArray

PERIOD = 6
"""Cross phases between two reviews."""
NOTABLE = 0.03
"""Change of the success rate that counts as one."""
BEGIN = 0.5


class Trust:
    """A factor in (0, 1] on the budget of change; falls by half where success fell under lessons."""

    def __init__(self) -> None:
        """Half trust, nothing reviewed."""
        self.level = BEGIN
        self._mark = 0.0
        self._count = 0

    def review(self, success_rate: float) -> None:
        """Note one more cross phase with lessons, and judge them once in ``PERIOD``."""
        if self._count == 0:
            self._mark = success_rate
        self._count += 1
        if self._count > PERIOD:
            change = success_rate - self._mark
            if change < -NOTABLE:
                self.level *= 0.5
            elif change > NOTABLE:
                self.level = min(1.0, 1.5 * self.level)
            self._mark, self._count = success_rate, 1

    def get_state(self) -> dict[str, FloatArray]:
        """Three numbers as one array."""
        return {"numbers": np.array([self.level, self._mark, self._count], float)}

    def set_state(self, state: dict[str, FloatArray]) -> None:
        """Continue from what :meth:`get_state` returned."""
        level, mark, count = state["numbers"]
        self.level, self._mark, self._count = float(level), float(mark), int(count)
