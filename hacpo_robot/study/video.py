"""Videos of recorded episodes, drawn in a process of its own so that training never needs OpenGL."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hacpo_robot.specs.signature import FloatArray

BACKENDS = ("egl", "osmesa")
"""OpenGL without a screen, in the order tried; a ``MUJOCO_GL`` of the user's comes first."""
TIMEOUT_S = 300
FPS = 20
TEXTS = ("robot", "task", "caption", "seed")
"""What of a clip is no array."""
WIDTH, HEIGHT = 400, 300


@dataclass(frozen=True)
class Clip:
    """One recorded episode."""

    robot: str
    """Name or file, see :func:`hacpo_robot.catalog.load_robot`."""
    task: str
    caption: str
    qpos: FloatArray
    """Shape (n_steps, nq)."""
    mocap: FloatArray
    """Poses of goal marker and fixtures. Shape (nmocap, 7)."""
    seed: int | None = None
    """Of an episode in robosuite, whose scene is drawn then."""


def make_videos(clips: list[list[Clip]], folder: Path) -> str | None:
    """Write ``grid.mp4`` (a row per inner list) and ``<robot>[_robosuite]_ep<i>.mp4`` as H.264.

    Args:
        clips: Rows of clips of equal number; row ``i`` holds episode ``i`` of every robot.
        folder: Where to.

    Returns:
        Nothing when done, else one sentence on what is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    recording = folder / "recording.npz"
    _write_recording(clips, recording)
    fault = ""
    for backend in _backends():
        environment = {**os.environ, "MUJOCO_GL": backend}
        command = [sys.executable, "-m", "hacpo_robot.study.draw", str(recording), str(folder)]
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired:
            fault = f"{backend} did not answer within {TIMEOUT_S} s"
            continue
        if done.returncode == 0:
            recording.unlink()
            return None
        fault = f"{backend}: {(done.stderr.strip().splitlines() or ['no message'])[-1]}"
    return (
        f"no video, as drawing failed ({fault}); without a screen OpenGL needs libegl1 and libgl1-mesa-dri; "
        f"to draw later: python -m hacpo_robot.study.draw {recording} {folder}"
    )


def read_recording(path: Path) -> list[list[Clip]]:
    """The clips that :func:`make_videos` was given."""
    with np.load(path, allow_pickle=False) as file:
        rows = json.loads(str(file["rows"]))
        return [
            [
                Clip(**meta, qpos=file[f"{i}/{j}/qpos"], mocap=file[f"{i}/{j}/mocap"])
                for j, meta in enumerate(row)
            ]
            for i, row in enumerate(rows)
        ]


def _write_recording(clips: list[list[Clip]], path: Path) -> None:
    texts = [[{name: getattr(c, name) for name in TEXTS} for c in row] for row in clips]
    arrays = {
        f"{i}/{j}/{name}": getattr(clip, name)
        for i, row in enumerate(clips)
        for j, clip in enumerate(row)
        for name in ("qpos", "mocap")
    }
    np.savez(path, rows=np.array(json.dumps(texts)), **arrays)


def _backends() -> list[str]:
    wanted = os.environ.get("MUJOCO_GL", "")
    return [wanted] if wanted in ("egl", "osmesa", "glfw") else list(BACKENDS)
