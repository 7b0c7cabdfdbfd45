"""Run an exported policy: this file, the policy, numpy and onnxruntime are all a robot needs.

    from runtime import ControlLoop, Guard, Reading, load_policy

    policy = load_policy("policy.onnx")
    action = policy.act({"joint_pos": q, "gripper_width": w, "cube_pos": p})

A :class:`Policy` reads sensors, a :class:`Guard` makes of its action what a robot may be sent, a
:class:`ControlLoop` keeps the rate. Check an installation with
``python runtime.py policy.onnx --self-test``.
"""

import argparse
import hashlib
import json
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np
import onnxruntime
from numpy.typing import ArrayLike, NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors  # pyright: ignore[reportAttributeAccessIssue]

SCHEMA_VERSION = 2
"""Version of ``policy_metadata``; grows when a reader of the old one would misread the new one."""
TOLERANCE = 1e-5
"""Command units within which two runs of one policy agree."""
OUTSIDE = 0.05
"""Share of its range by which a joint or gripper may be measured beyond its limits."""
FAR_OUTSIDE = 1.0
"""The same for a sensor that the policy reads: some are cut off at their range in training, as a blow to the
wrist is; a wrong unit goes far beyond."""
HASTE = 2.0
"""A joint that moves faster than this many times its commanded speed is measured wrongly."""
MAX_FILE_BYTES, MAX_PARTS, MAX_NODES, MAX_WIDTH, MAX_TEXT, MAX_NUMBER = 2**24, 2**15, 256, 4096, 200, 1e12
"""What no policy of an arm comes near: a larger one is damaged or hostile."""
OPSETS = (17, 18)
OPERATORS = {"Add", "Clip", "Concat", "Constant", "Div", "Elu", "Gemm", "Identity", "LeakyRelu", "MatMul"}
OPERATORS |= {"Mul", "Relu", "Sigmoid", "Sub", "Tanh"}
"""What a policy may be made of: nothing that loops, remembers or reads files."""
KINDS = {
    "joint_position_delta": "joint_position",
    "joint_velocity": "joint_velocity",
    "cartesian_delta": "tool_delta",
}
"""What a robot is sent, by type of control."""

FloatArray = NDArray[np.floating]
Clock = Callable[[], float]
Stamps = float | Mapping[str, float]
"""When values were measured, by the policy's clock [s]: one time for all, or one by name."""
Status = Literal["run", "hold", "stop"]

_DAMAGED = "is damaged, cut short or not an ONNX file; copy or export it again"
_ONNXRUNTIME = (
    ort_errors.EPFail,
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
    UnicodeDecodeError,
)
"""What onnxruntime raises; its errors have no common root, and names of a damaged file are no text."""
_PARTS = {
    "model": {7: "graph", 8: "opset", 14: "entry"},
    "graph": {1: "node", 5: "tensor"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 10: "tensor"},
}
"""Which fields of which message are messages, by the numbers of onnx.proto."""
_FOREIGN = {
    "model.20": "training steps",
    "model.25": "functions",
    "graph.15": "sparse weights",
    "attribute.6": "graphs in its graph",
    "attribute.11": "graphs in its graph",
    "tensor.13": "weights in another file",
    "tensor.14": "weights in another file",
}
_FLOATS = ("tensor.4", "tensor.9", "attribute.2", "attribute.7")

_log = logging.getLogger(__name__)


class PolicyError(ValueError):
    """A policy file that cannot be used, or sensor values that do not fit it."""


