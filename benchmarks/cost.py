"""What sharing costs: its share of the time of four arms, and the cost per learner of large fleets.

    python benchmarks/cost.py [arms|toys] [--steps N] [--iterations N]

``arms`` trains the fleet of the study ``sharing`` and times every phase. ``toys`` trains 32 points in the
plane, three in four of whom succeed at once and teach the others, as one fleet and as eight fleets of 4 of
the same points; cost is counted per learner and iteration.

Writes ``benchmarks/cost.json`` after either; what it holds of the other stays. Three clocks run: the one on
the wall; processor time of all threads; and ``idle``, what the wall would show were nothing else running,
the time of the main thread and an equal share of the simulator's threads for every core.

Steps that are simulated in rehearsals and in babble count in the budget of an arm, and plain PPO would
simulate as many; so they are a phase of their own (``counted steps``) and no cost of sharing.
``share_with_counted_steps`` counts them there.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger

from hacpo_robot.envs.vector import ManipulationVecEnv
from hacpo_robot.learning import apprentice, calibrate, callback, rehearsal_worlds
from hacpo_robot.learning.fleet import Fleet
from hacpo_robot.learning.imitation import Imitator
from hacpo_robot.learning.learner import make_learner
from hacpo_robot.sharing import exchange, member
from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.training import PPOSettings, SharingSettings
from hacpo_robot.study import train
from hacpo_robot.study.bench import machine
from hacpo_robot.study.meter import Watch
from hacpo_robot.study.plan import load_plan
from hacpo_robot.study.run_folder import RunFolder
from hacpo_robot.versions import current_commit

BASE = next(cell.settings for cell in load_plan("sharing").cells(1) if cell.condition == "hacpo")
RESULT = Path(__file__).with_suffix(".json")
CLOCKS = ("wall", "cpu", "idle")
COUNTED_STEPS = "counted steps"
ELSEWHERE = frozenset({"rehearsal", "babble"})
"""Phases that simulate them."""
OWN = ("rollout", "ppo", COUNTED_STEPS)
"""Phases that plain PPO has too."""
PHASES = {
    "rollout": (PPO, "collect_rollouts"),
    COUNTED_STEPS: (ManipulationVecEnv, "step_wait"),
    "ppo": (PPO, "train"),
    "babble": (calibrate, "babble"),
    "fit": (calibrate, "fit_schema"),
    "refinement": (member, "refine_schema"),
    "choice": (Exchange, "choose_rehearsal"),
    "rehearsal": (rehearsal_worlds, "rehearse"),
    "adoption": (apprentice, "adopt"),
    "exchange": (Exchange, "share_experiences"),
    "topology": (exchange, "candidates"),
    "translation": (member, "translate"),
    "teacher": (exchange, "ask_teacher"),
    "cross phase": (Imitator, "learn"),
    "own gradient": (Imitator, "own_gradient"),
    "recording": (callback.HACPOCallback, "_on_step"),
    "before rollouts": (callback.HACPOCallback, "_on_rollout_start"),
    "after rollouts": (callback.HACPOCallback, "_on_rollout_end"),
}
"""Whose time is counted: where the function is looked up, and its name. Inner phases leave the outer ones."""
FLEETS = (4, 32)
"""Sizes that are compared; as many fleets of the small one as have the learners of the large one."""
TOY_PPO = PPOSettings(n_envs=16, n_steps=32)


class Clock:
    """Owner of the time spent in every phase, by each of ``CLOCKS`` [s]."""

    def __init__(self) -> None:
        """Stopped."""
        self.seconds: dict[str, FloatArray] = defaultdict(lambda: np.zeros(3))
        self.calls: dict[str, int] = defaultdict(int)
        self._open: list[str] = []
        self._since = self._now()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count all phases meanwhile."""
        with ExitStack() as stack:
            for phase, (owner, name) in PHASES.items():
                stack.enter_context(patch.object(owner, name, self._timed(phase, getattr(owner, name))))
            yield

    def _timed(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401
            self._charge()
            beside = not ELSEWHERE.isdisjoint(self._open)
            now = self._open[-1] if phase == COUNTED_STEPS and not beside else phase
            self._open.append(now)
            self.calls[now] += now == phase
            try:
                return function(*arguments, **more)
            finally:
                self._charge()
                self._open.pop()

        return call

    def _charge(self) -> None:
        """What passed since the last change belongs to the innermost phase."""
        now = self._now()
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        self._since = now

    @staticmethod
    def _now() -> FloatArray:
        process, main = time.process_time(), time.thread_time()
        idle = main + (process - main) / (os.cpu_count() or 1)
        return np.array([time.perf_counter(), process, idle])

    @property
    def total(self) -> FloatArray:
        """Of all phases."""
        return np.sum(list(self.seconds.values()), axis=0)

    def table(self, per: float = 1.0) -> dict[str, dict[str, float]]:
        """All phases, most expensive first."""
        order = sorted(self.seconds, key=lambda phase: -self.seconds[phase][2])
        return {
            phase: {"calls": float(self.calls[phase]), **by_clock(self.seconds[phase] / per)}
            for phase in order
        }

    def shares(self, own: Sequence[str] = OWN) -> dict[str, float]:
        """Of all phases but ``own`` in all that was counted, by each of the clocks."""
        return by_clock(1 - np.sum([self.seconds[phase] for phase in own], axis=0) / self.total)


def by_clock(values: FloatArray) -> dict[str, float]:
    """Values by the name of their clock."""
    return {name: round(float(value), 5) for name, value in zip(CLOCKS, values, strict=True)}


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("part", nargs="?", choices=["arms", "toys"], help="both when not given")
    parser.add_argument("--steps", type=int, default=BASE.steps, help="of every arm")
    parser.add_argument("--iterations", type=int, default=12, help="of every fleet of toys")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    for part in [chosen.part] if chosen.part else ["arms", "toys"]:
        measured = measure_arms(chosen.steps) if part == "arms" else measure_toys(chosen.iterations)
        document = json.loads(RESULT.read_text()) if RESULT.exists() else {}
        document |= {"machine": machine(), "commit": current_commit(), part: measured}
        RESULT.write_text(json.dumps(document, indent=2) + "\n")
        print(json.dumps(measured, indent=2), flush=True)  # noqa: T201


def measure_arms(steps: int) -> dict[str, Any]:
    """Time of every phase of one run; evaluation and export left out."""
    settings, clock = replace(BASE, steps=steps), Clock()
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(train, "finish", lambda *_: []),
        clock.running(),
    ):
        train.train(settings, RunFolder.create(Path(folder) / "run", settings), Watch())
    return {
        "settings": asdict(settings),
        "share_of_sharing": clock.shares(),
        "share_with_counted_steps": clock.shares([phase for phase in OWN if phase != COUNTED_STEPS]),
        "phases": clock.table(),
    }


