"""Videos on the command line: how they are wanted, the same for every verb, and what makes them."""

import argparse
from pathlib import Path

from hacpo_robot.cli.display import Display
from hacpo_robot.errors import InvalidSpecError, VideoError
from hacpo_robot.sim.camera import VIEWS
from hacpo_robot.study.video import DEFAULT_FILMING, Clip, Filming, make_videos


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
            "--video-failures", action="store_true", help="film episodes that end without success first"
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
    return Filming(
        n_episodes=getattr(chosen, "video_episodes", DEFAULT_FILMING.n_episodes),
        failures_first=getattr(chosen, "video_failures", False),
        width=int(width),
        height=int(height),
        view=chosen.camera,
    )


def film(films: list[list[Clip]], folder: Path, filming: Filming) -> None:
    """Draw what was recorded.

    Args:
        films: Of every robot its clips, as many as of all others.
        folder: Where to.
        filming: Size and camera.

    Raises:
        VideoError: it could not be drawn.
    """
    with Display() as display:
        display.phase("drawing videos")
        if fault := make_videos([list(row) for row in zip(*films, strict=True)], folder, filming):
            raise VideoError(fault)
        display.phase(f"videos in {folder}")
