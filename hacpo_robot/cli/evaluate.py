"""``hacpo-robot evaluate RUN``: held-out episodes of a checkpoint, and videos of them."""

import argparse
import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from hacpo_robot.cli.display import Display, interval
from hacpo_robot.cli.filming import add_filming, filming_of
from hacpo_robot.cli.opening import open_run
from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.learning.evaluation import with_noise
from hacpo_robot.specs.randomization import LEVELS
from hacpo_robot.study.judge import film, judge, write_evaluation
from hacpo_robot.study.meter import Watch
from hacpo_robot.study.train import restore_fleet


def run(arguments: list[str]) -> None:
    """Parse, evaluate every robot, print a line each."""
    chosen = _parse(arguments)
    filming = filming_of(chosen)
    folder = open_run(chosen.run)
    settings = folder.settings
    asked = {"eval_episodes": chosen.episodes, "seed": chosen.seed}
    judged = replace(settings, **{name: value for name, value in asked.items() if value is not None})
    fleet = restore_fleet(settings, folder, chosen.checkpoint)
    evaluations, films = {}, []
    for robot, learner in zip(settings.robots, fleet.learners, strict=True):
        act = with_noise(learner.act, chosen.noise, np.random.default_rng(judged.seed))
        held_out, clips = judge(
            robot,
            settings.task,
            act,
            judged.eval_episodes,
            judged.seed,
            filming.n_episodes,
            chosen.randomization,
        )
        evaluations[learner.name] = held_out.evaluation
        films.append(clips)
        shown = f"{held_out.evaluation.n_success} of {held_out.evaluation.n_episodes}"
        print(f"{learner.name:<10} {shown} episodes, {interval(held_out.evaluation)}", flush=True)
    differences = _differences(chosen, settings.seed)
    conditions = {"seed": judged.seed, "randomization": chosen.randomization, "noise": chosen.noise}
    print(write_evaluation(folder, evaluations, conditions, f"step_{fleet.steps:012d}{differences}"))
    if chosen.video:
        with Display() as display:
            film(films, folder.videos / differences.strip("_"), Watch(display.phase), filming)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("hacpo-robot evaluate", description=__doc__)
    parser.add_argument("run", type=Path, help="run folder")
    parser.add_argument(
        "--checkpoint", default="last", help="last, best (by success in training), or a number of steps"
    )
    parser.add_argument("--episodes", type=int, help="per robot; as in training when not given")
    parser.add_argument(
        "--noise", type=float, default=0.0, help="spread of noise on every action in [-1, 1]; none by default"
    )
    parser.add_argument("--seed", type=int, help="of starts and noise; that of training when not given")
    parser.add_argument(
        "--randomization",
        choices=LEVELS,
        default="none",
        help="how much bodies, objects and sensors differ; none by default, however it was trained",
    )
    parser.add_argument("--video", action="store_true", help="film the first episodes of each robot")
    add_filming(parser)
    chosen = parser.parse_args(arguments)
    if not 0 <= chosen.noise < math.inf:
        raise InvalidSpecError(f"noise must be a number from 0 on, not {chosen.noise:g}")
    return chosen


def _differences(chosen: argparse.Namespace, seed_of_run: int) -> str:
    """How this evaluation differs from the usual one, as its file is named."""
    seed = f"_seed_{chosen.seed}" if chosen.seed not in (None, seed_of_run) else ""
    level = f"_{chosen.randomization}" if LEVELS[chosen.randomization] else ""
    return seed + level + (f"_noise_{chosen.noise:g}" if chosen.noise else "")