def measure_toys(iterations: int) -> dict[str, Any]:
    """Cost per learner and iteration of a small and a large fleet."""
    small, large = (measure_fleets(n, iterations) for n in FLEETS)
    ratios = {key: round(large[key] / small[key], 3) for key in CLOCKS}
    return {"iterations": iterations, "ratio": ratios, str(FLEETS[0]): small, str(FLEETS[1]): large}


def measure_fleets(n_learners: int, iterations: int) -> dict[str, Any]:
    """Per learner and iteration [s], in all and by phase."""
    clock = Clock()
    steps = iterations * TOY_PPO.n_envs * TOY_PPO.n_steps
    for first in range(0, max(FLEETS), n_learners):
        fleet = make_toy_fleet(range(first, first + n_learners))
        with clock.running():
            fleet.run(steps, {learner.name: Logger(None, []) for learner in fleet.learners})
    turns = clock.calls["rollout"]
    return {
        "turns": turns,
        **by_clock(clock.total / turns),
        "phases": clock.table(per=turns),
    }


def make_toy_fleet(seeds: Sequence[int]) -> Fleet:
    """Calibrated points of two bodies; every fourth has a small goal, so that the others are ahead."""
    sys.path.insert(0, str(Path(__file__).parent.parent))  # the toys belong to the tests
    from tests.sharing.toy import THREE, TWO, ToyVecEnv, fitted

    meeting, learners = Exchange("hacpo", SharingSettings(), seed=0), []
    for seed in seeds:
        body, radius = (THREE, 0.15) if seed % 4 == 3 else (TWO, 0.9)
        env, worlds = (ToyVecEnv(body, n, seed, radius=radius) for n in (TOY_PPO.n_envs, 16))
        learners.append(make_learner(f"{body.name}{seed}", env, TOY_PPO, seed, meeting, worlds))
        learners[-1].member.schema = fitted(body)[0]
    return Fleet(learners, meeting)


if __name__ == "__main__":
    main()
