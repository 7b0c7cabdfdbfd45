"""Everything a fleet needs to go on as if it had never stopped, in one folder per step."""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import cast

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
from hacpo_robot.sharing.state import flatten, part_of

LOG = logging.getLogger(__name__)
VERSION = 4
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
        "success": {learner.name: learner.success_rate for learner in fleet.learners},
        "exchange_rng": None if fleet.exchange is None else fleet.exchange.rng.bit_generator.state,
        "world_rngs": {
            learner.name: [rng.bit_generator.state for rng in learner.env.get_attr("rngs", [0])[0]]
            for learner in fleet.learners
        },
        "sha256": {
            str(path.relative_to(draft)): _digest(path) for path in sorted(draft.rglob("*")) if path.is_file()
        },
    }
    (draft / STATE).write_text(json.dumps(state))
    (draft / SEAL).write_text(_digest(draft / STATE))
    _replace(target, draft)
    _point(folder / "last", target.name)
    return target


def find_checkpoint(folder: Path, which: str = "last", robots: Collection[str] = ()) -> Path:
    """A whole checkpoint; damaged ones and those of other versions are named in the log and passed over.

    Args:
        folder: The run's ``checkpoints``.
        which: ``last``: the newest. ``best``: where the last hundred training episodes of each robot
            succeeded most often, on the mean over robots; the newest of equals. Or a number of steps.
        robots: Whose success counts; all when empty.

    Raises:
        CheckpointError: none is whole, or none is what was asked for.
    """
    candidates = sorted(folder.glob("step_*"), reverse=True)
    if which not in ("last", "best"):
        candidates = [path for path in candidates if which.isdecimal() and _steps(path) == int(which)]
        if not candidates:
            known = ", ".join(str(_steps(path)) for path in sorted(folder.glob("step_*")))
            raise CheckpointError(f"no checkpoint {which!r} in {folder}; valid: last, best, {known}")
    whole = filter(_is_whole, candidates)
    found = next(whole, None) if which != "best" else _best(whole, robots)
    if found is None:
        why = f"{len(candidates)} passed over; the newest: {_fault(candidates[0])}" if candidates else "none"
        raise CheckpointError(
            f"no usable checkpoint in {folder} ({why}); "
            f"begin anew: remove {folder.parent}, or choose another --run-dir"
        )
    return found


def _best(whole: Iterable[Path], robots: Collection[str]) -> Path | None:
    """Where success was highest; checkpoints of old runs, which do not tell, come after all others."""

    def success(checkpoint: Path) -> float:
        rates: dict[str, float] = json.loads((checkpoint / STATE).read_text()).get("success", {})
        counted = [rate for name, rate in rates.items() if name in robots or not robots]
        return float(np.mean(counted)) if counted else -1.0

    return max(whole, key=success, default=None)


def _is_whole(checkpoint: Path) -> bool:
    fault = _fault(checkpoint)
    if fault is not None:
        LOG.warning("checkpoint %s is passed over (%s); trying the one before", checkpoint, fault)
    return fault is None


def _steps(checkpoint: Path) -> int:
    return int(checkpoint.name.removeprefix("step_"))


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
        fleet.exchange.rng.bit_generator.state = state["exchange_rng"]
    for learner in fleet.learners:
        for rng, past in zip(
            learner.env.get_attr("rngs", [0])[0], state["world_rngs"][learner.name], strict=True
        ):
            rng.bit_generator.state = past
        _load_learner(learner, checkpoint / learner.name)


def _save_learner(learner: Learner, folder: Path) -> None:
    learner.model.save(folder / "policy.zip")
    save_file(_normalizer_state(learner), folder / "normalizer.safetensors")
    seen = {"obs": learner.normalizer.old_obs, "reward": learner.normalizer.old_reward}
    parts = {
        "env": learner.env.env_method("get_state", indices=[0])[0],
        "randomness": learner.randomness.get_state(),
        "seen": cast("dict[str, np.ndarray]", seen),
    }
    if learner.callback is not None:
        parts["sharing"] = learner.callback.get_state()
        schema = learner.callback.member.schema
        if schema is not None:
            save_file(dict(schema.state_dict()), folder / "schema.safetensors")
    np.savez(folder / "pool.npz", **flatten(parts))


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
    learner.env.env_method("set_state", part_of(arrays, "env"), indices=[0])
    learner.randomness.set_state(part_of(arrays, "randomness"))
    seen = part_of(arrays, "seen")
    normalizer.old_obs, normalizer.old_reward = seen["obs"], seen["reward"]
    if learner.callback is not None:
        learner.callback.restore(learner.model, part_of(arrays, "sharing"))
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
    except (OSError, ValueError, KeyError) as error:
        return f"unreadable: {error}"
    if state["version"] != VERSION:
        return f"version {state['version']}, of another hacpo-robot; this one reads {VERSION}"
    return None


def _replace(folder: Path, draft: Path) -> None:
    """Put a draft where a folder may be already: that one is moved aside first, as renaming takes no time."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        os.replace(folder, old)
    os.replace(draft, folder)
    shutil.rmtree(old, ignore_errors=True)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _point(link: Path, name: str) -> None:
    draft = link.with_name(f".{link.name}.draft")
    draft.unlink(missing_ok=True)
    draft.symlink_to(name)
    os.replace(draft, link)
