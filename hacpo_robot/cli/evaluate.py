"""``hacpo-robot evaluate RUN``: held-out episodes of a checkpoint, and videos of them."""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from hacpo_robot.cli.conditions import add_conditions, check_conditions
from hacpo_robot.cli.display import interval
from hacpo_robot.cli.filming import add_filming, film, filming_of
from hacpo_robot.cli.opening import open_run, some_of
from hacpo_robot.learning.evaluation import with_noise
from hacpo_robot.specs.randomization import LEVELS
from hacpo_robot.specs.training import TrainSettings
from hacpo_robot.study.judge import judge, write_evaluation
from hacpo_robot.study.train import restore_fleet


def run(arguments: list[str]) -> None:
    """Parse, evaluate every robot, print a line each."""
    chosen = _parse(arguments)
    filming = filming_of(chosen)
    folder = open_run(chosen.run)
    settings = folder.settings
    asked = {"eval_episodes": chosen.episodes, "seed": chosen.seed}
    how = replace(settings, **{name: value for name, value in asked.items() if value is not None})
    wanted = some_of(chosen.robots, settings)
    fleet = restore_fleet(settings, folder, chosen.checkpoint, wanted)
    judged, films = {}, []
    for robot, learner in zip(settings.robots, fleet.learners, strict=True):
        if learner.name not in wanted:
            continue
        act = with_noise(learner.act, chosen.noise, np.random.default_rng(how.seed))
        held_out, clips = judge(
            robot,
            settings.task,
            act,
            how.eval_episodes,
            how.seed,
            filming,
            chosen.randomization,
        )
        judged[learner.name] = held_out
        films.append(clips)
        shown = f"{held_out.evaluation.n_success} of {held_out.evaluation.n_episodes}"
        print(f"{learner.name:<10} {shown} episodes, {interval(held_out.evaluation)}", flush=True)
    arms = "" if len(judged) == len(fleet.learners) else f"_{'_'.join(judged)}"
    name = f"step_{fleet.steps:012d}{arms}{_differences(chosen, settings)}"
    conditions = {"seed": how.seed, "randomization": chosen.randomization, "noise": chosen.noise}
    print(write_evaluation(folder, fleet.steps, judged, conditions, name))
    if chosen.video:
        film(films, folder.videos / name, filming)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("hacpo-robot evaluate", description=__doc__)
    parser.add_argument("run", type=Path, help="run folder")
    parser.add_argument(
        "--checkpoint", default="last", help="last, best (by success in training), or a number of steps"
    )
    parser.add_argument("--robots", nargs="+", help="some of the fleet; all when not given")
    parser.add_argument("--episodes", type=int, help="per robot; as in training when not given")
    parser.add_argument("--seed", type=int, help="of starts and noise; that of training when not given")
    add_conditions(parser)
    parser.add_argument(
        "--video", action="store_true", help="film episodes of each robot into the run's videos"
    )
    add_filming(parser)
    chosen = parser.parse_args(arguments)
    check_conditions(chosen)
    return chosen


def _differences(chosen: argparse.Namespace, settings: TrainSettings) -> str:
    """How the episodes differ from the usual ones, as a file of them is named."""
    number = f"_episodes_{chosen.episodes}" if chosen.episodes not in (None, settings.eval_episodes) else ""
    seed = f"_seed_{chosen.seed}" if chosen.seed not in (None, settings.seed) else ""
    level = f"_{chosen.randomization}" if LEVELS[chosen.randomization] else ""
    return number + seed + level + (f"_noise_{chosen.noise:g}" if chosen.noise else "")
