"""``hacpo-robot check robot|task|policy NAME_OR_FILE``: what is right with it, and what to mend."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hacpo_robot.catalog import able_robots, load_fleet, load_robot, load_task
from hacpo_robot.errors import InvalidSpecError, UnknownNameError
from hacpo_robot.study.finding import Finding

EXIT_FAULTS = 1


def run(arguments: list[str]) -> None:
    """Print a line per check; exit code 1 where something is to mend."""
    parser = argparse.ArgumentParser("hacpo-robot check", description=__doc__)
    parser.add_argument("kind", help=" or ".join(KINDS))
    parser.add_argument("name", help="robot or task: a listed one or a Python file; policy: policy.onnx")
    parser.add_argument(
        "--robots",
        nargs="+",
        default=[],
        help="that a task is meant for; all that can do it by default",
    )
    chosen = parser.parse_args(arguments)
    if chosen.kind not in KINDS:
        raise UnknownNameError("kind", chosen.kind, KINDS)
    if chosen.robots and chosen.kind != "task":
        raise InvalidSpecError("--robots is for the check of a task")
    prepare, praise = KINDS[chosen.kind]
    (name, findings), faults = prepare(chosen.name, chosen.robots), 0
    for finding in findings:
        faults += finding.fault is not None
        print(f"{'mend' if finding.fault else 'ok':<5} {finding.check}", flush=True)
        if finding.fault:
            print(f"      {finding.fault}", flush=True)
    print(f"{name}: {faults} to mend" if faults else f"{name}: {praise}")
    sys.exit(EXIT_FAULTS if faults else 0)


def _robot(name: str, _: Sequence[str]) -> tuple[str, Iterator[Finding]]:
    from hacpo_robot.study.check_robot import check_robot

    robot = load_robot(name)
    return robot.name, check_robot(robot)


def _task(name: str, robots: Sequence[str]) -> tuple[str, Iterator[Finding]]:
    from hacpo_robot.study.check_task import check_task

    task = load_task(name)
    return task.full_name, check_task(task, load_fleet(robots, task) if robots else able_robots(task))


def _policy(name: str, _: Sequence[str]) -> tuple[str, Iterator[Finding]]:
    from hacpo_robot.study.check_policy import check_policy

    return name, check_policy(Path(name))


KINDS: dict[str, tuple[Callable[[str, Sequence[str]], tuple[str, Iterator[Finding]]], str]] = {
    "robot": (_robot, "ready to train"),
    "task": (_task, "ready to train"),
    "policy": (_policy, "ready to leave"),
}
