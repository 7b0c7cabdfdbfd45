"""Draws a recording into video files; run as ``python -m hacpo_robot.study.draw RECORDING FOLDER``."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from imageio_ffmpeg import write_frames
from numpy.typing import NDArray

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.robosuite_env import RobosuiteEnv
from hacpo_robot.sim.camera import VIEWS, Camera
from hacpo_robot.sim.scene import Scene, make_scene
from hacpo_robot.study.video import FPS, Clip, Filming, read_recording

Picture = NDArray[np.uint8]
Packed = NDArray[np.uint8]
"""A picture as PNG. Shape (bytes,)."""
FAST = (cv2.IMWRITE_PNG_COMPRESSION, 1)
GRID_ROWS = 2
"""Episodes in the grid; more are too small to see."""


def draw_clip(clip: Clip, filming: Filming) -> Iterator[Picture]:
    """Pictures of one clip, captioned. Shape (height, width, 3) each."""
    view = replace(VIEWS[filming.view], width=filming.width, height=filming.height)
    camera = Camera(_scene_of(clip), view)
    for qpos in clip.qpos:
        yield _captioned(camera.draw(qpos, clip.mocap), clip.caption)
    camera.close()


def _scene_of(clip: Clip) -> Scene:
    robot, task = load_robot(clip.robot), load_task(clip.task)
    if clip.seed is None:
        return make_scene(robot, task, visual=True)
    env = RobosuiteEnv(robot, task)
    env.reset(seed=clip.seed)
    return env.scene


def write_video(path: Path, pictures: Iterable[Picture]) -> list[Packed]:
    """An H.264 file that browsers play; its pictures are returned, packed without loss."""
    packed: list[Packed] = []
    video = None
    for picture in pictures:
        if video is None:
            height, width = picture.shape[:2]
            video = write_frames(str(path), (width, height), fps=FPS, codec="libx264", macro_block_size=2)
            video.send(None)
        video.send(np.ascontiguousarray(picture))
        packed.append(cv2.imencode(".png", picture, FAST)[1])
    if video is not None:
        video.close()
    return packed


def tile(rows: list[list[list[Packed]]]) -> Iterator[Picture]:
    """Clips side by side; the shorter ones stand still at their end."""
    for t in range(max(len(pictures) for row in rows for pictures in row)):
        now = [[cv2.imdecode(clip[min(t, len(clip) - 1)], cv2.IMREAD_COLOR) for clip in row] for row in rows]
        yield np.vstack([np.hstack(row) for row in now]).astype(np.uint8, copy=False)


def _captioned(picture: Picture, caption: str) -> Picture:
    picture = np.ascontiguousarray(picture)
    for colour, thickness in (((255, 255, 255), 3), ((40, 40, 40), 1)):
        cv2.putText(
            picture, caption, (10, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.55, colour, thickness, cv2.LINE_AA
        )
    return picture


def main(recording: str, folder: str) -> None:
    """Draw everything in a recording."""
    rows, filming = read_recording(Path(recording))
    grid: list[list[list[Packed]]] = []
    for row in rows:
        drawn = []
        for clip in row:
            name = load_robot(clip.robot).name + ("" if clip.seed is None else "_robosuite")
            path = Path(folder) / f"{name}_ep{clip.episode}.mp4"
            drawn.append(write_video(path, draw_clip(clip, filming)))
        if len(grid) < GRID_ROWS:
            grid.append(drawn)
    write_video(Path(folder) / "grid.mp4", tile(grid))


if __name__ == "__main__":
    main(*sys.argv[1:])
