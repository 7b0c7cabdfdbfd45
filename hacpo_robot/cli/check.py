"""``hacpo-robot check robot NAME_OR_FILE``: what is right with it, and what to mend."""

import argparse
import sys

from hacpo_robot.catalog import load_robot
from hacpo_robot.errors import UnknownNameError
from hacpo_robot.study.check_robot import check_robot

KINDS = ("robot",)
EXIT_FAULTS = 1


def run(arguments: list[str]) -> None:
    """Print a line per check; exit code 1 where something is to mend."""
    parser = argparse.ArgumentParser("hacpo-robot check", description=__doc__)
    parser.add_argument("kind", help="robot")
    parser.add_argument("name", help="a name of `hacpo-robot list robots`, or a Python file")
    chosen = parser.parse_args(arguments)
    if chosen.kind not in KINDS:
        raise UnknownNameError("kind", chosen.kind, KINDS)
    robot, faults = load_robot(chosen.name), 0
    for finding in check_robot(robot):
        faults += finding.fault is not None
        print(f"{'mend' if finding.fault else 'ok':<5} {finding.check}", flush=True)
        if finding.fault:
            print(f"      {finding.fault}", flush=True)
    print(f"{robot.name}: {faults} to mend" if faults else f"{robot.name}: ready to train")
    sys.exit(EXIT_FAULTS if faults else 0)
