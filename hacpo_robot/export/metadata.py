"""What an exported file says about itself, so that nobody has to guess an order, a unit or a frame."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hacpo_robot.control.cartesian import UPRIGHT_GAIN
from hacpo_robot.control.gripper import GRIPPER_SPEED
from hacpo_robot.export.interface import Interface
from hacpo_robot.export.limits import Limits
from hacpo_robot.export.parity import ParityReport
from hacpo_robot.export.runtime import SCHEMA_VERSION
from hacpo_robot.specs.action import CartesianDelta, JointPositionDelta, JointVelocity
from hacpo_robot.specs.robot import GripperSpec, RobotSpec
from hacpo_robot.specs.signature import Field, Signature

CONTROL_TYPES = {
    JointPositionDelta: "joint_position_delta",
    JointVelocity: "joint_velocity",
    CartesianDelta: "cartesian_delta",
}


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where a policy comes from."""

    run: str
    """Run folder."""
    step: int
    """Environment steps that the policy was trained for."""
    seed: int
    sharing: str
    """Kind of sharing, ``none`` where the robot learned alone."""
    robots: tuple[str, ...]
    """Every robot of the fleet, this one included."""
    randomization: str = "none"
    """How much the worlds differed, by name of the level."""


@dataclass(frozen=True, kw_only=True)
class ReportedEvaluation:
    """Outcome of held-out episodes."""

    n_episodes: int
    n_success: int
    pc_success_ci95: tuple[float, float]
    """95 % interval of the success rate [%]."""

    @property
    def pc_success(self) -> float:
        """Episodes that ended in success [%]."""
        return 100.0 * self.n_success / self.n_episodes


@dataclass(frozen=True, kw_only=True)
class Normalization:
    """How observations are normalised inside the graph."""

    clip: float
    epsilon: float
    count: float
    """Observations behind the statistics."""


@dataclass(frozen=True, kw_only=True)
class ArmModel:
    """What the compiled model says of the arm, per joint in control order."""

    low: tuple[float | None, ...]
    """Least position [rad, prismatic m]; ``None`` where the joint turns without end."""
    high: tuple[float | None, ...]
    stiffness: tuple[float, ...]
    """Of the servo that the policy was trained on [Nm/rad]."""
    damping: tuple[float, ...]
    """[Nm s/rad]."""


@dataclass(frozen=True, kw_only=True)
class PolicyDescription:
    """Everything that is known about one exported policy."""

    robot: RobotSpec
    task: str
    observation: Signature
    action: Signature
    control_hz: float
    normalization: Normalization
    provenance: Provenance
    body: ArmModel
    interface: Interface
    limits: Limits
    package_version: str
    created_at: str
    """UTC, ISO 8601."""
    evaluation: ReportedEvaluation | None = None
    """``None`` where the policy was not evaluated."""
    parity: ParityReport | None = None
    """``None`` where the file was not compared yet."""


def make_metadata(description: PolicyDescription) -> dict[str, str]:
    """All entries of ``metadata_props``.

    ``policy_metadata`` comes last on purpose: a file that lost its end has lost that entry.
    """
    document = json.dumps(policy_metadata(description), allow_nan=False)
    return {**flat_metadata(description), "policy_metadata": document}


def flat_metadata(description: PolicyDescription) -> dict[str, str]:
    """The flat keys that mjlab writes, for readers that know those; numbers at full precision.

    ``action_scale`` is what a reader multiplies the output with to get commands. The graph has
    done that already, so it is 1 for every element.
    """
    robot = description.robot
    return {
        "run_path": description.provenance.run,
        "joint_names": _joined(robot.arm.joints),
        "joint_stiffness": _joined(description.body.stiffness),
        "joint_damping": _joined(description.body.damping),
        "default_joint_pos": _joined(robot.arm.home),
        "command_names": "",
        "observation_names": _joined(description.observation.names),
        "action_scale": _joined([1.0] * description.action.size),
    }


