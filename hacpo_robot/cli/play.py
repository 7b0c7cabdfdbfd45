"""``hacpo-robot play POLICY.onnx``: an exported policy in simulation, run by onnxruntime alone."""

import argparse
from pathlib import Path

from hacpo_robot.catalog import load_robot
from hacpo_robot.cli import replay
from hacpo_robot.cli.display import Display, interval
from hacpo_robot.errors import HacpoError, InvalidSpecError
from hacpo_robot.export.runtime import PolicyError, load_policy
from hacpo_robot.study.judge import judge
from hacpo_robot.study.playback import as_action, scale_of
from hacpo_robot.study.video import make_videos

REPLAY = "--replay DATASET [--episode K] [--video FOLDER] plays back a recorded episode instead"


def run(arguments: list[str]) -> None:
    """Parse, play, print the outcome."""
    if any(argument.split("=")[0] == "--replay" for argument in arguments):
        replay.run(arguments)
        return
    parser = argparse.ArgumentParser("hacpo-robot play", description=__doc__, epilog=REPLAY)
    parser.add_argument("policy", type=Path, help="policy.onnx of an export")
    parser.add_argument("--robot", help="name or file; the robot it was trained for when not given")
    parser.add_argument("--task", help="the task it was trained on when not given")
    parser.add_argument("--episodes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the starts")
    parser.add_argument("--video", type=Path, help="folder to draw the first episodes into")
    chosen = parser.parse_args(arguments)
    if chosen.episodes <= 0:
        raise InvalidSpecError(f"episodes must be positive, not {chosen.episodes}")
    try:
        policy = load_policy(chosen.policy)
    except (PolicyError, OSError) as error:
        raise HacpoError(str(error)) from error
    metadata = policy.metadata
    robot, task = chosen.robot or metadata["robot"]["name"], chosen.task or metadata["task"]
    act = as_action(policy, scale_of(policy, load_robot(robot).gripper))
    try:
        held_out, clips = judge(robot, task, act, chosen.episodes, chosen.seed)
    except PolicyError as error:
        raise HacpoError(f"{chosen.policy} does not fit {robot} on {task}: {error}") from error
    evaluation = held_out.evaluation
    print(f"{robot} on {task}: {evaluation.n_success} of {evaluation.n_episodes}, {interval(evaluation)}")
    if chosen.video:
        fault = make_videos([[clip] for clip in clips], chosen.video)
        with Display() as display:
            display.phase(fault or f"videos in {chosen.video}")
