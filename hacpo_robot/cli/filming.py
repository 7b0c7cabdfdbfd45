"""How videos are wanted, on the command line of every verb that makes them."""

import argparse

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.sim.camera import VIEWS
from hacpo_robot.study.video import DEFAULT_FILMING, Filming


def add_filming(parser: argparse.ArgumentParser, *, count: bool = True) -> None:
    """Flags for size and camera, and for how many episodes where there are many."""
    size = f"{DEFAULT_FILMING.width}x{DEFAULT_FILMING.height}"
    if count:
        parser.add_argument(
            "--video-episodes",
            type=int,
            default=DEFAULT_FILMING.n_episodes,
            metavar="N",
            help=f"how many to film; {DEFAULT_FILMING.n_episodes} when not given",
        )
    parser.add_argument(
        "--video-size", default=size, metavar="WxH", help=f"pixels per robot; {size} if not given"
    )
    parser.add_argument("--camera", default=DEFAULT_FILMING.view, help=" or ".join(VIEWS))


def filming_of(chosen: argparse.Namespace) -> Filming:
    """What the flags say.

    Raises:
        InvalidSpecError: a size or a number that no video can have.
        UnknownNameError: no such camera.
    """
    width, by, height = chosen.video_size.partition("x")
    if not (by and width.isdecimal() and height.isdecimal()):
        raise InvalidSpecError(f"--video-size must be like 640x480, not {chosen.video_size}")
    n_episodes = getattr(chosen, "video_episodes", DEFAULT_FILMING.n_episodes)
    return Filming(n_episodes=n_episodes, width=int(width), height=int(height), view=chosen.camera)
