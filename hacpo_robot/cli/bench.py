"""``hacpo-robot bench``: simulation speed beside robosuite's own, and how fast an exported policy answers."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from hacpo_robot.catalog import load_robot, robot_names
from hacpo_robot.study.bench import Speed, machine, measure, measure_latency
from hacpo_robot.versions import current_commit


def run(arguments: list[str]) -> None:
    """Measure every arm, print the table, write JSON."""
    parser = argparse.ArgumentParser("hacpo-robot bench", description=__doc__)
    known = [name for name in robot_names() if load_robot(name).robosuite_name is not None]
    parser.add_argument("--robots", nargs="+", default=known, help="all that robosuite has when not given")
    parser.add_argument("--task", default="lift")
    parser.add_argument("--json", type=Path, help="file to write the figures to")
    chosen = parser.parse_args(arguments)
    print(f"{'robot':<10} {'steps/s':>9} {'robosuite':>10} {'ratio':>7} {'overhead':>9}", flush=True)
    speeds = []
    for robot in chosen.robots:
        speeds.append(measure(robot, chosen.task))
        print(_line(speeds[-1]), flush=True)
    latency = measure_latency(chosen.robots[0], chosen.task)
    print(f"exported {latency.robot}: median {latency.median_us:.0f} us, 99 % within {latency.p99_us:.0f} us")
    if chosen.json is not None:
        rows = [{**asdict(s), "ratio": s.ratio} for s in speeds]
        report = {
            "machine": machine(),
            "commit": current_commit(),
            "speeds": rows,
            "latency": asdict(latency),
        }
        chosen.json.write_text(json.dumps(report, indent=2) + "\n")


def _line(speed: Speed) -> str:
    return (
        f"{speed.robot:<10} {speed.ours:>9,.0f} {speed.robosuite:>10,.0f} {speed.ratio:>6.0f}x "
        f"{speed.overhead:>9.1%}"
    )
