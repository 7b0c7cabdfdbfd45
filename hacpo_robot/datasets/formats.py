"""The formats that datasets are written in; each needs a library of its own."""

import os
import shutil
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from hacpo_robot.datasets.episode import Dataset
from hacpo_robot.errors import DatasetError, MissingExtraError, UnknownNameError

FORMATS = ("robomimic", "lerobot")


class Format(Protocol):
    """What a module of a format offers."""

    SUFFIX: str
    """Of a file; empty where a dataset is a folder."""

    def write(self, dataset: Dataset, path: Path) -> None:
        """Write to a new file, or into an empty folder."""
        ...

    def read(self, path: Path) -> Dataset:
        """What :meth:`write` wrote."""
        ...


def load_format(name: str) -> Format:
    """The format of a name.

    Raises:
        UnknownNameError: there is none; the message lists those that exist.
        MissingExtraError: its library is not installed.
    """
    if name not in FORMATS:
        raise UnknownNameError("format", name, FORMATS)
    try:
        return cast("Format", import_module(f"hacpo_robot.datasets.{name}"))
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or name, "datasets") from error


def write_dataset(dataset: Dataset, folder: Path, form: str) -> Path:
    """Write a file or folder of the dataset's name into ``folder``; whole or not at all.

    Raises:
        DatasetError: it exists.
    """
    writer = load_format(form)
    path = folder / f"{dataset.name}{writer.SUFFIX}"
    if path.exists():
        raise DatasetError(f"{path} exists; move it away, or choose another --output")
    draft = folder / f".{path.name}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    (folder if writer.SUFFIX else draft).mkdir(parents=True, exist_ok=True)
    writer.write(dataset, draft)
    os.replace(draft, path)
    return path


def read_dataset(path: Path) -> Dataset:
    """A dataset that :func:`write_dataset` wrote, of either format.

    Raises:
        DatasetError: it is none.
        MissingExtraError: the library of its format is not installed.
    """
    if not path.exists():
        raise DatasetError(f"{path} does not exist")
    reader = load_format("lerobot" if path.is_dir() else "robomimic")
    try:
        return reader.read(path)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{path} holds no dataset of ours: {error}") from error