class Policy:
    """A loaded policy. Its only memory is the last action, where it has a low pass."""

    metadata: dict[str, Any]
    """The file's ``policy_metadata``, checked: robot, task, control, limits and more."""
    sensors: dict[str, int]
    """Name and size of every sensor, in the order of the flat observation."""
    low: FloatArray
    """Bounds of the action. Shape (action size,)."""
    high: FloatArray
    sha256: str
    """Checksum of the file."""

    def __init__(self, content: bytes, metadata: dict[str, Any], clock: Clock) -> None:
        """Use :func:`load_policy`.

        Args:
            content: Of a file whose graph goes from ``obs``, or from every sensor, to ``actions``.
            metadata: Its ``policy_metadata``.
            clock: What time stamps are compared with [s].
        """
        self.metadata, self.clock, self.sha256 = metadata, clock, hashlib.sha256(content).hexdigest()
        self.sensors = {field["name"]: field["size"] for field in metadata["observations"]}
        self.low, self.high = _ends(metadata["actions"])
        self._session = _make_session(content)
        _check_inputs(self._session, metadata)
        self._size = sum(self.sensors.values())
        ends = np.cumsum(list(self.sensors.values())).tolist()
        self._places = {
            n: slice(end - self.sensors[n], end) for n, end in zip(self.sensors, ends, strict=True)
        }
        self._filtered = metadata["control"]["low_pass_hz"] is not None
        self._last: NDArray[np.float32] | None = None

    def act(self, sensors: Mapping[str, ArrayLike], stamps: Stamps | None = None) -> NDArray[np.float32]:
        """The action for what the sensors read.

        Args:
            sensors: Every sensor by name, raw, in the unit and frame that ``metadata`` states.
                Shape (size,) each, or (n, size) each for n robots at once; a sensor of size 1
                may be a plain number.
            stamps: When they were measured; not checked where not given.

        Returns:
            Shape (action size,) or (n, action size), in command units.

        Raises:
            PolicyError: a sensor is missing, unknown, stale, of the wrong shape or not finite.
        """
        for problem, names in (
            ("missing", self.sensors.keys() - sensors),
            ("unknown", sensors.keys() - self.sensors),
        ):
            if names:
                raise PolicyError(f"{problem} sensor {_quoted(names)}; this policy reads {self._layout()}")
        if stamps is not None:
            self.check_age(stamps, self.sensors)
        parts = [self._read(name, sensors[name]) for name in self.sensors]
        if len({part.shape[:-1] for part in parts}) > 1:
            shapes = ", ".join(f"{name} {part.shape}" for name, part in zip(self.sensors, parts, strict=True))
            raise PolicyError(f"sensors disagree on the number of robots: {shapes}")
        return self.act_flat(np.concatenate(parts, axis=-1))

    def act_flat(self, observation: ArrayLike) -> NDArray[np.float32]:
        """The action for all sensor values in one vector, in the order of ``sensors``.

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
            broken = [name for name, place in self._places.items() if not finite[..., place].all()]
            raise PolicyError(f"sensor {_quoted(broken)} is not finite")
        batch = vector if vector.ndim == 2 else vector[None]
        if self._last is not None and len(self._last) != len(batch):
            raise PolicyError(
                f"the low pass remembers {len(self._last)} robots, not {len(batch)}; reset() first"
            )
        actions = self._run(batch, self._last)
        if self._filtered:
            self._last = actions.copy()  # what is returned may be changed by whoever gets it
        return actions if vector.ndim == 2 else actions[0]

    def reset(self) -> None:
        """Forget the last action: an episode begins, or the robot has stood still."""
        self._last = None

    def check_age(self, stamps: Stamps, names: Iterable[str]) -> None:
        """Refuse values that are too old, from the future or without a time.

        Raises:
            PolicyError: names the first of them.
        """
        now, limit = self.clock(), self.metadata["limits"]["max_age_s"]
        times = stamps if isinstance(stamps, Mapping) else dict.fromkeys(names, stamps)
        for name in names:
            if not _is_number(times.get(name)):
                raise PolicyError(f"{name!r} has {_shown(times.get(name))} as time stamp, expected seconds")
            age = now - times[name]
            if age > limit:
                raise PolicyError(f"{name!r} is stale: {age:.3f} s old, at most {limit:.3f} s allowed")
            if age < 0:
                raise PolicyError(
                    f"{name!r} is from the future by {-age:.3f} s; "
                    "stamp with the policy's clock, time.monotonic where no other was given"
                )

    def check_range(self, sensors: Mapping[str, ArrayLike]) -> None:
        """Refuse what no sensor of this robot can read: a wrong unit, most of the time.

        Args:
            sensors: Of one robot, as :meth:`act` takes them.

        Raises:
            PolicyError: a value is farther outside its range than that is wide, missing or not a number.
        """
        for field in self.metadata["observations"]:
            names = [f"{field['name']}/{element}" for element in field["element_names"]]
            read = np.ravel(self._read(field["name"], sensors.get(field["name"])))
            values = _as_vector(read, f"sensor {field['name']!r}", field["size"])
            _refuse_outside(names, values, *_ends([field]), FAR_OUTSIDE)

    def probe(self) -> FloatArray:
        """Actions at zero, at mid-range and at both ends of every sensor. Shape (4, action size).

        Raises:
            PolicyError: one is not finite, out of its bounds, or differs when batched.
        """
        low, high = _ends(self.metadata["observations"])
        batch = np.stack([0 * low, (low + high) / 2, low, high]).astype(np.float32)
        actions = self._run(batch)
        if actions.shape != (len(batch), len(self.low)):
            raise PolicyError(f"returns actions of shape {actions.shape} for {len(batch)} robots")
        if not ((actions >= self.low - TOLERANCE) & (actions <= self.high + TOLERANCE)).all():
            raise PolicyError(f"returns actions out of their bounds: {_shown(actions.tolist())}")
        alone = np.concatenate([self._run(row[None]) for row in batch])
        if not np.allclose(actions, alone, rtol=0, atol=TOLERANCE):
            raise PolicyError("returns other actions to one robot than to many")
        return actions

    def replay(self, vectors: Path) -> int:
        """Run recorded inputs; returns how many actions came out as recorded.

        Args:
            vectors: A ``test_vectors.json``.

        Raises:
            PolicyError: one did not, or the file was not written with this policy, to the last bit.
        """
        try:
            document = _parse_json(_read_file(vectors))
            if document["policy_sha256"] != self.sha256:
                raise PolicyError("was written with another policy, or this one changed on its way")
            inputs = {name: _as_float32(rows, name) for name, rows in document["inputs"].items()}
            expected = _as_float32(document["actions"], "actions")
            actions = np.asarray(self._session.run(["actions"], inputs)[0])
        except PolicyError as error:
            raise PolicyError(f"{vectors} {error}") from error
        except (KeyError, TypeError, AttributeError, ValueError, *_ONNXRUNTIME) as error:
            raise PolicyError(
                f"{vectors} does not hold test vectors of this policy: {_shown(error)}"
            ) from error
        if expected.shape != actions.shape or not np.allclose(actions, expected, rtol=0, atol=TOLERANCE):
            raise PolicyError(f"{vectors} records other actions than this policy returns")
        return len(expected)

    def _run(self, batch: NDArray[np.float32], last: FloatArray | None = None) -> NDArray[np.float32]:
        """The bare graph. ``batch`` has shape (n, observation size); returns (n, action size)."""
        feed: dict[str, FloatArray] = {"obs": batch}
        if self.metadata["inputs"] == "sensors":
            feed = {name: batch[:, place] for name, place in self._places.items()}
        if self._filtered:
            n = len(batch)
            feed["last_actions"] = np.zeros((n, len(self.low)), np.float32) if last is None else last
            feed["has_last"] = np.full((n, 1), last is not None, np.float32)
        return np.asarray(self._session.run(["actions"], feed)[0], np.float32)

    def _read(self, name: str, value: ArrayLike | None) -> NDArray[Any]:
        size = self.sensors[name]
        array = _as_array(value, f"sensor {name!r}")
        if array.ndim == 0:
            array = array.reshape(1)
        if array.ndim not in (1, 2) or array.shape[-1] != size:
            raise PolicyError(f"sensor {name!r} has shape {array.shape}, expected ({size},) or (n, {size})")
        return array

    def _layout(self) -> str:
        return ", ".join(f"{name} ({size})" for name, size in self.sensors.items())


@dataclass(frozen=True, kw_only=True)
class Command:
    """What one robot is sent for one control step."""

    kind: str
    """``joint_position``, ``joint_velocity`` or ``tool_delta``."""
    arm: FloatArray
    """Joint targets [rad or m], joint velocities [rad/s or m/s], or tool motion from where the tool
    is now [m, rad]; in the order of the policy's actions."""
    gripper_width: float
    """Target between the fingertips [m]."""
    status: Status
    interventions: tuple[str, ...] = ()
    """All that the guard changed of what the policy asked for, one sentence each."""


