"""One folder that a policy leaves in: the file, its runtime, its description and its proof."""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from hacpo_robot.envs.workcell import CONTROL_HZ
from hacpo_robot.errors import ExportError
from hacpo_robot.export import runtime
from hacpo_robot.export.candidate import Candidate
from hacpo_robot.export.card import model_card
from hacpo_robot.export.engines import OpenCVPolicy
from hacpo_robot.export.graph import read_statistics, write_metadata, write_onnx
from hacpo_robot.export.limits import measure_limits
from hacpo_robot.export.metadata import (
    Normalization,
    PolicyDescription,
    Provenance,
    ReportedEvaluation,
    make_metadata,
    policy_metadata,
)
from hacpo_robot.export.parity import ClosedLoop, ParityReport, check_parity, invented_observations
from hacpo_robot.export.schema import find_fault
from hacpo_robot.export.vectors import record_vectors
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.versions import version_of

FILES = ("policy.onnx", "runtime.py", "policy.json", "parity.json", "test_vectors.json", "README.md")
N_RECORDED = 1000
"""Recorded observations that the file is compared on, evenly spread."""
Trial = Callable[[runtime.Policy], ClosedLoop]
"""Episodes of a file, beside those of the policy as it was trained."""


def export_policy(
    candidate: Candidate,
    folder: Path,
    provenance: Provenance,
    episodes: Sequence[FloatArray],
    evaluation: ReportedEvaluation | None = None,
    trial: Trial | None = None,
) -> ParityReport:
    """Write a policy as a folder that needs no simulator, no torch and no other robot.

    The folder appears whole or not at all. An earlier export in the same place is replaced.

    Args:
        candidate: The trained policy.
        folder: Where to; its parent is made where needed.
        provenance: Where the policy comes from.
        episodes: Raw observations of whole episodes, in order. Shape (length, observation size) each.
        evaluation: Success on held-out episodes, where known.
        trial: Runs the written file in closed loop; not done where not given.

    Raises:
        ExportError: statistics are missing, the file differs from the policy, the folder holds something
            else, or it cannot be written.
    """
    check_replaceable(folder)
    _check_recorded(episodes, candidate.observation.size)
    description = _describe(candidate, provenance, episodes, evaluation)
    try:
        return _write(folder, candidate, description, episodes, trial)
    except (OSError, cv2.error) as error:
        raise ExportError(f"{folder}: {' '.join(str(error).split())}") from error


def _write(
    folder: Path,
    candidate: Candidate,
    description: PolicyDescription,
    episodes: Sequence[FloatArray],
    trial: Trial | None,
) -> ParityReport:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        draft = Path(scratch) / "new"
        draft.mkdir()
        report = _write_folder(draft, candidate, description, episodes, trial)
        if folder.exists():
            folder.rename(Path(scratch) / "old")
        draft.rename(folder)
    return report


def _write_folder(
    draft: Path,
    candidate: Candidate,
    description: PolicyDescription,
    episodes: Sequence[FloatArray],
    trial: Trial | None,
) -> ParityReport:
    graph, file = candidate.as_graph(), draft / "policy.onnx"
    write_onnx(graph, file, make_metadata(description))
    report = _prove(file, candidate, graph.inputs, episodes, trial)
    checked = replace(description, parity=report)
    if fault := find_fault(policy_metadata(checked)):
        raise ExportError(f"the description of the policy breaks its schema: {fault}")
    write_metadata(file, make_metadata(checked))
    shutil.copyfile(runtime.__file__, draft / "runtime.py")
    _write_json(draft / "policy.json", policy_metadata(checked))
    _write_json(draft / "parity.json", report.as_json())
    vectors = record_vectors(candidate.as_trained(), graph.inputs, episodes[0])
    checksum = hashlib.sha256(file.read_bytes()).hexdigest()
    _write_json(draft / "test_vectors.json", {"policy_sha256": checksum, **vectors.as_json()}, indent=None)
    (draft / "README.md").write_text(model_card(checked), encoding="utf-8")
    return report


def _prove(
    file: Path,
    candidate: Candidate,
    inputs: Mapping[str, int],
    episodes: Sequence[FloatArray],
    trial: Trial | None,
) -> ParityReport:
    """How far the file is from the policy.

    Raises:
        ExportError: too far, or the runtime refuses the file.
    """
    recorded = np.concatenate(episodes)
    spread = np.linspace(0, len(recorded) - 1, min(N_RECORDED, len(recorded))).astype(int)
    observations = {"recorded": recorded[spread], **invented_observations(candidate.observation)}
    try:
        policy = runtime.load_policy(file)
    except runtime.PolicyError as error:
        raise ExportError(f"the runtime refuses the file: {error}") from error
    engines = {"onnxruntime": policy, "cv2": OpenCVPolicy(file, inputs)}
    report = check_parity(candidate.as_trained(), engines, observations)
    if not report.passed:
        errors = ", ".join(
            f"{error:.1e} on {name} observations in {engine} (at most {report.tolerance[engine]:.0e})"
            for engine, sets in report.max_abs_error.items()
            for name, error in sets.items()
            if not error <= report.tolerance[engine]
        )
        raise ExportError(f"the file differs from the policy by {errors}")
    return report if trial is None else replace(report, closed_loop=trial(policy))


def _describe(
    candidate: Candidate,
    provenance: Provenance,
    episodes: Sequence[FloatArray],
    evaluation: ReportedEvaluation | None,
) -> PolicyDescription:
    statistics, trained = read_statistics(candidate.model), candidate.as_trained()
    commands = [trained.follow(episode) for episode in episodes]
    robot = candidate.env.robot
    return PolicyDescription(
        robot=robot,
        task=candidate.env.task.full_name,
        observation=candidate.observation,
        action=candidate.commands,
        control_hz=CONTROL_HZ,
        body=candidate.body,
        interface=candidate.interface,
        limits=measure_limits(robot.action, robot.sensors, candidate.scale, commands, CONTROL_HZ),
        normalization=Normalization(clip=statistics.clip, epsilon=statistics.epsilon, count=statistics.count),
        provenance=provenance,
        package_version=version_of("hacpo-robot"),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        evaluation=evaluation,
    )


def _check_recorded(episodes: Sequence[FloatArray], size: int) -> None:
    """Refuse recordings of another robot, and broken ones."""
    if not episodes:
        raise ExportError("no episode was recorded to compare the file on")
    for episode in episodes:
        if episode.ndim != 2 or episode.shape[1] != size or len(episode) == 0:
            raise ExportError(f"a recorded episode has shape {episode.shape}, expected (length, {size})")
        if not np.isfinite(episode).all():
            raise ExportError("recorded observations are not all finite")


def check_replaceable(folder: Path) -> None:
    """Refuse to replace what is not an earlier export.

    Raises:
        ExportError: the folder holds something else.
    """
    if folder.is_dir():
        strangers = sorted({path.name for path in folder.iterdir()} - {*FILES, "__pycache__"})
        if strangers:
            raise ExportError(f"{folder} also holds {', '.join(strangers[:3])}; export to another folder")
    elif folder.exists():
        raise ExportError(f"{folder} is a file; export to another folder")


def _write_json(path: Path, document: dict[str, object], indent: int | None = 2) -> None:
    path.write_text(json.dumps(document, indent=indent, allow_nan=False) + "\n", encoding="utf-8")