def policy_metadata(description: PolicyDescription) -> dict[str, Any]:
    """The versioned document, as JSON takes it."""
    robot, provenance, parity = description.robot, description.provenance, description.parity
    return {
        "schema_version": SCHEMA_VERSION,
        "package_version": description.package_version,
        "created_at": description.created_at,
        "source": {"run": provenance.run, "step": provenance.step},
        "task": description.task,
        "inputs": description.interface.inputs,
        "robot": _robot(robot, description.body),
        "control": {
            "type": CONTROL_TYPES[type(robot.action)],
            "frequency_hz": description.control_hz,
            "frame": description.action.fields[0].frame or None,
            "low_pass_hz": description.interface.low_pass_hz,
            "gripper_speed": gripper_speed(robot.gripper, description.control_hz),
            "upright_gain": upright_gain(robot),
        },
        "limits": _limits(description.limits),
        "observations": [_field(field) for field in description.observation.fields],
        "actions": [_field(field) for field in description.action.fields],
        "normalization": _normalization(description.normalization),
        "training": {
            "robots": list(provenance.robots),
            "seed": provenance.seed,
            "steps": provenance.step,
            "sharing": provenance.sharing,
            "randomization": provenance.randomization,
        },
        "evaluation": _evaluation(description.evaluation),
        "parity": None if parity is None else parity.as_json(),
    }


def gripper_speed(gripper: GripperSpec, control_hz: float) -> float:
    """How fast the width followed the command in training [m/s]."""
    return GRIPPER_SPEED / 2 * gripper.stroke * control_hz


def upright_gain(robot: RobotSpec) -> float | None:
    """Share of the tool's tilt that every command also took back in training; ``None`` where it took none."""
    action = robot.action
    return UPRIGHT_GAIN if isinstance(action, CartesianDelta) and action.rotation != "full" else None


def _robot(robot: RobotSpec, body: ArmModel) -> dict[str, object]:
    return {
        "name": robot.name,
        "n_joints": robot.n_joints,
        "joint_names": list(robot.arm.joints),
        "joint_units": list(robot.arm.joint_units),
        "home": list(robot.arm.home),
        "base_pos": list(robot.arm.base_pos),
        "joint_low": list(body.low),
        "joint_high": list(body.high),
        "gripper": robot.gripper.name,
        "gripper_width": [robot.gripper.min_width, robot.gripper.max_width],
    }


def _field(field: Field) -> dict[str, object]:
    return {
        "name": field.name,
        "size": field.size,
        "element_names": list(field.elements),
        "unit": field.unit,
        "frame": field.frame or None,
        "low": list(field.low),
        "high": list(field.high),
    }


def read_signature(fields: Iterable[Mapping[str, Any]]) -> Signature:
    """The layout that ``observations`` or ``actions`` of a document describe."""
    return Signature(tuple(Field.read(field, elements="element_names") for field in fields))


def _limits(limits: Limits) -> dict[str, object]:
    return {
        "joint_speed": None if limits.joint_speed is None else list(limits.joint_speed),
        "jump": list(limits.jump),
        "max_age_s": limits.max_age_s,
    }


def _normalization(normalization: Normalization) -> dict[str, object]:
    return {
        "folded": True,
        "clip": normalization.clip,
        "epsilon": normalization.epsilon,
        "count": normalization.count,
    }


def _evaluation(evaluation: ReportedEvaluation | None) -> dict[str, object] | None:
    if evaluation is None:
        return None
    return {
        "n_episodes": evaluation.n_episodes,
        "n_success": evaluation.n_success,
        "pc_success": evaluation.pc_success,
        "pc_success_ci95": list(evaluation.pc_success_ci95),
    }


def _joined(values: Iterable[str | float]) -> str:
    """Comma-joined; a number is written with the digits that give it back exactly."""
    return ",".join(value if isinstance(value, str) else repr(float(value)) for value in values)
