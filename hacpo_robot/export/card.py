"""The README of an exported policy, as a model hub shows it: what it does, reads and commands."""

from collections.abc import Iterable, Sequence

import yaml

from hacpo_robot.export.metadata import CONTROL_TYPES, PolicyDescription, gripper_speed, upright_gain
from hacpo_robot.markdown import table
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.signature import Field

LICENSE = "apache-2.0"
LIBRARY = "hacpo-robot"
CARD = """\
---
{front}---

# {robot} on {task}

A policy for **{robot}** ({n_joints} joints), trained on the task **{task}** for {step} environment steps
(run `{run}`, seed {seed}, sharing `{sharing}`, fleet {fleet}).
{success}

It needs Python with `numpy` and `onnxruntime`: no simulator, no torch, no other robot. It was trained in
simulation; try it on hardware slowly, inside the limits of your arm, and with a hand on the stop button.

```python
from runtime import load_policy

policy = load_policy("policy.onnx")
command = policy.act({{{arguments}}})
```

Check an installation: `python runtime.py policy.onnx --self-test`

## Reads

Raw sensor values, in this order where one flat vector is used. Normalisation is inside the file.
A reading older than {max_age:.3g} s is stale.

{observations}

## Commands

`{control}` at {control_hz} Hz. The arm moves from where it is now, not from its last target.{upright}
The gripper is commanded by the width between its fingertips.
In training that followed at {gripper_speed:.3g} m/s.
{low_pass}

{actions}

## Limits

{joints}

It knows this arm, this gripper and what the task showed it in simulation. It sees no obstacles, no people,
and nothing that its sensors do not tell it.

## Proof

{parity}
`test_vectors.json` holds recorded inputs with the commands that they must lead to, for other engines.
Everything above, for programs: `policy.json`, also inside the file as `policy_metadata`.

Licence: Apache-2.0.
"""


def model_card(description: PolicyDescription) -> str:
    """Markdown for people who meet the policy for the first time, under front matter for programs."""
    provenance, robot, limits = description.provenance, description.robot, description.limits
    return CARD.format(
        front=yaml.safe_dump(_front_matter(description), sort_keys=False),
        robot=robot.name,
        task=description.task,
        n_joints=robot.n_joints,
        step=f"{provenance.step:,}",
        run=provenance.run,
        seed=provenance.seed,
        sharing=provenance.sharing,
        fleet=", ".join(provenance.robots),
        success=_success(description),
        arguments=", ".join(f'"{name}": {name}' for name in description.observation.names),
        max_age=limits.max_age_s,
        observations=_fields(description.observation.fields),
        control=CONTROL_TYPES[type(robot.action)],
        control_hz=description.control_hz,
        upright=_upright(robot),
        gripper_speed=gripper_speed(robot.gripper, description.control_hz),
        low_pass=_low_pass(description),
        actions=_fields(description.action.fields, limits.jump),
        joints=_joints(description),
        parity=_parity(description),
    )


def _front_matter(description: PolicyDescription) -> dict[str, object]:
    """What a model hub reads."""
    robot, task = description.robot.name, description.task
    tags = ["robotics", "reinforcement-learning", "manipulation", "onnx", LIBRARY, robot, task]
    front: dict[str, object] = {
        "license": LICENSE,
        "library_name": LIBRARY,
        "pipeline_tag": "robotics",
        "tags": tags,
    }
    if description.evaluation is not None:
        completion = description.evaluation.pc_success
        result = {
            "task": {"type": "robotics", "name": task},
            "dataset": {"type": f"{LIBRARY}/{task}", "name": f"{task} with {robot}, held-out starts"},
            "metrics": [{"type": "success_rate", "name": "completion [%]", "value": completion}],
        }
        front["model-index"] = [{"name": f"{robot}-{task}", "results": [result]}]
    return front


def _success(description: PolicyDescription) -> str:
    evaluation = description.evaluation
    if evaluation is None:
        return "It was not evaluated."
    low, high = evaluation.pc_success_ci95
    return (
        f"In simulation it completes {evaluation.pc_success:.1f} % of {evaluation.n_episodes} "
        f"held-out episodes (95 % interval {low:.1f} to {high:.1f} %)."
    )


def _upright(robot: RobotSpec) -> str:
    gain = upright_gain(robot)
    if gain is None:
        return ""
    return f"\nThe tool is held pointing down: with every command {gain:.0%} of its tilt is taken back."


def _low_pass(description: PolicyDescription) -> str:
    cutoff = description.interface.low_pass_hz
    if cutoff is None:
        return "Commands are not smoothed."
    return f"Commands are smoothed by a low pass of {cutoff:g} Hz: call `reset()` where an episode begins."


def _parity(description: PolicyDescription) -> str:
    parity = description.parity
    if parity is None:
        return "The file was not compared with the trained policy.\n"
    count = sum(parity.n_samples.values())
    sentences = [
        f"Largest difference from the trained policy on {count} recorded, random and extreme observations: "
        f"{_largest(parity.max_abs_error)}."
    ]
    if parity.closed_loop is not None:
        loop = parity.closed_loop
        sentences.append(
            f"From the same {loop.n_episodes} starts the trained policy succeeds {loop.n_success} times, "
            f"the file {loop.n_success_file} times; {loop.n_same} episodes end alike."
        )
    return "\n".join(sentences) + "\n"


def _largest(errors: dict[str, dict[str, float]]) -> str:
    return ", ".join(f"{max(sets.values()):.1e} in {engine}" for engine, sets in errors.items())


def _fields(fields: Iterable[Field], jump: Sequence[float] = ()) -> str:
    """A row per field; with the largest change between consecutive commands where given."""
    header, rows, at = ["name", "elements", "unit", "frame", "range"], [], 0
    for field in fields:
        row = [f"`{field.name}`", ", ".join(field.elements), field.unit, field.frame or "-"]
        row.append(f"{min(field.low):.4g} to {max(field.high):.4g}")
        if jump:
            row.append(", ".join(f"{value:.3g}" for value in jump[at : at + field.size]))
            at += field.size
        rows.append(row)
    return table(header + ["largest change"] * bool(jump), rows)


def _joints(description: PolicyDescription) -> str:
    """A row per joint."""
    arm, body = description.robot.arm, description.body
    units = arm.joint_units
    speeds = description.limits.joint_speed or [None] * len(units)
    rows = [
        [f"`{joint}`", unit, _number(low), _number(high), _number(speed)]
        for joint, unit, low, high, speed in zip(arm.joints, units, body.low, body.high, speeds, strict=True)
    ]
    return table(["joint", "unit", "least", "greatest", "largest speed, per s"], rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
