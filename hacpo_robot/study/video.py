"""Videos of recorded episodes, drawn in a process of its own so that training never needs OpenGL."""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.errors import InvalidSpecError, UnknownNameError
from hacpo_robot.sim.camera import VIEWS
from hacpo_robot.specs.signature import FloatArray

BACKENDS = ("egl", "osmesa")
"""OpenGL without a screen, in the order tried; a ``MUJOCO_GL`` of the user's comes first."""
TIMEOUT_S, SLOWEST_S = 300.0, 0.5
"""How long drawing may take: a while, and so much per picture of the usual size [s]."""
FPS = 20
DRAW = ("python", "-m", "hacpo_robot.study.draw")
TEXTS = ("robot", "task", "caption", "episode", "seed")
"""What of a clip is no array."""


@dataclass(frozen=True, kw_only=True)
class Filming:
    """How evaluation episodes are filmed."""

    n_episodes: int = 2
    """Of each robot."""
    failures_first: bool = False
    """Those that end without success, then the others; else the first ones."""
    width: int = 400
    """Of one robot's picture [pixels]; even, as H.264 wants it."""
    height: int = 300
    view: str = "overview"
    """A camera of :data:`hacpo_robot.sim.camera.VIEWS`."""

    def __post_init__(self) -> None:
        """Refuse what cannot be filmed."""
        if self.n_episodes < 1:
            raise InvalidSpecError(f"episodes to film must be positive, not {self.n_episodes}")
        if self.width < 16 or self.height < 16 or self.width % 2 or self.height % 2:
            size = f"{self.width}x{self.height}"
            raise InvalidSpecError(f"a video has an even width and height of at least 16 pixels, not {size}")
        if self.view not in VIEWS:
            raise UnknownNameError("camera", self.view, VIEWS)

    def choose(self, at_end: NDArray[np.bool_]) -> list[int]:
        """Which episodes to film, by their success at the end. Shape (n,)."""
        order = np.argsort(at_end, kind="stable") if self.failures_first else np.arange(len(at_end))
        return order[: self.n_episodes].tolist()


DEFAULT_FILMING = Filming()


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
    episode: int
    """Its number."""
    seed: int | None = None
    """Of an episode in robosuite, whose scene is drawn then."""


def caption_of(name: str, success: bool, episode: int) -> str:
    """What is written into the pictures of an episode."""
    return f"{name}, episode {episode}: {'success' if success else 'failure'}"


def make_videos(clips: list[list[Clip]], folder: Path, filming: Filming = DEFAULT_FILMING) -> str | None:
    """Write ``grid.mp4`` (of the first rows) and ``<robot>[_robosuite]_ep<i>.mp4`` as H.264, all or none.

    Args:
        clips: Rows of clips of equal number; a row holds one episode of every robot.
        folder: Where to.
        filming: Size and camera.

    Returns:
        Nothing when done, else one sentence on what is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    recording = folder / "recording.npz"
    _write_recording(clips, filming, recording)
    with TemporaryDirectory(prefix=".drawn-", dir=folder) as scratch:
        if fault := _draw(recording, Path(scratch), _time_for(clips, filming)):
            later = shlex.join([*DRAW, str(recording), str(folder)])
            return (
                f"no video, as drawing failed ({fault}); without a screen OpenGL needs libegl1 and "
                f"libgl1-mesa-dri; to draw later: MUJOCO_GL=egl {later}"
            )
        for new in Path(scratch).iterdir():
            os.replace(new, folder / new.name)
    recording.unlink()
    return None


def _draw(recording: Path, folder: Path, limit_s: float) -> str:
    """Draw with the first backend that can; what was wrong where none could."""
    fault = ""
    for backend in _backends():
        environment = {**os.environ, "MUJOCO_GL": backend}
        command = [sys.executable, *DRAW[1:], str(recording), str(folder)]
        try:
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=limit_s, check=False
            )
        except subprocess.TimeoutExpired:
            fault = f"{backend} did not answer within {limit_s:.0f} s"
            continue
        if done.returncode == 0:
            return ""
        fault = f"{backend}: {(done.stderr.strip().splitlines() or ['no message'])[-1]}"
    return fault


def _time_for(clips: list[list[Clip]], filming: Filming) -> float:
    pictures = sum(len(clip.qpos) for row in clips for clip in row)
    size = filming.width * filming.height / (DEFAULT_FILMING.width * DEFAULT_FILMING.height)
    return TIMEOUT_S + SLOWEST_S * max(1.0, size) * pictures


def read_recording(path: Path) -> tuple[list[list[Clip]], Filming]:
    """What :func:`make_videos` was given."""
    with np.load(path, allow_pickle=False) as file:
        rows = [
            [
                Clip(**{"episode": i} | meta, qpos=file[f"{i}/{j}/qpos"], mocap=file[f"{i}/{j}/mocap"])
                for j, meta in enumerate(row)
            ]
            for i, row in enumerate(json.loads(str(file["rows"])))
        ]
        return rows, Filming(**json.loads(str(file["filming"])))


def _write_recording(clips: list[list[Clip]], filming: Filming, path: Path) -> None:
    texts = [[{name: getattr(c, name) for name in TEXTS} for c in row] for row in clips]
    arrays = {
        f"{i}/{j}/{name}": getattr(clip, name)
        for i, row in enumerate(clips)
        for j, clip in enumerate(row)
        for name in ("qpos", "mocap")
    }
    told = {"rows": np.array(json.dumps(texts)), "filming": np.array(json.dumps(asdict(filming)))}
    np.savez(path, **told, **arrays)


def _backends() -> list[str]:
    wanted = os.environ.get("MUJOCO_GL", "")
    return [wanted] if wanted in ("egl", "osmesa", "glfw") else list(BACKENDS)
