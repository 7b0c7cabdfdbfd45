"""Draws a recording into video files; run as ``python -m hacpo_robot.study.draw RECORDING FOLDER``."""

import sys
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
GRID_ROWS = 2
"""Episodes in the grid; more are too small to see, and too many to keep."""


def draw_clip(clip: Clip, filming: Filming) -> list[Picture]:
    """Pictures of one clip, captioned. Shape (height, width, 3) each."""
    view = replace(VIEWS[filming.view], width=filming.width, height=filming.height)
    camera = Camera(_scene_of(clip), view)
    pictures = [_captioned(camera.draw(qpos, clip.mocap), clip.caption) for qpos in clip.qpos]
    camera.close()
    return pictures


def _scene_of(clip: Clip) -> Scene:
    robot, task = load_robot(clip.robot), load_task(clip.task)
    if clip.seed is None:
        return make_scene(robot, task, visual=True)
    env = RobosuiteEnv(robot, task)
    env.reset(seed=clip.seed)
    return env.scene


def write_video(path: Path, pictures: list[Picture]) -> None:
    """An H.264 file that browsers play."""
    height, width = pictures[0].shape[:2]
    video = write_frames(str(path), (width, height), fps=FPS, codec="libx264", macro_block_size=2)
    video.send(None)
    for picture in pictures:
        video.send(np.ascontiguousarray(picture))
    video.close()


def tile(rows: list[list[list[Picture]]]) -> list[Picture]:
    """Clips side by side; the shorter ones stand still at their end."""
    length = max(len(pictures) for row in rows for pictures in row)
    return [
        np.vstack([np.hstack([pictures[min(t, len(pictures) - 1)] for pictures in row]) for row in rows])
        for t in range(length)
    ]


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
    grid: list[list[list[Picture]]] = []
    for episode, row in enumerate(rows):
        drawn = [draw_clip(clip, filming) for clip in row]
        for clip, pictures in zip(row, drawn, strict=True):
            name = load_robot(clip.robot).name + ("" if clip.seed is None else "_robosuite")
            write_video(Path(folder) / f"{name}_ep{episode}.mp4", pictures)
        if episode < GRID_ROWS:
            grid.append(drawn)
    write_video(Path(folder) / "grid.mp4", tile(grid))


if __name__ == "__main__":
    main(*sys.argv[1:])
