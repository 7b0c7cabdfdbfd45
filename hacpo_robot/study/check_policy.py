"""Looks an exported policy over before a robot gets it: each check says what is right, or what to mend."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from hacpo_robot.export import runtime
from hacpo_robot.export.metadata import read_signature
from hacpo_robot.export.parity import TOLERANCE, invented_observations
from hacpo_robot.export.runtime import Policy, PolicyError, load_policy
from hacpo_robot.export.schema import find_fault
from hacpo_robot.study.finding import Finding

SLACK = TOLERANCE["onnxruntime"]
"""What single precision may put a command beyond its bounds, command units."""


def check_policy(file: Path) -> Iterator[Finding]:
    """All checks, one after the other; they stop at a file or a description that cannot be read."""
    try:
        policy = load_policy(file)
    except PolicyError as error:
        yield Finding("loads, and its graph fits its description", str(error))
        return
    yield Finding("loads, and its graph fits its description")
    fault = find_fault(policy.metadata)
    yield Finding("description follows its schema", fault and f"{fault}; export again")
    if fault:
        return
    for name, check in FILE_CHECKS.items():
        yield Finding(name, check(policy))
    beside = {name: file.with_name(name) for name in FOLDER_CHECKS}
    if not any(path.exists() for path in beside.values()):
        yield Finding("alone: no hand-over folder to compare it with")
        return
    for name, (check, look) in FOLDER_CHECKS.items():
        missing = None if beside[name].is_file() else "it is missing; export again, or copy the whole folder"
        yield Finding(f"{name} {check}", missing or look(policy, beside[name]))


def check_provenance(policy: Policy) -> str | None:
    """The file was compared with the policy that it comes from."""
    return None if policy.metadata["parity"] else "it never was; export again"


def check_bounds(policy: Policy) -> str | None:
    """Whatever is read, commands are finite and stay in their bounds."""
    actions = read_signature(policy.metadata["actions"])
    names = np.array(actions.element_names)
    for kind, rows in _invented(policy).items():
        policy.reset()
        commands = policy.act_flat(rows)
        good = (commands >= actions.low - SLACK) & (commands <= actions.high + SLACK)
        if not good.all():
            return f"on {kind} observations out of bounds: {', '.join(names[~good.all(axis=0)])}; train anew"
    return None


def check_batch(policy: Policy) -> str | None:
    """One robot is commanded what many are."""
    rows = _invented(policy)["random"][:100]
    policy.reset()
    together = policy.act_flat(rows)
    for row, command in zip(rows, together, strict=True):
        policy.reset()
        difference = np.abs(policy.act_flat(row) - command).max()
        if not difference <= SLACK:
            return f"a batch differs from single observations by {difference:.1e}; export again"
    return None


def check_json(policy: Policy, path: Path) -> str | None:
    """It says what the file says of itself."""
    try:
        same = json.loads(path.read_text(encoding="utf-8")) == policy.metadata
    except (ValueError, RecursionError) as error:
        return f"it cannot be read ({error}); export again"
    return None if same else "it differs from the policy_metadata inside the file; export again"


def check_vectors(policy: Policy, path: Path) -> str | None:
    """Recorded inputs lead to the recorded commands."""
    try:
        policy.replay(path)
    except PolicyError as error:
        return str(error)
    return None


def check_runtime(_: Policy, path: Path) -> str | None:
    """It is the runtime that this package ships: it is code, and will run on the robot."""
    same = path.read_bytes() == Path(runtime.__file__).read_bytes()
    return None if same else "it is not the runtime of this version of hacpo-robot; export again"


def _invented(policy: Policy) -> dict[str, np.ndarray]:
    return invented_observations(read_signature(policy.metadata["observations"]))


FILE_CHECKS: dict[str, Callable[[Policy], str | None]] = {
    "compared with the trained policy": check_provenance,
    "commands finite and within bounds, whatever is read": check_bounds,
    "one robot gets what many get": check_batch,
}
FOLDER_CHECKS: dict[str, tuple[str, Callable[[Policy, Path], str | None]]] = {
    "policy.json": ("says what the file says", check_json),
    "test_vectors.json": ("replays", check_vectors),
    "runtime.py": ("is the one of this version", check_runtime),
}
