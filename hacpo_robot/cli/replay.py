"""``hacpo-robot play --replay DATASET``: one recorded episode, its actions played again."""

import argparse
from pathlib import Path

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.cli.filming import add_filming, film, filming_of
from hacpo_robot.datasets.formats import read_dataset
from hacpo_robot.datasets.replay import Replay, replay
from hacpo_robot.errors import DatasetError
from hacpo_robot.study.video import Clip, caption_of

OUTCOME = {True: "success", False: "no success"}


def run(arguments: list[str]) -> None:
    """Parse, play back, say how closely it follows."""
    parser = argparse.ArgumentParser("hacpo-robot play --replay", description=__doc__)
    parser.add_argument(
        "--replay", type=Path, required=True, help="dataset: a .hdf5 file or a LeRobot folder"
    )
    parser.add_argument("--episode", type=int, default=0)
    parser.add_argument("--video", type=Path, help="folder to draw the episode into")
    add_filming(parser, count=False)
    chosen = parser.parse_args(arguments)
    filming = filming_of(chosen)
    dataset = read_dataset(chosen.replay)
    if not 0 <= chosen.episode < len(dataset.episodes):
        raise DatasetError(
            f"no episode {chosen.episode} in {chosen.replay}; valid: 0 to {len(dataset.episodes) - 1}"
        )
    header, episode = dataset.header, dataset.episodes[chosen.episode]
    played = replay(header, episode)
    recorded = OUTCOME[bool(episode.success[-1])]
    robot, task = load_robot(header.robot).name, load_task(header.task).name
    print(f"{robot} on {task}, episode {chosen.episode}, {len(episode)} steps")
    print(f"recorded: {recorded} at the last step; played back: {OUTCOME[played.success]}")
    print(_closeness(played, kept=episode.start is not None))
    if chosen.video:
        caption = caption_of(robot, played.success, chosen.episode)
        clip = Clip(header.robot, header.task, caption, played.qpos, played.mocap, chosen.episode)
        film([[clip]], chosen.video, filming)


def _closeness(played: Replay, *, kept: bool) -> str:
    if played.exact:
        return "the same to the last bit"
    start = "it began where the recording began" if kept else "its start was made up from what was sensed"
    tool, objects = 1000 * played.tool_astray, 1000 * played.object_astray
    return f"{start}; the tool strays up to {tool:.1f} mm, objects up to {objects:.1f} mm"
