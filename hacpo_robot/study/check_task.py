"""Looks a task over before anyone trains on it: each check says what is right, or what to mend."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.envs.expert import ScriptedExpert
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.errors import HacpoError
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import TaskSpec
from hacpo_robot.specs.terms import TaskState
from hacpo_robot.study.finding import Finding

N_EPISODES = 20
"""Of every way to move."""
DONE, CHANCE = 0.95, 0.1
"""Shares of episodes in which the script must, and chance or standing still may, succeed."""
REST = 0.005
"""How far an object may settle when nobody touches it [m]."""
SETTLING = 20
"""Control steps that it is given."""
MakeAct = Callable[[ScriptedExpert, np.random.Generator], Callable[[], FloatArray]]
"""Ways to move: from an expert, which knows the cell, and a generator to what acts."""


@dataclass(frozen=True)
class Played:
    """One episode in each of some worlds, nothing reset on the way."""

    states: list[TaskState]
    """At the start, and after every step. Length n_steps + 1."""
    success: NDArray[np.bool_]
    """After every step. Shape (n_steps, n_worlds)."""
    lost: NDArray[np.bool_]
    """An object left the workspace, or physics failed. Shape (n_steps, n_worlds)."""

    @property
    def share(self) -> float:
        """Of the episodes that end in success."""
        return float((self.success[-1] & ~self.lost.any(axis=0)).mean())


@dataclass(frozen=True)
class Trials:
    """A task as one robot meets it."""

    task: TaskSpec
    still: Played
    chance: Played
    script: Played

    @property
    def all(self) -> tuple[Played, ...]:
        """Whatever was played."""
        return self.still, self.chance, self.script


def check_task(task: TaskSpec, robots: Sequence[RobotSpec]) -> Iterator[Finding]:
    """All checks, one after the other; without a working model only the first.

    Args:
        task: To look at.
        robots: That can do it. The first one plays for all checks, the others the script.
    """
    if not robots:
        yield Finding("some robot can do it", "none has all abilities in `needs`")
        return
    first, *others = robots
    try:
        trials = Trials(task, *(play(first, task, act) for act in (_still, _by_chance, _by_script)))
    except (HacpoError, ValueError, KeyError, IndexError) as error:
        yield Finding(f"can be played with {first.name}", f"{type(error).__name__}: {error}")
        return
    yield Finding(f"can be played with {first.name}")
    for name, check in CHECKS.items():
        yield Finding(name, check(trials))
    yield _judge_script(first, trials.script)
    for robot in others:
        yield _judge_script(robot, play(robot, task, _by_script))


def check_rest(trials: Trials) -> str | None:
    """Objects stay where they start while nobody touches them."""
    places = np.stack([state.object_pos_w for state in trials.still.states[: SETTLING + 1]])
    if trials.still.lost.any():
        return "an object leaves the workspace by itself; compare start with workspace and TABLE_TOP"
    moved = np.linalg.norm(places - places[0], axis=-1).max(axis=(0, 1), initial=0.0)
    restless = [
        f"{prop.name!r} by {way:.3f} m"
        for prop, way in zip(trials.task.props, moved, strict=True)
        if way > REST
    ]
    if not restless:
        return None
    return (
        f"moved though nobody touched it: {', '.join(restless)}; compare start.z with half_size and TABLE_TOP"
    )


def check_finite(trials: Trials) -> str | None:
    """Reward terms lie in [0, 1], whatever happens."""
    for name, term in trials.task.rewards.items():
        for played in trials.all:
            values = np.stack([term.value(state) for state in played.states])
            if not ((values >= 0.0) & (values <= 1.0)).all():
                return f"{name!r} is {values.min():g} to {values.max():g}; reward terms lie in [0, 1]"
    return None


def check_axes(trials: Trials) -> str | None:
    """Terms and success take any number of axes in front, as states of a whole rollout have them."""
    states = trials.script.states[:: max(1, len(trials.script.states) // 8)]
    stacked = TaskState(
        **{f.name: np.stack([getattr(state, f.name) for state in states]) for f in fields(TaskState)}
    )
    functions = {name: term.value for name, term in trials.task.rewards.items()}
    for name, value in (functions | {"success of the task": trials.task.success}).items():
        apart = np.stack([value(state) for state in states])
        try:
            together = np.asarray(value(stacked))
        except (ValueError, IndexError) as error:
            return f"{name!r} fails on states of two axes ({error}); index from the end: [..., 0, :]"
        if together.shape != apart.shape or not np.allclose(together, apart):
            return f"{name!r} differs between states alone and stacked; index from the end: [..., 0, :]"
    return None


def check_pay(trials: Trials) -> str | None:
    """Every success pays more than anything else that happened: nobody parks just short of it."""
    pay = np.concatenate([[_pay(trials.task, state) for state in played.states[1:]] for played in trials.all])
    success = np.concatenate([played.success for played in trials.all])
    if not success.any() or success.all():
        return None
    most, least = pay[~success].max(), pay[success].min()
    if most < least:
        return None
    return f"a state without success pays {most:.2f}, one with success {least:.2f}; raise its weight"


def check_chance(trials: Trials) -> str | None:
    """Neither standing still nor random motion succeeds."""
    shares = {"standing still": trials.still.share, "random motion": trials.chance.share}
    for way, share in shares.items():
        if share > CHANCE:
            return (
                f"{way} succeeds in {share:.0%} of episodes; "
                "success must be a state that only the skill reaches, and lasts to the end of the episode"
            )
    return None


def play(robot: RobotSpec, task: TaskSpec, make_act: MakeAct) -> Played:
    """Some episodes side by side."""
    env = make_vec_env(robot, task, N_EPISODES, 0, n_threads=1)
    cell, expert = env.cell, ScriptedExpert(env.cell)
    act = make_act(expert, np.random.default_rng(0))
    states, success, lost = [cell.state], [], []
    for _ in range(env.horizon):
        outcome = cell.step(act())
        states.append(cell.state)
        success.append(outcome.success)
        lost.append(outcome.lost)
    env.close()
    return Played(states, np.stack(success), np.stack(lost))


def _still(expert: ScriptedExpert, _: np.random.Generator) -> Callable[[], FloatArray]:
    action = np.zeros((expert.cell.n_worlds, expert.cell.action_signature.size))
    action[:, -1] = 1.0  # the gripper stays open
    return lambda: action


def _by_chance(expert: ScriptedExpert, rng: np.random.Generator) -> Callable[[], FloatArray]:
    shape = expert.cell.n_worlds, expert.cell.action_signature.size
    return lambda: rng.uniform(-1.0, 1.0, shape)


def _by_script(expert: ScriptedExpert, _: np.random.Generator) -> Callable[[], FloatArray]:
    return expert.act


def _judge_script(robot: RobotSpec, played: Played) -> Finding:
    check = f"script does it with {robot.name}"
    if played.share >= DONE:
        return Finding(check)
    lost = f", {played.lost.any(axis=0).sum()} of them lost an object" if played.lost.any() else ""
    done = round(played.share * N_EPISODES)
    return Finding(
        check,
        f"{done} of {N_EPISODES} episodes end in success{lost}; mend the script, "
        "or name in `needs` what not every body has",
    )


def _pay(task: TaskSpec, state: TaskState) -> FloatArray:
    """Sum of the weighted terms. Shape (n_worlds,)."""
    return np.sum([term.weight * term.value(state) for term in task.rewards.values()], axis=0)


CHECKS: dict[str, Callable[[Trials], str | None]] = {
    "objects rest where they start": check_rest,
    "reward terms within [0, 1]": check_finite,
    "states of any number of axes": check_axes,
    "success pays more than all else": check_pay,
    "no success by standing still or by chance": check_chance,
}
