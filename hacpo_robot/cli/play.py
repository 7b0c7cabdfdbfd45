"""``hacpo-robot play POLICY.onnx``: an exported policy in simulation, run by onnxruntime alone."""

import argparse
from pathlib import Path

import numpy as np

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.cli import replay
from hacpo_robot.cli.conditions import add_conditions, check_conditions
from hacpo_robot.cli.display import Display, interval
from hacpo_robot.cli.filming import add_filming, film, filming_of
from hacpo_robot.errors import HacpoError, InvalidSpecError, UnknownNameError
from hacpo_robot.export.engines import as_action
from hacpo_robot.export.runtime import PolicyError, load_policy
from hacpo_robot.learning.evaluation import Evaluation, with_noise
from hacpo_robot.specs.randomization import LEVELS
from hacpo_robot.study.judge import judge
from hacpo_robot.study.playback import check_fit, scale_of
from hacpo_robot.study.robosuite_judge import judge_in_robosuite
from hacpo_robot.study.video import Clip, Filming

TOLD = 10
"""Lines about the progress of slow episodes."""
REPLAY = "--replay DATASET [--episode K] [--video FOLDER] plays back a recorded episode instead"


def run(arguments: list[str]) -> None:
    """Parse, play, print the outcome."""
    if any(argument.split("=")[0] == "--replay" for argument in arguments):
        replay.run(arguments)
        return
    chosen = _parse(arguments)
    filming = filming_of(chosen)
    try:
        metadata = load_policy(chosen.policy).metadata
    except (PolicyError, OSError) as error:
        raise HacpoError(str(error)) from error
    robot, task = chosen.robot or metadata["robot"]["name"], chosen.task or metadata["task"]
    play = {"own": [_play_here], "robosuite": [_play_in_robosuite], "both": [_play_here, _play_in_robosuite]}
    try:
        films = [place(robot, task, chosen, filming) for place in play[chosen.backend]]
    except UnknownNameError as error:
        raise HacpoError(f"{error}; name the file of your own by --robot or --task") from error
    except PolicyError as error:
        raise HacpoError(f"{chosen.policy} does not fit {robot} on {task}: {error}") from error
    if chosen.video:
        film(films, chosen.video, filming)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("hacpo-robot play", description=__doc__, epilog=REPLAY)
    parser.add_argument("policy", type=Path, help="policy.onnx of an export")
    parser.add_argument("--robot", help="name or file; the robot it was trained for when not given")
    parser.add_argument("--task", help="the task it was trained on when not given")
    parser.add_argument("--episodes", type=int, default=20, help="to play; 20 when not given")
    parser.add_argument("--seed", type=int, default=0, help="of the starts")
    parser.add_argument(
        "--backend",
        choices=("own", "robosuite", "both"),
        default="own",
        help="whose physics, controllers and gripper: those of training, robosuite's, or one after the other",
    )
    add_conditions(parser)
    parser.add_argument("--video", type=Path, metavar="FOLDER", help="film episodes into a folder")
    add_filming(parser)
    chosen = parser.parse_args(arguments)
    if chosen.episodes <= 0:
        raise InvalidSpecError(f"episodes must be positive, not {chosen.episodes}")
    if chosen.seed < 0:
        raise InvalidSpecError(f"seed must not be negative, but is {chosen.seed}")
    check_conditions(chosen)
    if chosen.backend != "own" and (chosen.noise or LEVELS[chosen.randomization]):
        raise InvalidSpecError("--noise and --randomization are of our own physics; leave --backend out")
    return chosen


def _play_here(robot: str, task: str, chosen: argparse.Namespace, filming: Filming) -> list[Clip]:
    policy, body = load_policy(chosen.policy), load_robot(robot)
    check_fit(policy.metadata, body, load_task(task))
    act = as_action(policy, scale_of(policy, body.gripper))
    noisy = with_noise(act, chosen.noise, np.random.default_rng(chosen.seed))
    held_out, clips = judge(robot, task, noisy, chosen.episodes, chosen.seed, filming, chosen.randomization)
    print(f"{robot} on {task}: {_outcome(held_out.evaluation)}")
    return clips


def _play_in_robosuite(robot: str, task: str, chosen: argparse.Namespace, filming: Filming) -> list[Clip]:
    n_episodes = chosen.episodes
    with Display() as display:

        def say(done: int, successes: int) -> None:
            if done % max(1, n_episodes // TOLD) == 0:
                display.phase(f"robosuite: {done} of {n_episodes} episodes, {successes} successes")

        away = judge_in_robosuite(
            chosen.policy, n_episodes, chosen.seed, robot=robot, task=task, progress=say
        )
    print(
        f"{robot} on {task} in robosuite: {_outcome(away.evaluation)}; "
        f"{away.by_robosuite} by robosuite's own measure"
    )
    return [away.clips[episode] for episode in filming.choose(away.at_end)]


def _outcome(evaluation: Evaluation) -> str:
    return f"{evaluation.n_success} of {evaluation.n_episodes}, {interval(evaluation)}"
