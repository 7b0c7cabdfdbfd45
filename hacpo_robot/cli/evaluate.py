"""``hacpo-robot evaluate RUN``: held-out episodes of a checkpoint, and videos of them."""

import argparse
import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from hacpo_robot.cli.display import Display, interval
from hacpo_robot.cli.filming import add_filming, filming_of
from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.learning.evaluation import with_noise
from hacpo_robot.study.judge import film, judge, write_evaluation
from hacpo_robot.study.meter import Watch
from hacpo_robot.study.run_folder import RunFolder
from hacpo_robot.study.train import restore_fleet


def run(arguments: list[str]) -> None:
    """Parse, evaluate every robot, print a line each."""
    parser = argparse.ArgumentParser("hacpo-robot evaluate", description=__doc__)
    parser.add_argument("run", type=Path, help="run folder")
    parser.add_argument(
        "--checkpoint", default="last", help="last, best (by success in training), or a number of steps"
    )
    parser.add_argument("--episodes", type=int, help="per robot; as in training when not given")
    parser.add_argument(
        "--noise", type=float, default=0.0, help="spread of noise on every action in [-1, 1]; none by default"
    )
    parser.add_argument("--video", action="store_true", help="film the first episodes of each robot")
    add_filming(parser)
    chosen = parser.parse_args(arguments)
    filming = filming_of(chosen)
    if not 0 <= chosen.noise < math.inf:
        raise InvalidSpecError(f"noise must be a number from 0 on, not {chosen.noise:g}")
    folder = RunFolder.open(chosen.run)
    settings = folder.settings
    if chosen.episodes is not None:
        settings = replace(settings, eval_episodes=chosen.episodes)
    fleet = restore_fleet(settings, folder, chosen.checkpoint)
    evaluations, films = {}, []
    for robot, learner in zip(settings.robots, fleet.learners, strict=True):
        act = with_noise(learner.act, chosen.noise, np.random.default_rng(settings.seed))
        held_out, clips = judge(
            robot, settings.task, act, settings.eval_episodes, settings.seed, filming.n_episodes
        )
        evaluations[learner.name] = held_out.evaluation
        films.append(clips)
        shown = f"{held_out.evaluation.n_success} of {held_out.evaluation.n_episodes}"
        print(f"{learner.name:<10} {shown} episodes, {interval(held_out.evaluation)}", flush=True)
    disturbed = f"_noise_{chosen.noise:g}" if chosen.noise else ""
    print(write_evaluation(folder, evaluations, f"step_{fleet.steps:012d}{disturbed}"))
    if chosen.video:
        with Display() as display:
            film(films, folder.videos, Watch(display.phase), filming)
