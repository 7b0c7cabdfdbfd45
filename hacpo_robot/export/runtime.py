"""Run an exported policy: this file, the policy, numpy and onnxruntime are all a robot needs.

    from runtime import load_policy

    policy = load_policy("policy.onnx")
    command = policy.act({"joint_pos": q, "gripper_width": w, "cube_pos": p})

Check an installation with ``python runtime.py policy.onnx --self-test``.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import ArrayLike, NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors  # pyright: ignore[reportAttributeAccessIssue]

SCHEMA_VERSION = 2
"""Version of ``policy_metadata``; grows when a reader of the old one would misread the new one."""

_UNREADABLE = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)

FloatArray = NDArray[np.float32]


class PolicyError(ValueError):
    """A policy file that cannot be used, or sensor values that do not fit it."""


class Policy:
    """A loaded policy. It has no memory: equal sensor values give equal commands."""

    metadata: dict[str, Any]
    """The file's ``policy_metadata``: robot, task, control, observations, actions and more."""
    sensors: dict[str, int]
    """Name and size of every sensor, in the order of the flat observation."""

    def __init__(self, session: onnxruntime.InferenceSession, metadata: dict[str, Any]) -> None:
        """Use :func:`load_policy`.

        Args:
            session: A graph from ``obs`` to ``actions``.
            metadata: Its ``policy_metadata``.
        """
        self.metadata = metadata
        self.sensors = {field["name"]: field["size"] for field in metadata["observations"]}
        self._session = session
        self._size = sum(self.sensors.values())

    def act(self, sensors: Mapping[str, ArrayLike]) -> FloatArray:
        """The command for what the sensors read.

        Args:
            sensors: Every sensor by name, raw, in the unit and frame that ``metadata`` states.
                Shape (size,) each, or (n, size) each for n robots at once; a sensor of size 1
                may be a plain number.

        Returns:
            Shape (action size,) or (n, action size), in command units.

        Raises:
            PolicyError: a sensor is missing, unknown, of the wrong shape or not finite.
        """
        for problem, names in (
            ("missing", self.sensors.keys() - sensors),
            ("unknown", sensors.keys() - self.sensors),
        ):
            if names:
                raise PolicyError(f"{problem} sensor {_quoted(names)}; this policy reads {self._layout()}")
        parts = [self._read(name, sensors[name]) for name in self.sensors]
        if len({part.shape[:-1] for part in parts}) > 1:
            shapes = ", ".join(f"{name} {part.shape}" for name, part in zip(self.sensors, parts, strict=True))
            raise PolicyError(f"sensors disagree on the number of robots: {shapes}")
        return self.act_flat(np.concatenate(parts, axis=-1))

    def act_flat(self, observation: ArrayLike) -> FloatArray:
        """The command for all sensor values in one vector, in the order of ``sensors``.

        Args:
            observation: Shape (observation size,) or (n, observation size).

        Returns:
            Shape (action size,) or (n, action size), in command units.

        Raises:
            PolicyError: the shape is wrong or a value is not finite.
        """
        vector = _as_float32(observation, "the observation")
        if vector.ndim not in (1, 2) or vector.shape[-1] != self._size:
            raise PolicyError(
                f"the observation has shape {vector.shape}, expected ({self._size},) or (n, {self._size}): "
                f"{self._layout()}"
            )
        finite = np.isfinite(vector)
        if not finite.all():
            raise PolicyError(f"sensor {_quoted(self._sensors_at(~finite))} is not finite")
        outputs = self._session.run(["actions"], {"obs": np.atleast_2d(vector)})
        actions = np.asarray(outputs[0], np.float32)
        return actions[0] if vector.ndim == 1 else actions

    def _read(self, name: str, value: ArrayLike) -> FloatArray:
        size = self.sensors[name]
        array = _as_float32(value, f"sensor {name!r}")
        if array.ndim == 0:
            array = array.reshape(1)
        if array.ndim not in (1, 2) or array.shape[-1] != size:
            raise PolicyError(f"sensor {name!r} has shape {array.shape}, expected ({size},) or (n, {size})")
        return array

    def _sensors_at(self, elements: NDArray[np.bool_]) -> set[str]:
        """Names of the sensors that own the marked elements. ``elements`` has shape (..., size)."""
        owners = np.repeat(list(self.sensors), list(self.sensors.values()))
        return set(owners[elements.reshape(-1, self._size).any(axis=0)].tolist())

    def _layout(self) -> str:
        return ", ".join(f"{name} ({size})" for name, size in self.sensors.items())


