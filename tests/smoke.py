"""Run by `make build` with the python of a fresh environment that holds nothing but the built wheel."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

import hacpo_robot
from hacpo_robot.catalog import load_robot, load_task, robot_names, task_names
from hacpo_robot.envs.vector import make_vec_env


def main() -> None:
    """Import, list, step, call the command line."""
    place = Path(hacpo_robot.__file__).resolve()
    assert Path(sys.prefix).resolve() in place.parents, f"imported {place}, not the wheel"
    assert {"panda", "ur5e", "kinova3"} <= set(robot_names()), robot_names()
    assert {"lift", "reach"} <= set(task_names()), task_names()

    env = make_vec_env(load_robot("panda"), load_task("lift"), n_envs=2, seed=0)
    observation = env.reset()
    for _ in range(5):
        observation, reward, _, _ = env.step(np.zeros((2, env.action_space.shape[0])))
    assert np.isfinite(observation).all()
    assert (reward >= 0).all()
    env.close()

    command = [str(Path(sys.executable).parent / "hacpo-robot"), "list"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert {"panda", "lift", "demo", "sharing"} <= set(listed.split()), listed
    print(f"hacpo-robot {version('hacpo-robot')}: the wheel works")  # noqa: T201


if __name__ == "__main__":
    main()
