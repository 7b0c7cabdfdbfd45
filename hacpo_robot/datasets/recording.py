"""Episodes recorded step by step, as they happen."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.datasets.episode import Episode
from hacpo_robot.envs.episodes import Episodes
from hacpo_robot.envs.hub import body_vector, world_vector
from hacpo_robot.envs.reset import Start
from hacpo_robot.learning.evaluation import Act

_Columns = dict[str, NDArray[Any]]
"""Named arrays of all worlds. Shape (n_worlds, ·) each."""


def record(episodes: Episodes, act: Act) -> list[Episode]:
    """The first episode of every world.

    Args:
        episodes: Just begun; of two worlds at least where replays shall follow to the last bit.
        act: Raw observations to actions in [-1, 1].
    """
    n_worlds = episodes.cell.n_worlds
    starts, moments, steps = _starts(episodes), [_moment(episodes)], list[_Columns]()
    running, lengths = np.ones(n_worlds, bool), np.zeros(n_worlds, int)
    while running.any():
        action = np.clip(act(moments[-1]["observation"]), -1.0, 1.0).astype(np.float32)
        states = episodes.cell.worlds.get_state()["physics"]
        step = episodes.step(action.astype(float))
        outcome = {"reward": step.outcome.reward.astype(np.float32), "success": step.outcome.success}
        steps.append({"action": action, "states": states, **outcome})
        moments.append(_moment(episodes))
        lengths += running
        running &= ~step.ended
    moment, step = _stacked(moments), _stacked(steps)
    return [
        Episode(
            **{name: column[: length + 1, world] for name, column in moment.items()},
            **{name: column[:length, world] for name, column in step.items()},
            support=np.zeros(length),
            effect_error=np.zeros(length),
            start=starts[world],
        )
        for world, length in enumerate(lengths)
    ]


def _moment(episodes: Episodes) -> _Columns:
    state = episodes.cell.state
    return {"observation": episodes.observe(), "body": body_vector(state), "world": world_vector(state)}


def _stacked(rows: list[_Columns]) -> _Columns:
    """Time first. Shape (len(rows), n_worlds, ·) each."""
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _starts(episodes: Episodes) -> list[Start]:
    cell = episodes.cell
    columns = zip(cell.worlds.qpos, cell.worlds.mocap, cell.state.goal_pos_w, strict=True)
    return [Start(qpos.copy(), mocap.copy(), goal.copy()) for qpos, mocap, goal in columns]