class Guard:
    """Makes of actions what one robot may be sent, within the limits of the policy's metadata.

    A fault makes it *hold* or *stop*. Both send the same: joint targets where the joints were last measured
    well, not following them from then on; joint velocities or tool motion of zero; and the gripper's last
    width, so that nothing is dropped. A hold ends with the next good cycle, a stop with :meth:`reset`.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        joint_pos: ArrayLike,
        gripper_width: float,
        on_fault: Literal["hold", "stop"] = "hold",
    ) -> None:
        """Begin with a robot at rest.

        Args:
            policy: Whose actions are guarded.
            joint_pos: Where its joints are measured, in the order of ``robot.joint_names`` [rad or m].
            gripper_width: Measured between its fingertips [m].
            on_fault: What to do when sensors or actions cannot be used.

        Raises:
            PolicyError: the robot is outside its limits, or a value is not a number.
        """
        if on_fault not in ("hold", "stop"):
            raise PolicyError(f"on_fault is {_shown(on_fault)}, expected 'hold' or 'stop'")
        robot, control, limits = (policy.metadata[key] for key in ("robot", "control", "limits"))
        self._on_fault, self._clock, self._kind = on_fault, policy.clock, KINDS[control["type"]]
        self._period = 1 / control["frequency_hz"]
        self._low, self._high = policy.low, policy.high
        self._jump: FloatArray = np.array(limits["jump"])
        self._grip = control["gripper_speed"] * self._period
        self._joints = robot["joint_names"]
        self._joint_low = np.array([-np.inf if end is None else end for end in robot["joint_low"]])
        self._joint_high = np.array([np.inf if end is None else end for end in robot["joint_high"]])
        # Of joints; where the tool is commanded nobody knows.
        self._speed = np.array([np.inf] if limits["joint_speed"] is None else limits["joint_speed"])
        self._fastest = self._speed * (self._period if self._kind == "joint_position" else 1.0)
        self._names = [f"{f['name']}/{e}" for f in policy.metadata["actions"] for e in f["element_names"]]
        self.reset(joint_pos=joint_pos, gripper_width=gripper_width)

    def reset(self, *, joint_pos: ArrayLike, gripper_width: float) -> None:
        """Begin anew, also after a stop; arguments and errors as above."""
        width = _as_vector(np.atleast_1d(gripper_width), "gripper_width", 1)
        _refuse_outside(["gripper_width"], width, self._low[-1:], self._high[-1:])
        self._pos, self._seen = self._check_joints(joint_pos), self._clock()
        self._last = np.append(np.zeros(len(self._low) - 1), np.clip(width, self._low[-1], self._high[-1]))
        self._held: FloatArray | None = None
        self._stopped = ""

    def command(self, action: ArrayLike, joint_pos: ArrayLike) -> Command:
        """What to send for one action; a hold or a stop where that cannot be told.

        Args:
            action: What the policy returned for one robot. Shape (action size,).
            joint_pos: Where the joints are measured now [rad or m]. Shape (n_joints,).
        """
        if self._stopped:
            return self.fault(self._stopped)
        try:
            wanted = _as_vector(action, "the action", len(self._low))
            self._pos, self._seen = self._check_motion(self._check_joints(joint_pos)), self._clock()
        except PolicyError as error:
            return self.fault(str(error))
        self._held = None
        notes: list[str] = []
        action = self._limit("range", wanted, self._low, self._high, notes)
        action = self._limit("jump", action, self._last - self._jump, self._last + self._jump, notes)
        action[:-1] = self._limit("speed", action[:-1], -self._fastest, self._fastest, notes)
        # As in training the gripper follows at its own speed; that is what the action means.
        action[-1] = np.clip(action[-1], self._last[-1] - self._grip, self._last[-1] + self._grip)
        self._last = action
        return self._send(self._inside(action[:-1], notes), "run", notes)

    def fault(self, problem: str) -> Command:
        """Hold or stop, as chosen."""
        if self._on_fault == "hold":
            return self.hold(problem)
        self._stopped = self._stopped or problem
        return self._send(self._rest(), "stop", [self._stopped])

    def hold(self, reason: str) -> Command:
        """Stay, whatever was chosen for faults."""
        return self._send(self._rest(), "hold", [reason])

    def _rest(self) -> FloatArray:
        """The arm part that moves nothing."""
        self._last[:-1] = 0.0
        if self._kind != "joint_position":
            return np.zeros(len(self._low) - 1)
        if self._held is None:
            self._held = np.clip(self._pos, self._joint_low, self._joint_high)
        return self._held.copy()

    def _send(self, arm: FloatArray, status: Status, notes: list[str]) -> Command:
        width = float(self._last[-1])
        return Command(
            kind=self._kind, arm=arm, gripper_width=width, status=status, interventions=tuple(notes)
        )

    def _inside(self, arm: FloatArray, notes: list[str]) -> FloatArray:
        """Joint targets within the joints' range, or velocities that leave it not within a step."""
        low, high = self._joint_low, self._joint_high
        if self._kind == "joint_position":
            return self._limit("joint limit", self._pos + arm, low, high, notes)
        if self._kind == "joint_velocity":
            low, high = np.minimum(low - self._pos, 0.0), np.maximum(high - self._pos, 0.0)
            return self._limit("joint limit", arm, low / self._period, high / self._period, notes)
        return arm.copy()

    def _limit(
        self, limit: str, values: FloatArray, low: FloatArray, high: FloatArray, notes: list[str]
    ) -> FloatArray:
        inside = np.clip(values, low, high)
        changed = np.flatnonzero(np.abs(inside - values) > TOLERANCE)
        notes += [f"{limit} of {self._names[i]}: {values[i]:.4g} became {inside[i]:.4g}" for i in changed]
        return inside

    def _check_joints(self, joint_pos: ArrayLike) -> FloatArray:
        joints = _as_vector(joint_pos, "joint_pos", len(self._joints))
        _refuse_outside(self._joints, joints, self._joint_low, self._joint_high)
        return joints

    def _check_motion(self, joints: FloatArray) -> FloatArray:
        """Measured joints, unless they are where they cannot have come to since they were last good."""
        elapsed = max(self._clock() - self._seen, self._period)
        for i in np.flatnonzero(np.abs(joints - self._pos) > HASTE * elapsed * self._speed):
            raise PolicyError(
                f"{self._joints[i]!r} is measured at {joints[i]:.4g}, {elapsed:.3f} s after "
                f"{self._pos[i]:.4g}: faster than it is ever commanded"
            )
        return joints


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a robot measured for one control step."""

    sensors: Mapping[str, ArrayLike]
    """Every sensor that the policy reads, see :meth:`Policy.act`."""
    joint_pos: ArrayLike
    """All joints, for the guard, in the order of ``robot.joint_names`` [rad or m]."""
    stamps: Stamps
    """When: one time for everything, or one for every sensor and for ``joint_pos``."""


@dataclass(frozen=True, kw_only=True)
class LoopReport:
    """How a control loop went."""

    n_cycles: int
    n_missed: int
    """Commands that left more than half a period late."""
    worst_late_s: float
    n_faults: int
    """Cycles that ended in a hold or a stop."""


class ControlLoop:
    """Reads, acts, guards and sends at the rate that the policy was trained at.

    A command that leaves more than half a period late has missed its deadline. The schedule then starts
    anew from it: what was missed is not made up for, and two commands are never closer than half a period.
    However the loop ends, also by an exception, the last thing sent is a hold or a stop.
    """

    def __init__(
        self,
        policy: Policy,
        guard: Guard,
        *,
        read: Callable[[], Reading],
        send: Callable[[Command], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Connect a policy to a robot; nothing moves yet.

        Args:
            policy: Its clock is the loop's.
            guard: Of the same policy.
            read: What the robot measures now; may raise :class:`PolicyError` where it cannot tell.
            send: Hands a command to the robot.
            sleep: Waits so many seconds.
        """
        self._policy, self._guard = policy, guard
        self._read, self._send, self._sleep = read, send, sleep
        self._period = 1 / policy.metadata["control"]["frequency_hz"]
        self._ending = False

    def stop(self) -> None:
        """End the loop after the cycle under way; from a signal handler or another thread."""
        self._ending = True

    def run(self, n_cycles: int | None = None) -> LoopReport:
        """Run for some cycles, or until told to stop; returns how it went."""
        clock = self._policy.clock
        done = missed = faults = 0
        worst, status = 0.0, "run"
        self._policy.reset()
        due = clock()
        try:
            while not self._ending and done != n_cycles and status != "stop":
                if (early := due - clock()) > 0:
                    self._sleep(early)
                command = self._cycle()
                self._send(command)
                status, late = command.status, clock() - due
                done, faults, worst = done + 1, faults + (status != "run"), max(worst, late)
                due += self._period
                if late > self._period / 2:
                    missed, due = missed + 1, due + late
                    _log.warning("command %d left %.1f ms late", done, 1e3 * late)
        finally:
            self._ending = False
            if status != "stop":
                self._send(self._guard.hold("the control loop ended"))
        return LoopReport(n_cycles=done, n_missed=missed, worst_late_s=worst, n_faults=faults)

    def _cycle(self) -> Command:
        try:
            reading = self._read()
            self._policy.check_age(reading.stamps, [*self._policy.sensors, "joint_pos"])
            action = self._policy.act(reading.sensors)
            self._policy.check_range(reading.sensors)
        except PolicyError as error:
            command = self._guard.fault(str(error))
        else:
            command = self._guard.command(action, reading.joint_pos)
        if command.status != "run":
            self._policy.reset()
            _log.warning("%s: %s", command.status, command.interventions[0])
        return command


