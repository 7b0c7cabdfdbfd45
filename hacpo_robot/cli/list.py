"""``hacpo-robot list robots|tasks|presets|studies``."""

import argparse

from hacpo_robot.catalog import load_robot, load_task, robot_names, task_names
from hacpo_robot.errors import UnknownNameError
from hacpo_robot.specs.sensor import FRAMES
from hacpo_robot.study.plan import load_plan, plan_names
from hacpo_robot.study.presets import load_preset, preset_names

KINDS = ("robots", "tasks", "presets", "studies")


def run(arguments: list[str]) -> None:
    """Print what exists, a line each."""
    parser = argparse.ArgumentParser("hacpo-robot list", description="What can be trained.")
    parser.add_argument("kind", nargs="?", help="robots, tasks, presets or studies; all when not given")
    kind = parser.parse_args(arguments).kind
    if kind is not None and kind not in KINDS:
        raise UnknownNameError("kind", kind, KINDS)
    for each in KINDS if kind is None else (kind,):
        if kind is None:
            print(f"{each}:")
        for line in _lines(each):
            print(f"  {line}" if kind is None else line)


def _lines(kind: str) -> list[str]:
    if kind == "robots":
        return [_robot_line(name) for name in robot_names()]
    if kind == "tasks":
        return [_task_line(name) for name in task_names()]
    if kind == "studies":
        return [_study_line(name) for name in plan_names()]
    return [_preset_line(name) for name in preset_names()]


def _robot_line(name: str) -> str:
    robot = load_robot(name)
    senses = ", ".join(s.quantity + f"@{s.frame}" * (s.quantity in FRAMES) for s in robot.sensors)
    unable = "".join(f"; not {ability}: {reason}" for ability, reason in robot.unable.items())
    return (
        f"{name:<10} {robot.n_joints} joints, {robot.gripper.name}, {type(robot.action).__name__}; "
        f"senses {senses}{unable}"
    )


def _task_line(name: str) -> str:
    task = load_task(name)
    needs = f"; needs {', '.join(task.needs)}" if task.needs else ""
    presets = "".join(f"; also {name}:{preset}" for preset in task.presets)
    return f"{name:<10} {task.horizon_s:g} s; rewards {', '.join(task.rewards)}{needs}{presets}"


def _preset_line(name: str) -> str:
    settings = load_preset(name)
    return (
        f"{name:<10} {' '.join(settings.robots)} on {settings.task}, "
        f"{settings.steps} steps each, sharing {settings.sharing}"
    )


def _study_line(name: str) -> str:
    plan = load_plan(name)
    return (
        f"{name:<10} {' '.join(plan.conditions)} on {' '.join(plan.tasks)}, "
        f"{len(plan.fleets)} fleets, {plan.seeds} seeds: {len(plan.cells(plan.seeds))} runs"
    )
