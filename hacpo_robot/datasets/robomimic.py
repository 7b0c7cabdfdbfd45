"""Datasets as robomimic's HDF5: one file, a group per episode, an observation key per sensor."""

import json
from pathlib import Path
from typing import Any, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.datasets.episode import Dataset, Episode, Header, frames, units
from hacpo_robot.envs.registration import env_id
from hacpo_robot.envs.reset import Start
from hacpo_robot.specs.signature import FloatArray, Signature

SUFFIX = ".hdf5"
OURS = "hacpo_robot"
"""Attribute of ``data`` with the header, as JSON."""
GYM = 2
"""robomimic's number for environments that have a Gymnasium id."""
VALID_EVERY = 10
"""One episode in so many is kept for validation."""
OWN_COLUMNS = ("success", "support", "effect_error", "states")
"""Datasets that robomimic does not ask for, or passes over."""
START = ("qpos", "mocap", "goal")


def write(dataset: Dataset, path: Path) -> None:
    """Write the file; ``path`` ends in ``.hdf5``."""
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        data.attrs["total"] = dataset.n_steps
        data.attrs["env_args"] = json.dumps(_env_args(dataset.header))
        data.attrs[OURS] = json.dumps(dataset.header.as_json())
        for number, episode in enumerate(dataset.episodes):
            _write_episode(data.create_group(f"demo_{number}"), episode, dataset.header)
        for name, numbers in _filters(dataset).items():
            if numbers:  # a key that selects nothing is no key
                file[f"mask/{name}"] = np.array([f"demo_{number}" for number in numbers], "S")


def read(path: Path) -> Dataset:
    """A file that :func:`write` made."""
    with h5py.File(path, "r") as file:
        data = _group(file, "data")
        header = Header.from_json(json.loads(str(data.attrs[OURS])))
        groups = [_group(data, f"demo_{number}") for number in range(len(data))]
        return Dataset(header, tuple(_read_episode(group, header) for group in groups))


def _write_episode(group: h5py.Group, episode: Episode, header: Header) -> None:
    group.attrs["num_samples"] = len(episode)
    for when, rows in (("obs", episode.observation[:-1]), ("next_obs", episode.observation[1:])):
        _write_fields(group.create_group(when), rows, header.observation)
    _describe(group.create_dataset("actions", data=episode.action), header.action)
    group["rewards"] = episode.reward
    group["dones"] = np.arange(len(episode)) == len(episode) - 1
    for name in OWN_COLUMNS:
        group[name] = getattr(episode, name)
    for name in ("body", "world"):
        _write_fields(group.create_group(f"hub/{name}"), getattr(episode, name), getattr(header, name))
    if episode.start is not None:
        for name in START:
            group[f"start/{name}"] = getattr(episode.start, name)


def _read_episode(group: h5py.Group, header: Header) -> Episode:
    before, after = (_read_fields(_group(group, when), header.observation) for when in ("obs", "next_obs"))
    start = Start(*(_rows(group, f"start/{name}") for name in START)) if "start" in group else None
    return Episode(
        observation=np.concatenate([before, after[-1:]]),
        action=_rows(group, "actions"),
        reward=_rows(group, "rewards"),
        body=_read_fields(_group(group, "hub/body"), header.body),
        world=_read_fields(_group(group, "hub/world"), header.world),
        **{name: _rows(group, name) for name in OWN_COLUMNS},
        start=start,
    )


def _group(group: h5py.Group, name: str) -> h5py.Group:
    return cast("h5py.Group", group[name])


def _rows(group: h5py.Group, name: str) -> NDArray[Any]:
    return cast("h5py.Dataset", group[name])[()]


def _write_fields(group: h5py.Group, rows: FloatArray, signature: Signature) -> None:
    for field in signature.fields:
        column = rows[:, signature.where(field.name)]
        _describe(group.create_dataset(field.name, data=column), Signature((field,)))


def _read_fields(group: h5py.Group, signature: Signature) -> NDArray[Any]:
    return signature.join({name: _rows(group, name) for name in signature.names})


def _describe(columns: h5py.Dataset, signature: Signature) -> None:
    """Note what every column is: element, unit, frame, bounds."""
    columns.attrs["elements"] = list(signature.element_names)
    columns.attrs["units"], columns.attrs["frames"] = units(signature), frames(signature)
    columns.attrs["low"], columns.attrs["high"] = signature.low, signature.high


def _env_args(header: Header) -> dict[str, object]:
    """What robomimic makes its environments from."""
    task = load_task(header.task)
    name = env_id(load_robot(header.robot), task.name)
    preset = {"task": task.full_name} if task.preset else {}
    return {"env_name": name, "type": GYM, "env_version": header.package_version, "env_kwargs": preset}


def _filters(dataset: Dataset) -> dict[str, list[int]]:
    """Filter keys and the episodes that they select."""
    numbers = range(len(dataset.episodes))
    valid = [number for number in numbers if number % VALID_EVERY == VALID_EVERY - 1]
    return {
        "train": [number for number in numbers if number not in valid],
        "valid": valid,
        "success": [number for number in numbers if dataset.episodes[number].success[-1]],
    }