def load_policy(path: str | Path, clock: Clock = time.monotonic) -> Policy:
    """The policy in an ONNX file that carries its own description.

    It runs on one thread: the graph is small, and the other cores belong to the robot.

    Args:
        path: The file.
        clock: What time stamps are compared with [s].

    Raises:
        PolicyError: the file is absent, damaged, or not a policy that this runtime can read.
    """
    try:
        content = _read_file(Path(path))
        entries = _inspect(content)
        if "policy_metadata" not in entries:
            raise PolicyError("has no policy_metadata: it is cut short or was not exported by hacpo-robot")
        metadata = _parse_json(entries["policy_metadata"])
        _check_metadata(metadata)
        _check_order(metadata, entries)
        policy = Policy(content, metadata, clock)
        policy.probe()
    except PolicyError as error:
        raise PolicyError(f"{path} {error}") from error
    except _ONNXRUNTIME as error:
        raise PolicyError(f"{path} {_DAMAGED}") from error
    return policy


def self_test(policy: Policy, vectors: Path | None = None, n_calls: int = 1000) -> str:
    """Run the policy on made-up and on recorded inputs; one line about what came out.

    Args:
        policy: What to test.
        vectors: Its ``test_vectors.json``, where it came with one.
        n_calls: How many are timed.

    Raises:
        PolicyError: an action is not finite, out of its bounds, differs when batched or from the record.
    """
    policy.probe()
    replayed = (
        "nothing recorded to replay" if vectors is None else f"{policy.replay(vectors)} recorded replayed"
    )
    low, high = _ends(policy.metadata["observations"])
    seconds = []
    for _ in range(n_calls):
        began = time.perf_counter()
        policy.act_flat((low + high) / 2)
        seconds.append(time.perf_counter() - began)
    policy.reset()
    return (
        f"{policy.metadata['robot']['name']} on {policy.metadata['task']}: "
        f"{len(policy.low)} commands from {len(low)} sensor values, {replayed}, "
        f"99 % of calls within {np.quantile(seconds, 0.99) * 1e6:.0f} us; self-test passed"
    )