def load_policy(path: str | Path) -> Policy:
    """The policy in an ONNX file that carries its own description.

    It runs on one thread: the graph is small, and the other cores belong to the robot.

    Raises:
        PolicyError: the file is absent, damaged, or not a policy that this runtime can read.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise PolicyError(f"cannot read {path}: {error.strerror}") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except _UNREADABLE as error:
        raise PolicyError(
            f"{path} is damaged, cut short or not an ONNX file; copy or export it again"
        ) from error
    entries = session.get_modelmeta().custom_metadata_map
    if "policy_metadata" not in entries:
        raise PolicyError(
            f"{path} has no policy_metadata: it is cut short or was not exported by hacpo-robot"
        )
    try:
        return _make_policy(path, session, json.loads(entries["policy_metadata"]))
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise PolicyError(f"{path} has policy_metadata that cannot be read: {error!r}") from error


def _make_policy(path: str | Path, session: onnxruntime.InferenceSession, metadata: dict[str, Any]) -> Policy:
    """The policy, once its version is known and its description fits its graph."""
    version = metadata["schema_version"]
    if version != SCHEMA_VERSION:
        raise PolicyError(
            f"{path} has metadata version {version}; this runtime reads version {SCHEMA_VERSION}"
        )
    policy = Policy(session, metadata)
    described = {
        "obs": sum(policy.sensors.values()),
        "actions": sum(field["size"] for field in metadata["actions"]),
    }
    found = {node.name: node.shape[-1] for node in (*session.get_inputs(), *session.get_outputs())}
    if found != described:
        raise PolicyError(f"{path} describes {described} but its graph has {found}")
    return policy


def _as_float32(value: ArrayLike, what: str) -> FloatArray:
    try:
        with np.errstate(over="ignore"):  # becomes infinite, which act_flat refuses by name
            return np.asarray(value, np.float32)
    except (TypeError, ValueError) as error:
        raise PolicyError(f"{what} is not an array of numbers") from error


def _quoted(names: set[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names))


def self_test(policy: Policy, n_calls: int = 1000) -> str:
    """Run the policy on zeros and on mid-range sensor values; one line about what came out.

    Raises:
        PolicyError: a command is not finite, out of its bounds, or differs when batched.
    """
    observed, commanded = policy.metadata["observations"], policy.metadata["actions"]
    middle = np.concatenate([np.add(field["low"], field["high"]) / 2 for field in observed])
    inputs = np.stack([np.zeros_like(middle), middle])  # (2, observation size)
    low = np.concatenate([field["low"] for field in commanded]) - 1e-5
    high = np.concatenate([field["high"] for field in commanded]) + 1e-5
    commands = policy.act_flat(inputs)
    if not ((commands >= low) & (commands <= high)).all():
        raise PolicyError(f"self-test failed: command out of bounds: {commands.tolist()}")
    if not np.allclose(commands, [policy.act_flat(row) for row in inputs], rtol=0, atol=1e-5):
        raise PolicyError("self-test failed: one robot and many robots get different commands")
    seconds = []
    for _ in range(n_calls):
        began = time.perf_counter()
        policy.act_flat(middle)
        seconds.append(time.perf_counter() - began)
    return (
        f"{policy.metadata['robot']['name']} on {policy.metadata['task']}: "
        f"{low.size} commands from {middle.size} sensor values, "
        f"99 % of calls within {np.quantile(seconds, 0.99) * 1e6:.0f} us; self-test passed"
    )


def main() -> int:
    """Command line: say what a policy file needs, or test that it runs here."""
    parser = argparse.ArgumentParser(description="Look at an exported policy.")
    parser.add_argument("policy", help="policy.onnx")
    parser.add_argument("--self-test", action="store_true", help="run it on zeros and mid-range values")
    arguments = parser.parse_args()
    try:
        policy = load_policy(arguments.policy)
        print(self_test(policy) if arguments.self_test else json.dumps(policy.metadata, indent=2))
    except PolicyError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
