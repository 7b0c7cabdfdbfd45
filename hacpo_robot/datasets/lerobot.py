"""Datasets as LeRobotDataset v3: a folder of Parquet tables, one row per step.

The layout has no place for units and frames, for the simulation an episode began in, or for what
was sensed after its last step: these lie in ``meta/hacpo_robot.json``.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.datasets.episode import Dataset, Episode, Header, frames, units
from hacpo_robot.envs.reset import Start

SUFFIX = ""
INFO, STATS, TASKS, OURS = "meta/info.json", "meta/stats.json", "meta/tasks.parquet", "meta/hacpo_robot.json"
PLACE = "chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
FIRST = PLACE.format(chunk_index=0, file_index=0)
QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}
MOMENTS = {"observation.state": "observation", "hub.body": "body", "hub.world": "world"}
"""Features and the columns of an episode that have one row more than it has steps."""
STEPS = {
    "action": "action",
    "next.reward": "reward",
    "next.success": "success",
    "translation.support": "support",
    "translation.effect_error": "effect_error",
}


def write(dataset: Dataset, folder: Path) -> None:
    """Write the folder, which exists and is empty."""
    header = dataset.header
    tables = [_columns(number, dataset) for number in range(len(dataset.episodes))]
    whole = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    features = {name: _feature(name, column, header) for name, column in whole.items()}
    _write_table(folder / "data" / FIRST, {name: _as_arrow(column) for name, column in whole.items()})
    _write_table(folder / "meta/episodes" / FIRST, _episode_table(tables, dataset))
    _write_tasks(folder / TASKS, header)
    _write_json(folder / STATS, {name: _statistics(column) for name, column in whole.items()})
    _write_json(folder / OURS, {**header.as_json(), "episodes": [_rest(e) for e in dataset.episodes]})
    _write_json(folder / INFO, _info(dataset, features))


def read(folder: Path) -> Dataset:
    """A folder that :func:`write` made."""
    document = json.loads((folder / OURS).read_text())
    table = pq.read_table(folder / "data" / FIRST)
    whole = {name: _from_arrow(table.column(name)) for name in (*MOMENTS, *STEPS, "episode_index")}
    episodes = [
        _read_episode(
            {name: column[whole["episode_index"] == number] for name, column in whole.items()}, rest
        )
        for number, rest in enumerate(document["episodes"])
    ]
    return Dataset(Header.from_json(document), tuple(episodes))


def _columns(number: int, dataset: Dataset) -> dict[str, np.ndarray]:
    """All features of one episode, a row per step."""
    episode, n = dataset.episodes[number], len(dataset.episodes[number])
    first = sum(len(earlier) for earlier in dataset.episodes[:number])
    frame = np.arange(n)
    return {
        **{name: getattr(episode, own)[:-1] for name, own in MOMENTS.items()},
        **{name: getattr(episode, own) for name, own in STEPS.items()},
        "next.done": frame == n - 1,
        "timestamp": (frame / dataset.header.control_hz).astype(np.float32),
        "frame_index": frame,
        "episode_index": np.full(n, number),
        "index": first + frame,
        "task_index": np.zeros(n, np.int64),
    }


def _feature(name: str, column: np.ndarray, header: Header) -> dict[str, Any]:
    """One entry of ``features``."""
    feature: dict[str, Any] = {"dtype": str(column.dtype), "shape": [1], "names": None}
    if column.ndim == 2:
        signature = header.action if name == "action" else getattr(header, MOMENTS[name])
        feature |= {"shape": [signature.size], "names": list(signature.element_names)}
        feature |= {"units": units(signature), "frames": frames(signature)}
    return feature


def _info(dataset: Dataset, features: dict[str, Any]) -> dict[str, Any]:
    return {
        "codebase_version": "v3.0",
        "robot_type": load_robot(dataset.header.robot).name,
        "total_episodes": len(dataset.episodes),
        "total_frames": dataset.n_steps,
        "total_tasks": 1,
        "chunks_size": 1000,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": dataset.header.control_hz,
        "splits": {"train": f"0:{len(dataset.episodes)}"},
        "data_path": f"data/{PLACE}",
        "video_path": None,
        "features": features,
    }


def _episode_table(tables: list[dict[str, np.ndarray]], dataset: Dataset) -> dict[str, pa.Array]:
    """A row per episode: where it lies, and its statistics."""
    ends = np.cumsum([len(episode) for episode in dataset.episodes])
    lengths = np.diff(ends, prepend=0)
    statistics = [{name: _statistics(column) for name, column in table.items()} for table in tables]
    zeros = pa.array(np.zeros(len(ends), np.int64))
    return {
        "episode_index": pa.array(np.arange(len(ends))),
        "tasks": pa.array([[_task(dataset.header)]] * len(ends)),
        "length": pa.array(lengths),
        "dataset_from_index": pa.array(ends - lengths),
        "dataset_to_index": pa.array(ends),
        **{f"{part}/{what}_index": zeros for part in ("data", "meta/episodes") for what in ("chunk", "file")},
        **{
            f"stats/{name}/{kind}": pa.array([each[name][kind] for each in statistics])
            for name, kinds in statistics[0].items()
            for kind in kinds
        },
    }


def _statistics(column: np.ndarray) -> dict[str, list[float]]:
    """Of every element over all steps."""
    rows = column.reshape(len(column), -1).astype(float)
    kinds = {"min": rows.min(0), "max": rows.max(0), "mean": rows.mean(0), "std": rows.std(0)}
    kinds |= {name: np.quantile(rows, share, axis=0) for name, share in QUANTILES.items()}
    return {**{name: values.tolist() for name, values in kinds.items()}, "count": [len(rows)]}


def _write_tasks(path: Path, header: Header) -> None:
    """The one task, as a pandas table whose index is the text."""
    kinds = {"task_index": ("int64", "int64"), "task": ("unicode", "object")}
    columns = [
        {"name": name, "field_name": name, "pandas_type": kind, "numpy_type": dtype, "metadata": None}
        for name, (kind, dtype) in kinds.items()
    ]
    described = {"index_columns": ["task"], "column_indexes": [], "columns": columns, "pandas_version": "2"}
    table = pa.table({"task_index": pa.array([0]), "task": pa.array([_task(header)])})
    pq.write_table(table.replace_schema_metadata({"pandas": json.dumps(described)}), path)


def _task(header: Header) -> str:
    return load_task(header.task).name.replace("_", " ")


def _rest(episode: Episode) -> dict[str, Any]:
    """What the tables have no place for."""
    start = None if episode.start is None else {n: v.tolist() for n, v in vars(episode.start).items()}
    return {"start": start, "last": {own: getattr(episode, own)[-1].tolist() for own in MOMENTS.values()}}


def _read_episode(columns: dict[str, np.ndarray], rest: dict[str, Any]) -> Episode:
    moments = {
        own: np.concatenate([columns[name], np.array([rest["last"][own]], columns[name].dtype)])
        for name, own in MOMENTS.items()
    }
    start = None
    if rest["start"] is not None:
        kept = {name: np.array(values, float) for name, values in rest["start"].items()}
        start = Start(kept["qpos"], kept["mocap"].reshape(-1, 7), kept["goal"])
    steps = {own: columns[name] for name, own in STEPS.items()}
    return Episode(**moments, **steps, states=np.zeros((len(steps["action"]), 0)), start=start)


def _as_arrow(column: np.ndarray) -> pa.Array:
    if column.ndim == 1:
        return pa.array(column)
    return pa.FixedSizeListArray.from_arrays(pa.array(column.reshape(-1)), column.shape[1])


def _from_arrow(column: pa.ChunkedArray) -> np.ndarray:
    whole = column.combine_chunks()
    if not isinstance(whole, pa.FixedSizeListArray):
        return whole.to_numpy(zero_copy_only=False)
    return whole.flatten().to_numpy(zero_copy_only=False).reshape(len(whole), -1)


def _write_table(path: Path, columns: dict[str, pa.Array]) -> None:
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table(columns), path)


def _write_json(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=1) + "\n")
