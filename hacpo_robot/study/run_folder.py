"""The folder of one run: where everything lies, and how it is written so that nothing is lost."""

import csv
import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import yaml

from hacpo_robot.errors import RunFolderError
from hacpo_robot.specs.training import TrainSettings, settings_from_dict

VERSION = 1
PACKAGES = ("hacpo-robot", "mujoco", "robosuite", "stable-baselines3", "torch", "numpy", "onnxruntime")


@dataclass(frozen=True)
class RunFolder:
    """Paths of one run."""

    path: Path

    @classmethod
    def create(cls, path: Path, settings: TrainSettings, command: str | None = None) -> "RunFolder":
        """A new run folder with its settings and the command that makes the same run once more.

        Args:
            path: Where.
            settings: Of the run.
            command: This process's own when not given.

        Raises:
            RunFolderError: the folder exists.
        """
        if path.exists():
            raise RunFolderError(
                f"run folder {path} exists; choose another --run-dir, or go on with --resume {path}"
            )
        path.mkdir(parents=True)
        folder = cls(path)
        (path / "config.yaml").write_text(yaml.safe_dump(asdict(settings), sort_keys=False))
        (path / "command.txt").write_text((command or " ".join(sys.orig_argv)) + "\n")
        folder.write_json(
            "run.json",
            {
                "version": VERSION,
                "kind": "train",
                "task": settings.task,
                "robots": list(settings.robots),
                "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "versions": _versions(),
                "commit": _commit(),
                "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.platform()}",
            },
        )
        return folder

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """An existing run folder.

        Raises:
            RunFolderError: it is missing or not one of ours.
        """
        if not (path / "run.json").is_file() or not (path / "config.yaml").is_file():
            raise RunFolderError(f"{path} is no run folder: it has no run.json and config.yaml")
        return cls(path)

    @property
    def settings(self) -> TrainSettings:
        """The settings that the run was started with.

        Raises:
            RunFolderError: the file cannot be read as settings.
        """
        config = self.path / "config.yaml"
        try:
            return settings_from_dict(TrainSettings, yaml.safe_load(config.read_text()))
        except (yaml.YAMLError, TypeError, AttributeError) as error:
            raise RunFolderError(f"{config} holds no settings: {' '.join(str(error).split())}") from error

    @property
    def checkpoints(self) -> Path:
        """One folder per step."""
        return self.path / "checkpoints"

    @property
    def videos(self) -> Path:
        """Videos of evaluation episodes."""
        return self.path / "videos"

    def exported(self, robot: str) -> Path:
        """The folder that a robot's policy leaves in."""
        return self.path / "exported" / robot

    def tensorboard(self, robot: str) -> Path:
        """Curves of one robot."""
        return self.path / "tb" / robot

    def write_json(self, name: str, document: object) -> None:
        """Write a file of the run at once: whole or not at all."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.draft")
        draft.write_text(json.dumps(document, indent=2) + "\n")
        os.replace(draft, target)

    def append_progress(self, rows: list[dict[str, float | str]]) -> None:
        """Add lines to ``progress.csv``; all rows ever given must have the same keys."""
        target = self.path / "progress.csv"
        fresh = not target.exists()
        with target.open("a", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            if fresh:
                writer.writeheader()
            writer.writerows(rows)


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return {"python": platform.python_version(), **found}


def _commit() -> str:
    """Of the checkout that the code lies in, with a plus where files differ from it; else empty."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return ""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return ""
