"""Experience told in one body's words: what a pool keeps, or what another arm lived."""

import numpy as np

from hacpo_robot.datasets.episode import Episode
from hacpo_robot.envs.hub import compute_effect, task_state
from hacpo_robot.sharing.experience import Experience, split_episodes
from hacpo_robot.sharing.translation import Translation
from hacpo_robot.specs.commands import CommandScale
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import TaskSpec


def tell(words: Translation, lived: Experience, task: TaskSpec) -> list[Episode]:
    """Episodes in one body's words, without the last step of each: what it led to was not kept.

    Args:
        words: Of the body that tells, row for row as ``lived``.
        lived: By this arm or another; whole episodes, in time order.
        task: Judges every step by the hub state it led to.
    """
    told, first = [], 0
    for episode in split_episodes(lived):
        rows = np.arange(first, first + len(episode))
        first += len(episode)
        if len(episode) > 1:
            told.append(_tell_one(words.take(rows), episode, task))
    return told


def _tell_one(words: Translation, lived: Experience, task: TaskSpec) -> Episode:
    after = task_state(lived.body[1:], lived.world[1:], len(task.props))
    reward = sum(term.weight * term.value(after) for term in task.rewards.values())
    return Episode(
        observation=words.observation,
        action=words.action[:-1],
        body=lived.body,
        world=lived.world,
        reward=np.asarray(reward, np.float32),
        success=task.success(after),
        support=words.support[:-1],
        effect_error=words.effect_error[:-1],
        states=np.zeros((len(lived) - 1, 0)),
        start=None,
    )


def as_experience(episodes: list[Episode], task: TaskSpec, scale: CommandScale) -> list[Experience]:
    """Episodes as arms publish them; the row after the last step repeats its action and effect.

    Args:
        episodes: Of one arm.
        task: That they are of.
        scale: What that arm's actions mean.
    """
    return [_publish(number, episode, len(task.props), scale) for number, episode in enumerate(episodes)]


def _publish(number: int, episode: Episode, n_objects: int, scale: CommandScale) -> Experience:
    before = task_state(episode.body[:-1], episode.world[:-1], n_objects)
    after = task_state(episode.body[1:], episode.world[1:], n_objects)
    width = scale.commands(episode.action)[:, -1:]
    return Experience(
        observation=episode.observation,
        action=_repeat_last(episode.action),
        body=episode.body,
        world=episode.world,
        effect=_repeat_last(compute_effect(before, after, width)),
        returns=np.zeros(len(episode) + 1),
        episode=np.full(len(episode) + 1, number, np.int64),
    )


def _repeat_last(rows: FloatArray) -> FloatArray:
    return np.concatenate([rows, rows[-1:]])
