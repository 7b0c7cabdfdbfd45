"""The folder of one run: where everything lies, and how it is written so that nothing is lost."""

import csv
import io
import json
import os
import platform
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from hacpo_robot.catalog import own_files, whole_name
from hacpo_robot.errors import InvalidSpecError, RunFolderError
from hacpo_robot.specs.training import TrainSettings, flat_settings, settings_from_dict
from hacpo_robot.versions import current_commit, installed_versions

VERSION = 1
EVALUATION = Path("eval") / "eval_info.json"
"""What a run ends with, whole or not at all: where it is, the run has finished."""


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
        folder.write_settings(settings)
        (path / "command.txt").write_text((command or shlex.join(sys.orig_argv)) + "\n")
        folder.write_json(
            "run.json",
            {
                "version": VERSION,
                "kind": "train",
                "task": settings.task,
                "robots": list(settings.robots),
                "created_at": _now(),
                **_origin(settings),
            },
        )
        return folder

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """An existing run folder.

        Raises:
            RunFolderError: it is missing, not one of ours, or of another version.
        """
        if not (path / "run.json").is_file() or not (path / "config.yaml").is_file():
            raise RunFolderError(f"{path} is no run folder: it has no run.json and config.yaml")
        folder = cls(path)
        found = folder.facts.get("version")
        if found != VERSION:
            raise RunFolderError(f"{path} is a run of version {found}, and this reads version {VERSION}")
        return folder

    @property
    def facts(self) -> dict[str, Any]:
        """What ``run.json`` tells.

        Raises:
            RunFolderError: it cannot be read.
        """
        try:
            return dict(json.loads((self.path / "run.json").read_text()))
        except (ValueError, TypeError) as error:
            raise RunFolderError(f"{self.path / 'run.json'} cannot be read: {error}") from error

    def note_resumption(self) -> None:
        """Tell where the run goes on, if commit, versions or machine are not those of before."""
        facts, now = self.facts, _origin(self.settings)
        before = self._newest_origin
        # Runs of before files were noted have none, as have most.
        if any(before.get(name, {}) != value for name, value in now.items()):
            resumed = [*facts.get("resumed", []), {"at": _now(), **now}]
            self.write_json("run.json", facts | {"resumed": resumed})

    @property
    def _newest_origin(self) -> dict[str, Any]:
        """Of the last sitting, as far as it differs from those before."""
        return [self.facts, *self.facts.get("resumed", [])][-1]

    def changed_files(self) -> tuple[str, ...]:
        """The user's robot, task and model files that are gone, or not what training went on with last."""
        known = self._newest_origin.get("files", {})
        return tuple(name for name, digest in known.items() if _digest(Path(name)) != digest)

    @property
    def commits(self) -> tuple[str, ...]:
        """Of everything that the run was made by, first to last; empty outside a checkout."""
        facts = self.facts
        names = (each.get("commit", "") for each in (facts, *facts.get("resumed", [])))
        return tuple(dict.fromkeys(name for name in names if name))

    @property
    def settings(self) -> TrainSettings:
        """The settings that the run was started with.

        Raises:
            RunFolderError: the file cannot be read as settings.
        """
        try:
            return settings_from_dict(TrainSettings, yaml.safe_load(self._config.read_text()))
        except (yaml.YAMLError, TypeError, AttributeError, InvalidSpecError) as error:
            reason = " ".join(str(error).split())
            raise RunFolderError(f"{self._config} holds no settings: {reason}") from error

    def settings_to_resume(self) -> TrainSettings:
        """The same, but nothing may be missing: a default of now need not be what the run was begun with.

        Raises:
            RunFolderError: the file cannot be read as settings, or lacks some.
        """
        settings = self.settings
        kept = _dotted(yaml.safe_load(self._config.read_text()))
        missing = sorted(set(flat_settings(settings)) - kept)
        if missing:
            raise RunFolderError(
                f"{self.path} was begun before there was {missing[0]}, and would go on as something else"
            )
        return settings

    @property
    def is_finished(self) -> bool:
        """Whether it needs no more work."""
        return (self.path / EVALUATION).is_file()

    def take_up_again(self) -> None:
        """It has not finished after all: what it reached before is kept as ``eval/step_<N>_end.json``."""
        if self.is_finished:
            steps = json.loads((self.path / EVALUATION).read_text()).get("steps", self.settings.steps)
            (self.path / EVALUATION).rename(self.path / EVALUATION.with_name(f"step_{steps:012d}_end.json"))

    def write_settings(self, settings: TrainSettings) -> None:
        """Keep what the run goes on with; robot and task files by their whole paths."""
        self._write("config.yaml", yaml.safe_dump(asdict(with_whole_names(settings)), sort_keys=False))

    @property
    def _config(self) -> Path:
        return self.path / "config.yaml"

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
        self._write(name, json.dumps(document, indent=2) + "\n")

    def append_progress(self, rows: list[dict[str, float | str]]) -> None:
        """Add lines to ``progress.csv``; all rows ever given must have the same keys."""
        with (self.path / "progress.csv").open("ab+") as file:
            file.seek(0)
            file.truncate(len(_whole_lines(file.read())))  # a killed process may leave half a line
            fresh = file.seek(0, os.SEEK_END) == 0
            text = io.TextIOWrapper(file, newline="", write_through=True)
            writer = csv.DictWriter(text, fieldnames=list(rows[0]))
            if fresh:
                writer.writeheader()
            writer.writerows(rows)

    def read_progress(self) -> list[dict[str, str]]:
        """The whole lines of ``progress.csv``; none where a run was shorter than one report."""
        path = self.path / "progress.csv"
        text = _whole_lines(path.read_bytes()).decode() if path.exists() else ""
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def _write(self, name: str, text: str) -> None:
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.draft")
        draft.write_text(text)
        os.replace(draft, target)


def _dotted(values: Mapping[str, Any], prefix: str = "") -> set[str]:
    """Names of all settings in nested plain data, as :func:`flat_settings` spells them."""
    found: set[str] = set()
    for name, value in values.items():
        found |= _dotted(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {prefix + name}
    return found


def _whole_lines(text: bytes) -> bytes:
    return text[: text.rfind(b"\n") + 1]


def with_whole_names(settings: TrainSettings) -> TrainSettings:
    """The same settings, which hold in any folder."""
    robots = tuple(map(whole_name, settings.robots))
    return replace(settings, robots=robots, task=whole_name(settings.task))


def _digest(file: Path) -> str:
    """SHA-256 of a file; empty where there is none."""
    return sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def _origin(settings: TrainSettings) -> dict[str, Any]:
    """What a run is made by, and where."""
    return {
        "files": {str(file): _digest(file) for file in own_files(settings.task, settings.robots)},
        "versions": installed_versions(),
        "commit": current_commit(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.platform()}",
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