def _read_file(path: Path) -> bytes:
    """Its content, without waiting for a pipe or reading a device for ever."""
    try:
        if not path.is_file():
            raise PolicyError("is not a file" if path.exists() else "cannot be read: no such file")
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise PolicyError(f"cannot be read: {error.strerror}") from error
    if len(content) > MAX_FILE_BYTES:
        raise PolicyError(f"is larger than {MAX_FILE_BYTES} bytes")
    return content


def _make_session(content: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what is wrong comes as an exception, not on stderr as well
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(content, options, providers=providers, enable_fallback=0)


def _inspect(content: bytes) -> dict[str, str]:
    """The ``metadata_props`` of an ONNX file that holds one plain, finite network and nothing else.

    The file is walked before onnxruntime sees it: onnxruntime would open files that it names, run loops
    that it holds, and clip a weight that is no number to a valid action.
    """
    texts: dict[str, list[str]] = {"node.4": [], "entry.1": [], "entry.2": [], "tensor.8": []}
    opsets = []
    for n, (leaf, integer, body) in enumerate(_leaves(memoryview(content))):
        if n > MAX_PARTS:
            raise PolicyError(_DAMAGED)
        if leaf in texts:
            texts[leaf].append(bytes(body).decode("utf-8", "replace"))
        elif leaf == "opset.2":
            opsets.append(integer)
        elif problem := _weigh(leaf, integer, body):
            raise PolicyError(f"{problem}; a policy is one plain network in one file")
    operators, keys, values, weights = texts.values()
    if not operators or not opsets or len(keys) != len(values):
        raise PolicyError(_DAMAGED)
    _expect(len(opsets) == 1 and opsets[0] in OPSETS, "operator set", opsets, f"one of {OPSETS}")
    foreign = sorted(set(operators) - OPERATORS)
    _expect(not foreign, "operators", foreign, f"some of {_quoted(OPERATORS)}")
    few = (
        len(operators) <= MAX_NODES and operators.count("Concat") <= 1
    )  # else vectors could grow without end
    _expect(few, "operators", operators, f"at most {MAX_NODES}, one of them Concat")
    for what, names in (("metadata", keys), ("weights", weights)):
        _expect(len(set(names)) == len(names), what, names, "each name once")
    return dict(zip(keys, values, strict=True))


def _weigh(leaf: str, integer: int, body: memoryview) -> str:
    """What is wrong with one part of an ONNX message, or nothing."""
    if leaf in _FOREIGN and (integer or body):
        return f"holds {_FOREIGN[leaf]}"
    if leaf in ("opset.1", "node.7") and bytes(body) not in (b"", b"ai.onnx"):
        return f"uses operators of {_shown(bytes(body))}"
    if leaf == "tensor.1" and (len(body) > MAX_TEXT or max(integer, *_varints(body), 0) > MAX_WIDTH):
        return f"has weights wider than {MAX_WIDTH}"
    if leaf == "tensor.2" and integer != 1:
        return "has weights that are not float32"
    if leaf in _FLOATS and (len(body) % 4 or not np.isfinite(np.frombuffer(body, "<f4")).all()):
        return "has a weight that is not finite"
    return ""


def _leaves(message: memoryview, kind: str = "model") -> Iterator[tuple[str, int, memoryview]]:
    """Everything in a protobuf message, parts of parts too: ``kind.number``, its integer, its bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        integer, size = 0, {1: 8, 5: 4}.get(key & 7, 0)
        if key & 7 == 0:
            integer, at = _varint(message, at)
        elif key & 7 == 2:
            size, at = _varint(message, at)
        elif not size:
            raise PolicyError(_DAMAGED)
        body, at = message[at : at + size], at + size
        if len(body) < size:
            raise PolicyError(_DAMAGED)
        part = _PARTS.get(kind, {}).get(key >> 3)
        if part is None:
            yield f"{kind}.{key >> 3}", integer, body
        else:
            yield from _leaves(body, part)


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """An integer of seven bits to a byte, and the place behind it."""
    value = 0
    for i, byte in enumerate(message[at : at + 10]):
        value |= (byte & 127) << 7 * i
        if byte < 128:
            return value, at + i + 1
    raise PolicyError(_DAMAGED)


def _varints(message: memoryview) -> Iterator[int]:
    at = 0
    while at < len(message):
        value, at = _varint(message, at)
        yield value


@dataclass(frozen=True)
class _OrNull:
    """A kind of value that may also be absent."""

    kind: object


@dataclass(frozen=True)
class _Leaf:
    """A kind of value that has no parts."""

    fits: Callable[[Any], bool]
    expected: str


def _between(low: float, high: float) -> _Leaf:
    return _Leaf(
        lambda value: _is_number(value) and low <= value <= high, f"a number from {low:g} to {high:g}"
    )


def _one_of(*choices: str) -> _Leaf:
    return _Leaf(lambda value: isinstance(value, str) and value in choices, f"one of {_quoted(choices)}")


def _is_number(value: Any) -> bool:  # noqa: ANN401
    """Whether a value is a finite number of ordinary size, and not a truth value."""
    real = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return real and bool(abs(value) <= MAX_NUMBER)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable()


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in sorted(names))


_TEXT, _NUMBER, _POSITIVE = (
    _Leaf(_is_text, "a short text"),
    _between(-MAX_NUMBER, MAX_NUMBER),
    _between(1e-9, MAX_NUMBER),
)
_FIELD = {
    "name": _TEXT,
    "size": _Leaf(lambda value: type(value) is int and 0 < value <= MAX_WIDTH, "a whole number of elements"),
    "element_names": [_TEXT],
    "low": [_NUMBER],
    "high": [_NUMBER],
}
_METADATA = {
    "schema_version": _Leaf(lambda value: value == SCHEMA_VERSION, f"{SCHEMA_VERSION} for this runtime"),
    "task": _TEXT,
    "inputs": _one_of("obs", "sensors"),
    "robot": {
        "name": _TEXT,
        "joint_names": [_TEXT],
        "joint_units": [_one_of("rad", "m")],
        "home": [_NUMBER],
        "joint_low": [_OrNull(_NUMBER)],
        "joint_high": [_OrNull(_NUMBER)],
        "gripper_width": [_NUMBER],
    },
    "control": {
        "type": _one_of(*KINDS),
        "frequency_hz": _between(0.1, 1000.0),
        "low_pass_hz": _OrNull(_POSITIVE),
        "gripper_speed": _POSITIVE,
    },
    "limits": {"joint_speed": _OrNull([_POSITIVE]), "jump": [_POSITIVE], "max_age_s": _between(1e-4, 100.0)},
    "observations": [_FIELD],
    "actions": [_FIELD],
}
"""What the runtime needs of ``policy_metadata``: objects, lists of one kind, choices, texts, ranges."""


def _check_kind(value: Any, kind: object, path: str) -> None:  # noqa: ANN401
    """Refuse what is not of a kind; ``path`` names the value."""
    match kind:
        case dict():
            _expect(isinstance(value, dict), path, value, "an object")
            for key, inner in kind.items():
                _expect(key in value, path, list(value), f"also {key!r}")
                _check_kind(value[key], inner, f"{path}.{key}")
        case [inner]:
            fits = isinstance(value, list) and 0 < len(value) <= MAX_WIDTH
            _expect(fits, path, value, f"a list of 1 to {MAX_WIDTH}")
            for i, element in enumerate(value):
                _check_kind(element, inner, f"{path}[{i}]")
        case _OrNull():
            if value is not None:
                _check_kind(value, kind.kind, path)
        case _Leaf():
            _expect(kind.fits(value), path, value, kind.expected)


def _check_metadata(metadata: Any) -> None:  # noqa: ANN401
    """Refuse a document that lacks something or contradicts itself.

    Raises:
        PolicyError: names the key.
    """
    _check_kind(metadata, _METADATA, "policy_metadata")
    robot, limits, speed = metadata["robot"], metadata["limits"], metadata["limits"]["joint_speed"]
    n, cartesian = len(robot["joint_names"]), metadata["control"]["type"] == "cartesian_delta"
    for key in ("joint_units", "home", "joint_low", "joint_high"):
        _expect(len(robot[key]) == n, f"robot.{key}", robot[key], f"one per joint, {n}")
    _expect((speed is None) == cartesian, "limits.joint_speed", speed, "null for tool motion alone")
    _expect(speed is None or len(speed) == n, "limits.joint_speed", speed, f"one per joint, {n}")
    for place, low, home, high in zip(
        robot["joint_names"], robot["joint_low"], robot["home"], robot["joint_high"], strict=True
    ):
        low, high = -np.inf if low is None else low, np.inf if high is None else high
        _expect(
            low <= home <= high and low < high, f"limits of joint {place}", [low, high], f"{home} in between"
        )
    for key in ("observations", "actions"):
        _check_fields(metadata[key], key)
    width, size = metadata["actions"][-1], sum(field["size"] for field in metadata["actions"])
    _expect(
        [*width["low"], *width["high"]] == robot["gripper_width"],
        "last of actions",
        width,
        "robot.gripper_width",
    )
    _expect(len(limits["jump"]) == size, "limits.jump", limits["jump"], f"one per action element, {size}")


def _check_fields(fields: list[dict[str, Any]], path: str) -> None:
    names = [field["name"] for field in fields]
    _expect(len(set(names)) == len(names), f"names of {path}", names, "different ones")
    for field in fields:
        name, low, high, elements = (field[key] for key in ("name", "low", "high", "element_names"))
        _expect(len(set(elements)) == len(elements), f"elements of {name}", elements, "different ones")
        sizes = [field["size"], len(elements), len(low), len(high)]
        _expect(len(set(sizes)) == 1, f"sizes within {name}", sizes, "equal ones")
        _expect(np.less(low, high).all(), f"low of {name}", low, f"numbers below high, {_shown(high)}")
    size = sum(field["size"] for field in fields)
    _expect(size <= MAX_WIDTH, f"size of {path}", size, f"at most {MAX_WIDTH}")


def _check_order(metadata: dict[str, Any], entries: Mapping[str, str]) -> None:
    """Refuse joints or sensors that stand in one order here and in another there.

    Raises:
        PolicyError: names both places.
    """
    robot, fields = metadata["robot"], [*metadata["observations"], *metadata["actions"]]
    joints = robot["joint_names"]
    _expect(len(set(joints)) == len(joints), "robot.joint_names", joints, "different ones")
    for key, values in (
        ("joint_names", joints),
        ("observation_names", [field["name"] for field in metadata["observations"]]),
        ("default_joint_pos", [repr(float(value)) for value in robot["home"]]),
    ):
        _expect(
            entries.get(key) == ",".join(values), key, entries.get(key), f"as in policy_metadata, {values}"
        )
    for field in fields:
        elements = field["element_names"]
        strange = elements != joints and set(elements) == set(joints)
        _expect(
            not strange, f"elements of {field['name']}", elements, f"the order of robot.joint_names, {joints}"
        )
    if metadata["control"]["type"] != "cartesian_delta":
        arm = metadata["actions"][0]["element_names"]
        _expect(
            arm == joints and len(metadata["actions"]) == 2, "first of actions", arm, f"the joints, {joints}"
        )


def _check_inputs(session: onnxruntime.InferenceSession, metadata: dict[str, Any]) -> None:
    """Refuse a graph that takes or returns something else than the metadata says."""
    described = {field["name"]: field["size"] for field in metadata["observations"]}
    size = sum(field["size"] for field in metadata["actions"])
    if metadata["inputs"] == "obs":
        described = {"obs": sum(described.values())}
    if metadata["control"]["low_pass_hz"] is not None:
        described |= {"last_actions": size, "has_last": 1}
    described["actions"] = size
    nodes = [*session.get_inputs(), *session.get_outputs()]
    found = {node.name: node.shape[-1] if node.shape else None for node in nodes}
    if found != described or {node.type for node in nodes} != {"tensor(float)"}:
        raise PolicyError(f"describes {described} but its graph has {found}")


def _expect(fits: object, what: str, value: object, expected: str) -> None:
    if not fits:
        raise PolicyError(f"has {_shown(value)} as {what}, expected {expected}")


def _parse_json(text: str | bytes) -> Any:  # noqa: ANN401
    """JSON in which every key counts: none twice, and no number that is none."""
    try:
        return json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise PolicyError("holds JSON that is nested too deeply") from error
    except PolicyError:
        raise
    except ValueError as error:  # also for integers longer than Python converts
        raise PolicyError(f"holds JSON that cannot be read: {_shown(str(error))}") from error


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise PolicyError(f"holds JSON with one key twice among {_shown([key for key, _ in pairs])}")
    return dict(pairs)


def _refuse_constant(name: str) -> NoReturn:
    raise PolicyError(f"holds JSON with {name}, which is no number")


def _ends(fields: list[dict[str, Any]]) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bounds of a flat vector. Shape (size,) each."""
    return np.concatenate([f["low"] for f in fields]), np.concatenate([f["high"] for f in fields])


def _refuse_outside(
    names: list[str], values: FloatArray, low: FloatArray, high: FloatArray, by: float = OUTSIDE
) -> None:
    slack = by * (high - low)
    for i in np.flatnonzero((values < low - slack) | (values > high + slack)):
        raise PolicyError(
            f"{names[i]!r} is measured at {values[i]:.4g}, outside {low[i]:.4g} to {high[i]:.4g}; "
            "look at its unit and frame, the order of the joints, the sensor"
        )


def _as_vector(values: ArrayLike, what: str, size: int) -> FloatArray:
    """A finite float64 copy. Shape (size,)."""
    vector = _as_array(values, what).astype(np.float64)
    if vector.shape != (size,):
        raise PolicyError(f"{what} has shape {vector.shape}, expected ({size},)")
    if not np.isfinite(vector).all():
        raise PolicyError(f"{what} is not finite")
    return vector


def _as_float32(values: ArrayLike, what: str) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):  # becomes infinite, which is refused as such
        return _as_array(values, what).astype(np.float32)


def _as_array(values: ArrayLike | None, what: str) -> NDArray[Any]:
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise PolicyError(f"{what} is not an array of numbers") from error
    if array.dtype.kind not in "biuf":
        raise PolicyError(f"{what} is not an array of numbers but of {array.dtype}")
    return array


def _shown(value: object) -> str:
    """A value in one short line."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


def main() -> int:
    """Command line: say what a policy file needs, or test that it runs here."""
    parser = argparse.ArgumentParser(description="Look at an exported policy.")
    parser.add_argument("policy", type=Path, help="policy.onnx")
    parser.add_argument(
        "--self-test", action="store_true", help="run it; replay test_vectors.json where that lies beside it"
    )
    arguments = parser.parse_args()
    vectors = arguments.policy.with_name("test_vectors.json")
    try:
        policy = load_policy(arguments.policy)
        if arguments.self_test:
            print(self_test(policy, vectors if vectors.exists() else None))
        else:
            print(json.dumps(policy.metadata, indent=2))
    except PolicyError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
