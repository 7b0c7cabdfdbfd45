"""One folder that a policy leaves in: the file, its runtime, its description and its proof."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from stable_baselines3 import PPO

from hacpo_robot.envs.cell import CONTROL_HZ
from hacpo_robot.envs.vector import ManipulationVecEnv
from hacpo_robot.errors import ExportError
from hacpo_robot.export import runtime
from hacpo_robot.export.card import model_card
from hacpo_robot.export.graph import make_policy_graph, read_statistics, write_metadata, write_onnx
from hacpo_robot.export.metadata import (
    Evaluation,
    Normalization,
    PolicyDescription,
    Provenance,
    Servo,
    make_metadata,
    policy_metadata,
)
from hacpo_robot.export.parity import ParityReport, check_parity
from hacpo_robot.specs.signature import FloatArray, Signature

FILES = ("policy.onnx", "runtime.py", "policy.json", "parity.json", "README.md")
N_SAMPLES = 1000
"""Observations of each kind that the file is compared on."""


def export_policy(
    model: PPO,
    env: ManipulationVecEnv,
    folder: Path,
    provenance: Provenance,
    recorded: FloatArray,
    evaluation: Evaluation | None = None,
) -> ParityReport:
    """Write a policy as a folder that needs no simulator, no torch and no other robot.

    The folder appears whole or not at all. An earlier export in the same place is replaced.

    Args:
        model: The trained policy, inside ``VecNormalize``.
        env: The environment it was trained in, for layouts, bounds and gains.
        folder: Where to; its parent is made where needed.
        provenance: Where the policy comes from.
        recorded: Raw observations from rollouts; 1000 of them, evenly spread, are compared.
            Shape (n, observation size).
        evaluation: Success on held-out episodes, where known.

    Raises:
        ExportError: statistics are missing, the file differs from the policy, or the folder
            holds something else.
    """
    _check_replaceable(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    observations = _parity_observations(recorded, env.observation_signature)
    description = _describe(model, env, provenance, evaluation)
    with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        draft = Path(scratch) / "new"
        draft.mkdir()
        report = _write_folder(draft, model, description, observations)
        if folder.exists():
            folder.rename(Path(scratch) / "old")
        draft.rename(folder)
    return report


def _write_folder(
    draft: Path, model: PPO, description: PolicyDescription, observations: dict[str, FloatArray]
) -> ParityReport:
    graph = make_policy_graph(model, description.action)
    file = draft / "policy.onnx"
    write_onnx(graph, file, make_metadata(description))
    report = check_parity(file, graph, observations)
    if not report.passed:
        errors = ", ".join(f"{name} {error:.1e}" for name, error in report.max_abs_error.items())
        raise ExportError(f"the file differs from the policy by more than {report.tolerance:.0e}: {errors}")
    checked = replace(description, parity=report)
    write_metadata(file, make_metadata(checked))
    shutil.copyfile(runtime.__file__, draft / "runtime.py")
    _write_json(draft / "policy.json", policy_metadata(checked))
    _write_json(draft / "parity.json", report.as_json())
    (draft / "README.md").write_text(model_card(checked), encoding="utf-8")
    return report


def _describe(
    model: PPO, env: ManipulationVecEnv, provenance: Provenance, evaluation: Evaluation | None
) -> PolicyDescription:
    statistics = read_statistics(model)
    return PolicyDescription(
        robot=env.robot,
        task=env.task.name,
        observation=env.observation_signature,
        action=env.action_signature,
        control_hz=CONTROL_HZ,
        servo=read_servo(env),
        normalization=Normalization(clip=statistics.clip, epsilon=statistics.epsilon, count=statistics.count),
        provenance=provenance,
        package_version=_package_version(),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        evaluation=evaluation,
    )


def read_servo(env: ManipulationVecEnv) -> Servo:
    """The servos of an arm: bias -kp on the position, -kv on the velocity; a velocity servo has no kp."""
    bias = np.abs(env.cell.scene.model.actuator_biasprm[env.cell.handles.arm_ctrl])
    return Servo(stiffness=tuple(bias[:, 1].tolist()), damping=tuple(bias[:, 2].tolist()))


def _parity_observations(recorded: FloatArray, signature: Signature) -> dict[str, FloatArray]:
    """Observations to compare on. Shape (up to ``N_SAMPLES``, observation size) each."""
    if recorded.ndim != 2 or recorded.shape[1] != signature.size or len(recorded) == 0:
        raise ExportError(
            f"recorded observations have shape {recorded.shape}, expected (n, {signature.size})"
        )
    if not np.isfinite(recorded).all():
        raise ExportError("recorded observations are not all finite")
    rng = np.random.default_rng(0)
    random = rng.uniform(signature.low, signature.high, (N_SAMPLES, signature.size))
    spread = np.linspace(0, len(recorded) - 1, min(N_SAMPLES, len(recorded))).astype(int)
    return {"recorded": recorded[spread], "random": random}


def _check_replaceable(folder: Path) -> None:
    """Refuse to replace what is not an earlier export."""
    if folder.is_dir():
        strangers = sorted({path.name for path in folder.iterdir()} - {*FILES, "__pycache__"})
        if strangers:
            raise ExportError(f"{folder} also holds {', '.join(strangers[:3])}; export to another folder")
    elif folder.exists():
        raise ExportError(f"{folder} is a file; export to another folder")


def _package_version() -> str:
    try:
        return version("hacpo-robot")
    except PackageNotFoundError:  # a checkout that was never installed
        return "unknown"


def _write_json(path: Path, document: dict[str, object]) -> None:
    path.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n", encoding="utf-8")
