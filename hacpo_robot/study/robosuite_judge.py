"""Held-out episodes of a policy file in robosuite's own environment: a robot that was never trained on."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.cores import own_cores
from hacpo_robot.envs.robosuite import check_counterpart
from hacpo_robot.envs.robosuite_env import RobosuiteEnv
from hacpo_robot.export.runtime import Policy, load_policy
from hacpo_robot.learning.evaluation import HELD_OUT, Evaluation, summarize
from hacpo_robot.specs.commands import CommandScale
from hacpo_robot.study.playback import check_fit, scale_of
from hacpo_robot.study.video import Clip, caption_of


@dataclass(frozen=True)
class JudgedEpisode:
    """What became of one episode."""

    success: bool
    """The task's own, at the last step: what training counts."""
    once: bool
    """The same, at any step."""
    robosuite: bool
    """robosuite's own success at the last step."""
    reward: float
    """robosuite's, summed."""
    clip: Clip


@dataclass(frozen=True)
class Away:
    """Held-out episodes in robosuite, judged twice."""

    evaluation: Evaluation
    """By the task's success, as everywhere."""
    by_robosuite: int
    """Episodes that end in robosuite's own success."""
    at_end: NDArray[np.bool_]
    """Success at the last step. Shape (n_episodes,)."""
    clips: list[Clip]
    """Recordings of all."""


def judge_in_robosuite(
    policy: Path,
    n_episodes: int,
    seed: int,
    *,
    robot: str | None = None,
    task: str | None = None,
    n_processes: int | None = None,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Away:
    """Run a policy file in robosuite, from the posture its metadata calls home.

    Episode ``i`` has the same start whatever the number of episodes and processes.

    Args:
        policy: The file; it says which robot and task, what it reads and what it commands.
        n_episodes: How many.
        seed: Of the training run; held-out episodes start elsewhere.
        robot: Another one than the metadata's, name or file.
        task: Likewise.
        n_processes: robosuite steps one world at a time; one per core that is ours when not given.
        progress: Told after every episode: episodes done, successes among them.

    Raises:
        PolicyError: the file cannot be used.
        InvalidSpecError: robosuite has no such robot or task, or the file reads or commands something else.
    """
    metadata = load_policy(policy).metadata
    robot = robot or str(metadata["robot"]["name"])
    task = task or str(metadata["task"])
    check_counterpart(load_robot(robot), load_task(task))
    check_fit(metadata, load_robot(robot), load_task(task))
    n_processes = min(n_processes or len(own_cores()), n_episodes)
    seeds = np.random.SeedSequence(HELD_OUT + seed).generate_state(n_episodes).tolist()
    episodes: list[JudgedEpisode] = []
    with ExitStack() as stack:
        run_all = map
        if n_processes > 1:
            workers = ProcessPoolExecutor(n_processes, mp_context=get_context("spawn"))
            run_all = stack.enter_context(workers).map
        for episode in run_all(partial(play_episode, policy, robot, task), enumerate(seeds)):
            episodes.append(episode)
            progress(len(episodes), sum(each.success for each in episodes))
    columns = ([getattr(each, name) for each in episodes] for name in ("success", "once", "reward"))
    by_robosuite = sum(each.robosuite for each in episodes)
    at_end = np.array([each.success for each in episodes])
    return Away(summarize(*map(np.array, columns)), by_robosuite, at_end, [each.clip for each in episodes])


def play_episode(path: Path, robot: str, task: str, numbered: tuple[int, int]) -> JudgedEpisode:
    """One episode, its number and the seed of its start in ``numbered``; other arguments as above."""
    number, seed = numbered
    policy, scale, env = _stage(path, robot, task)
    places = env.observation_signature.slices
    policy.reset()
    observation, _ = env.reset(seed=seed)
    ended = success = once = False
    info, total, seen = {}, 0.0, []
    while not ended:
        seen.append(env.qpos)
        command = policy.act({name: observation[place] for name, place in places.items()})
        observation, reward, _, ended, info = env.step(scale.actions(command))
        success = bool(env.task.success(env.state)[0])
        once, total = once or success, total + reward
    caption = caption_of(f"{env.robot.name} in robosuite", success, number)
    clip = Clip(robot, task, caption, np.stack(seen), env.mocap, number, seed)
    return JudgedEpisode(success, once, info["is_success"], total, clip)


@cache
def _stage(path: Path, robot: str, task: str) -> tuple[Policy, CommandScale, RobosuiteEnv]:
    """The file, what its commands mean, and the environment; made once per process."""
    policy = load_policy(path)
    body = load_robot(robot)
    env = RobosuiteEnv(body, load_task(task), posture=policy.metadata["robot"]["home"])
    return policy, scale_of(policy, body.gripper), env
