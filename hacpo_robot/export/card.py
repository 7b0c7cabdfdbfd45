"""The README of an exported policy: what it does, what it reads, what it commands."""

from collections.abc import Iterable

from hacpo_robot.envs.cell import GRIPPER_SPEED
from hacpo_robot.export.metadata import CONTROL_TYPES, PolicyDescription
from hacpo_robot.specs.signature import Field

CARD = """\
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

{observations}

## Commands

`{control}` at {control_hz} Hz. The arm moves from where it is now, not from its last target.
The gripper goes from -1 (closed) to 1 (open); in training it followed by at most {gripper_speed} per command.

{actions}

{parity}
Everything above, for programs: `policy.json`, also inside the file as `policy_metadata`.
"""


def model_card(description: PolicyDescription) -> str:
    """Markdown for people who meet the policy for the first time."""
    provenance = description.provenance
    return CARD.format(
        robot=description.robot.name,
        task=description.task,
        n_joints=description.robot.n_joints,
        step=f"{provenance.step:,}",
        run=provenance.run,
        seed=provenance.seed,
        sharing=provenance.sharing,
        fleet=", ".join(provenance.robots),
        success=_success(description),
        arguments=", ".join(f'"{name}": {name}' for name in description.observation.names),
        observations=_table(description.observation.fields),
        control=CONTROL_TYPES[type(description.robot.action)],
        control_hz=description.control_hz,
        gripper_speed=GRIPPER_SPEED,
        actions=_table(description.action.fields),
        parity=_parity(description),
    )


def _success(description: PolicyDescription) -> str:
    evaluation = description.evaluation
    if evaluation is None:
        return "It was not evaluated."
    low, high = evaluation.pc_success_ci95
    return (
        f"In simulation it completes {evaluation.pc_success:.1f} % of {evaluation.n_episodes} "
        f"held-out episodes (95 % interval {low:.1f} to {high:.1f} %)."
    )


def _parity(description: PolicyDescription) -> str:
    parity = description.parity
    if parity is None:
        return "The file was not compared with the trained policy.\n"
    error, count = max(parity.max_abs_error.values()), sum(parity.n_samples.values())
    return (
        f"Largest difference between the file and the trained policy on {count} observations: "
        f"{error:.1e} command units.\n"
    )


def _table(fields: Iterable[Field]) -> str:
    rows = [
        f"| `{field.name}` | {', '.join(field.elements)} | {field.unit} | {field.frame or '-'} "
        f"| {min(field.low):.4g} to {max(field.high):.4g} |"
        for field in fields
    ]
    return "\n".join(["| name | elements | unit | frame | range |", "| --- | --- | --- | --- | --- |", *rows])
