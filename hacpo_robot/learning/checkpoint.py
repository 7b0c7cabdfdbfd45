"""Everything a fleet needs to go on as if it had never stopped, in one folder per step."""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import cast
from zipfile import BadZipFile

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from stable_baselines3 import PPO
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecNormalize

from hacpo_robot.errors import CheckpointError
from hacpo_robot.learning.fleet import Fleet
from hacpo_robot.learning.learner import Learner
from hacpo_robot.sharing.body_schema import BodySchema

LOG = logging.getLogger(__name__)
VERSION = 1
STATE = "state.json"
SEAL = "state.sha256"
"""Digest of the state, which holds the digests of all the rest."""


def save_checkpoint(fleet: Fleet, folder: Path) -> Path:
    """Write ``folder/step_<N>``, complete or not at all, and point ``folder/last`` at it.

    Args:
        fleet: Standing still between two iterations.
        folder: The run's ``checkpoints``.
    """
    target = folder / f"step_{fleet.steps:012d}"
    draft = folder / f".{target.name}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    for learner in fleet.learners:
        (draft / learner.name).mkdir(parents=True)
        _save_learner(learner, draft / learner.name)
    state = {
        "version": VERSION,
        "steps": fleet.steps,
        "iteration": fleet.iteration,
        "robots": [learner.name for learner in fleet.learners],
        "exchange_dice": None if fleet.exchange is None else fleet.exchange.dice.bit_generator.state,
        "world_dice": {
            learner.name: [dice.bit_generator.state for dice in learner.env.get_attr("dice", [0])[0]]
            for learner in fleet.learners
        },
        "sha256": {str(path.relative_to(draft)): _digest(path) for path in sorted(draft.rglob("*.*"))},
    }
    (draft / STATE).write_text(json.dumps(state))
    (draft / SEAL).write_text(_digest(draft / STATE))
    shutil.rmtree(target, ignore_errors=True)
    os.replace(draft, target)
    _point(folder / "last", target.name)
    return target


def find_checkpoint(folder: Path) -> Path:
    """The newest whole checkpoint; damaged ones are named in the log and passed over.

    Raises:
        CheckpointError: none is whole.
    """
    candidates = sorted(folder.glob("step_*"), reverse=True)
    for candidate in candidates:
        fault = _fault(candidate)
        if fault is None:
            return candidate
        LOG.warning("checkpoint %s is damaged (%s); trying the one before", candidate, fault)
    found = f"{len(candidates)} damaged" if candidates else "none"
    raise CheckpointError(f"no usable checkpoint in {folder} ({found}); start the run anew")


def load_checkpoint(fleet: Fleet, checkpoint: Path) -> None:
    """Bring a freshly made fleet to where a checkpoint was written.

    Args:
        fleet: Made from the same settings.
        checkpoint: From :func:`find_checkpoint`.

    Raises:
        CheckpointError: it holds other robots.
    """
    state = json.loads((checkpoint / STATE).read_text())
    names = [learner.name for learner in fleet.learners]
    if state["robots"] != names:
        raise CheckpointError(f"{checkpoint} holds {state['robots']}, the run has {names}")
    fleet.iteration = state["iteration"]
    if fleet.exchange is not None:
        fleet.exchange.dice.bit_generator.state = state["exchange_dice"]
    for learner in fleet.learners:
        for dice, past in zip(
            learner.env.get_attr("dice", [0])[0], state["world_dice"][learner.name], strict=True
        ):
            dice.bit_generator.state = past
        _load_learner(learner, checkpoint / learner.name)


def _save_learner(learner: Learner, folder: Path) -> None:
    learner.model.save(folder / "policy.zip")
    save_file(_normalizer_state(learner), folder / "normalizer.safetensors")
    arrays = _prefixed("env", learner.env.env_method("get_state", indices=[0])[0])
    arrays |= _prefixed("dice", learner.randomness.get_state())
    seen = {"obs": learner.normalizer.old_obs, "reward": learner.normalizer.old_reward}
    arrays |= _prefixed("seen", cast("dict[str, np.ndarray]", seen))
    if learner.callback is not None:
        arrays |= _prefixed("sharing", learner.callback.get_state())
        schema = learner.callback.member.schema
        if schema is not None:
            save_file(dict(schema.state_dict()), folder / "schema.safetensors")
    np.savez(folder / "pool.npz", **arrays)


def _load_learner(learner: Learner, folder: Path) -> None:
    normalizer = learner.normalizer
    learner.model = PPO.load(folder / "policy.zip", env=normalizer, device="cpu", force_reset=False)
    statistics = load_file(folder / "normalizer.safetensors")
    for name, running in _running_statistics(normalizer).items():
        running.mean = statistics[f"{name}_mean"].numpy()
        running.var = statistics[f"{name}_var"].numpy()
        running.count = float(statistics[f"{name}_count"])
    normalizer.returns = statistics["returns"].numpy()
    with np.load(folder / "pool.npz", allow_pickle=False) as file:
        arrays = dict(file)
    learner.env.env_method("set_state", _unprefixed("env", arrays), indices=[0])
    learner.randomness.set_state(_unprefixed("dice", arrays))
    seen = _unprefixed("seen", arrays)
    normalizer.old_obs, normalizer.old_reward = seen["obs"], seen["reward"]
    if learner.callback is not None:
        learner.callback.restore(learner.model, _unprefixed("sharing", arrays))
        if (folder / "schema.safetensors").exists():
            learner.callback.member.schema = BodySchema.from_state(
                learner.callback.member.embodiment, load_file(folder / "schema.safetensors")
            )


def _running_statistics(normalizer: VecNormalize) -> dict[str, RunningMeanStd]:
    assert isinstance(normalizer.obs_rms, RunningMeanStd)
    return {"obs": normalizer.obs_rms, "return": normalizer.ret_rms}


def _normalizer_state(learner: Learner) -> dict[str, torch.Tensor]:
    normalizer = learner.normalizer
    state = {"returns": torch.as_tensor(np.asarray(normalizer.returns, np.float64).copy())}
    for name, running in _running_statistics(normalizer).items():
        state[f"{name}_mean"] = torch.as_tensor(np.array(running.mean, np.float64))
        state[f"{name}_var"] = torch.as_tensor(np.array(running.var, np.float64))
        state[f"{name}_count"] = torch.tensor(float(running.count), dtype=torch.float64)
    return state


def _prefixed(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{prefix}/{name}": array for name, array in arrays.items()}


def _unprefixed(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    start = f"{prefix}/"
    return {name.removeprefix(start): a for name, a in arrays.items() if name.startswith(start)}


def _fault(checkpoint: Path) -> str | None:
    """What is wrong with a checkpoint, or nothing."""
    try:
        if _digest(checkpoint / STATE) != (checkpoint / SEAL).read_text():
            return f"{STATE} has changed"
        state = json.loads((checkpoint / STATE).read_text())
        for name, digest in state["sha256"].items():
            if _digest(checkpoint / name) != digest:
                return f"{name} has changed"
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        return f"unreadable: {error}"
    return None if state["version"] == VERSION else f"version {state['version']}, expected {VERSION}"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _point(link: Path, name: str) -> None:
    draft = link.with_name(f".{link.name}.draft")
    draft.unlink(missing_ok=True)
    draft.symlink_to(name)
    os.replace(draft, link)
