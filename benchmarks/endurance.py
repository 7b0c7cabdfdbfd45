"""One million random actions per arm on lift: how often physics failed, and that nothing else did.

    python benchmarks/endurance.py [ROBOT ...]

Writes ``benchmarks/endurance.json`` after every arm; what it holds of other arms stays.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from hacpo_robot.catalog import load_robot, load_task, robot_names
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.study.bench import machine
from hacpo_robot.versions import current_commit

N_ENVS = 64
STEPS = 1_000_000
TASK = "lift"
RESULT = Path(__file__).with_suffix(".json")


def main() -> None:
    """Shake the arms that are named, or all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("robots", nargs="*", default=robot_names())
    robots = json.loads(RESULT.read_text())["robots"] if RESULT.exists() else {}
    for name in parser.parse_args().robots:
        robots[name] = shake(name)
        print(name, robots[name], flush=True)  # noqa: T201
        origin = {"machine": machine(), "commit": current_commit()}
        RESULT.write_text(json.dumps(origin | {"task": TASK, "robots": robots}, indent=2) + "\n")


def shake(name: str) -> dict[str, float]:
    """Random actions, another one in every world at every step.

    Raises:
        FloatingPointError: an observation or a reward is not finite.
    """
    env = make_vec_env(load_robot(name), load_task(TASK), N_ENVS, seed=0)
    rng, began = np.random.default_rng(0), time.perf_counter()
    env.reset()
    n_steps = -(-STEPS // N_ENVS)
    for _ in range(n_steps):
        observation, reward, _, _ = env.step(rng.uniform(-1.0, 1.0, (N_ENVS, env.action_signature.size)))
        if not (np.isfinite(np.asarray(observation)).all() and np.isfinite(reward).all()):
            raise FloatingPointError(f"{name}: an observation or a reward is not finite")
    env.close()
    return {
        "steps": n_steps * N_ENVS,
        "episodes_broken": env.n_broken,
        "episodes_lost": env.n_lost,
        "wall_s": round(time.perf_counter() - began, 1),
    }


if __name__ == "__main__":
    main()
