"""Looks a task over before anyone trains on it: each check says what is right, or what to mend."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from itertools import count, repeat

import numpy as np
from numpy.typing import NDArray

from hacpo_robot.envs.expert import ScriptedExpert
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.specs.robot import RobotSpec
from hacpo_robot.specs.signature import FloatArray
from hacpo_robot.specs.task import TaskSpec
from hacpo_robot.specs.terms import TaskState
from hacpo_robot.study.finding import Finding

MakeAct = Callable[[ScriptedExpert, np.random.Generator], Callable[[], FloatArray]]
"""Ways to move: from an expert, which knows the cell, and a generator to what acts."""
TaskFunction = Callable[[TaskState], NDArray[np.generic]]

N_EPISODES, SEED = 100, 1000
"""Of the script, the same as in the contract tests."""
N_OTHERS = 20
"""Of standing still and of chance."""
DONE, CHANCE = 0.95, 0.1
"""Shares of episodes in which the script must, and chance or standing still may, succeed."""
REST = 0.005
"""How far an object may settle while the arm stands still [m]."""
SETTLING = 20
"""Control steps that it is given."""
HELD = 10
"""Control steps that a random action is held: long enough for an arm to get somewhere."""
ROUNDING = 1e-6


@dataclass(frozen=True)
class Played:
    """One episode in each of some worlds, nothing reset on the way."""

    states: list[TaskState]
    """At the start, and after every step. Length n_steps + 1."""
    live: NDArray[np.bool_]
    """Whether the episode still runs, for every state: no object was lost. Shape (n_steps + 1, n_worlds)."""
    success: NDArray[np.bool_]
    """The same for success. Shape (n_steps + 1, n_worlds)."""
    broken: NDArray[np.bool_]
    """Physics failed on the way. Shape (n_worlds,)."""

    @property
    def n_successes(self) -> int:
        """Episodes that end in success."""
        return int((self.success[-1] & self.live[-1]).sum())

    @property
    def share(self) -> float:
        """Of the episodes that end in success."""
        return self.n_successes / self.live.shape[1]

    @property
    def n_lost(self) -> int:
        """Episodes that ended since an object left the workspace."""
        return int((~self.live[-1] & ~self.broken).sum())


@dataclass(frozen=True)
class Trials:
    """A task as one robot meets it."""

    task: TaskSpec
    still: Played
    chance: Played
    script: Played

    @property
    def ways(self) -> dict[str, Played]:
        """Whatever was played, by name."""
        return {"standing still": self.still, "random motion": self.chance, "the script": self.script}


def check_task(task: TaskSpec, robots: Sequence[RobotSpec]) -> Iterator[Finding]:
    """All checks, one after the other; where the task cannot be played only the first.

    Args:
        task: To look at; each of its presets is a task of its own.
        robots: That can do it. The first one plays for all checks, the others the script.
    """
    if not robots:
        yield Finding("some robot can do it", "none has all abilities in `needs`")
        return
    first, *others = robots
    check = f"can be played with {first.name}"
    try:
        trials = Trials(
            task,
            play(first, task, _still, N_OTHERS),
            play(first, task, _by_chance, N_OTHERS),
            play(first, task, _by_script),
        )
    except Exception as error:  # whatever functions of the task raise
        yield Finding(check, _told(error))
        return
    yield Finding(check)
    for name, look in CHECKS.items():
        yield _attempt(name, partial(look, trials))
    yield Finding(_script_check(first), check_script(trials.script))
    for robot in others:
        yield _attempt(_script_check(robot), lambda robot=robot: check_script(play(robot, task, _by_script)))


def check_shapes(trials: Trials) -> str | None:
    """Terms and success are one number per world, also for states with axes more, as of a whole rollout."""
    states = trials.script.states[:: max(1, len(trials.script.states) // 8)]
    stacked = TaskState(
        **{f.name: np.stack([getattr(state, f.name) for state in states]) for f in fields(TaskState)}
    )
    for name, value in _functions(trials.task).items():
        apart = [np.asarray(value(state)) for state in states]
        expected = states[0].tool_pos_w.shape[:-1]
        if apart[0].shape != expected:
            return (
                f"{name} has shape {apart[0].shape} for {expected[0]} worlds, expected {expected}; "
                "take one element of the last axis: [..., 0]"
            )
        try:
            together = np.asarray(value(stacked))
        except (ValueError, IndexError) as error:
            return f"{name} fails on states with two axes in front ({error}); index from the end: [..., 0, :]"
        if together.shape != (len(apart), *expected) or not np.allclose(together, apart, equal_nan=True):
            return f"{name} differs between states alone and stacked; index from the end: [..., 0, :]"
    return None


def check_bounds(trials: Trials) -> str | None:
    """Reward terms lie in [0, 1] wherever an episode still runs."""
    for name, term in trials.task.rewards.items():
        for way, played in trials.ways.items():
            values = np.stack([term.value(state) for state in played.states])[played.live]
            if not ((values >= -ROUNDING) & (values <= 1.0 + ROUNDING)).all():
                return (
                    f"{name!r} goes from {values.min():.3g} to {values.max():.3g} under {way}; "
                    "reward terms lie in [0, 1]"
                )
    return None


def check_physics(trials: Trials) -> str | None:
    """The simulation holds, whatever the arm does."""
    for way, played in trials.ways.items():
        if played.broken.any():
            return f"physics fails in {played.broken.sum()} of {len(played.broken)} episodes under {way}"
    return None


def check_rest(trials: Trials) -> str | None:
    """Objects stay where they start while the arm stands still."""
    if trials.still.n_lost:
        return "an object leaves the workspace by itself; compare its start with workspace and TABLE_TOP"
    places = np.stack([state.object_pos_w for state in trials.still.states[: SETTLING + 1]])
    moved = np.linalg.norm(places - places[0], axis=-1).max(axis=(0, 1), initial=0.0)
    restless = [
        f"{prop.name!r} by {way:.3f} m"
        for prop, way in zip(trials.task.props, moved, strict=True)
        if way > REST
    ]
    if not restless:
        return None
    return (
        f"moved while the arm stood still: {', '.join(restless)}; compare start.z with half_size and "
        "TABLE_TOP, and keep starts apart from each other (`clearance`) and from the arm"
    )


def check_pay(trials: Trials) -> str | None:
    """Every success pays more than anything else that happened: nobody parks just short of it."""
    ways = trials.ways.values()
    live = np.concatenate([played.live[1:].ravel() for played in ways])
    success = np.concatenate([played.success[1:].ravel() for played in ways]) & live
    pay = np.concatenate(
        [np.stack([_pay(trials.task, state) for state in played.states[1:]]).ravel() for played in ways]
    )
    if not success.any():
        return "no episode came to a success that could be compared; mend the script first"
    most, least = pay[live & ~success].max(initial=0.0), pay[success].min()
    if most < least:
        return None
    return f"a state without success pays {most:.2f}, one with success {least:.2f}; raise its weight"


def check_chance(trials: Trials) -> str | None:
    """Neither standing still nor random motion succeeds."""
    for way, played in list(trials.ways.items())[:2]:
        if played.share > CHANCE:
            return (
                f"{way} succeeds in {played.share:.0%} of episodes; "
                "success must be a state that only the skill reaches, and that lasts"
            )
    return None


def check_script(played: Played) -> str | None:
    """A robot does it by following the script."""
    if played.share >= DONE:
        return None
    lost = f" ({played.n_lost} lost an object)" if played.n_lost else ""
    return (
        f"{played.n_successes} of {len(played.broken)} episodes end in success{lost}; mend the script, "
        "or check with --robots the arms that it is meant for"
    )


def play(robot: RobotSpec, task: TaskSpec, make_act: MakeAct, n_episodes: int = N_EPISODES) -> Played:
    """Some episodes side by side.

    Raises:
        HacpoError: robot and task do not fit together. And whatever functions of the task raise.
    """
    env = make_vec_env(robot, task, n_episodes, SEED)
    cell = env.cell
    act = make_act(ScriptedExpert(cell), np.random.default_rng(SEED))
    states, success = [cell.state], [task.success(cell.state)]
    live, broken = [np.ones(n_episodes, bool)], np.zeros(n_episodes, bool)
    for _ in range(env.horizon):
        outcome = cell.step(act())
        states.append(cell.state)
        success.append(outcome.success)
        live.append(live[-1] & ~outcome.lost)
        broken |= outcome.broken
    env.close()
    return Played(states, np.stack(live), np.stack(success), broken)


def _still(expert: ScriptedExpert, _: np.random.Generator) -> Callable[[], FloatArray]:
    action = np.zeros((expert.cell.n_worlds, expert.cell.action_signature.size))
    action[:, -1] = 1.0  # the gripper stays open
    return lambda: action


def _by_chance(expert: ScriptedExpert, rng: np.random.Generator) -> Callable[[], FloatArray]:
    shape = expert.cell.n_worlds, expert.cell.action_signature.size
    actions = (action for _ in count() for action in repeat(rng.uniform(-1.0, 1.0, shape), HELD))
    return partial(next, actions)


def _by_script(expert: ScriptedExpert, _: np.random.Generator) -> Callable[[], FloatArray]:
    return expert.act


def _functions(task: TaskSpec) -> dict[str, TaskFunction]:
    """All that a task makes of a state, by what to call it."""
    return {
        **{f"reward {name!r}": term.value for name, term in task.rewards.items()},
        "success": task.success,
    }


def _pay(task: TaskSpec, state: TaskState) -> FloatArray:
    """Sum of the weighted terms. Shape (n_worlds,)."""
    return np.sum([term.weight * term.value(state) for term in task.rewards.values()], axis=0)


def _script_check(robot: RobotSpec) -> str:
    return f"script does it with {robot.name}"


def _attempt(check: str, look: Callable[[], str | None]) -> Finding:
    try:
        return Finding(check, look())
    except Exception as error:  # whatever functions of the task raise
        return Finding(check, _told(error))


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


CHECKS: dict[str, Callable[[Trials], str | None]] = {
    "one number per world, whatever axes lead": check_shapes,
    "reward terms within [0, 1]": check_bounds,
    "physics holds": check_physics,
    "objects rest where they start": check_rest,
    "success pays more than all else": check_pay,
    "no success by standing still or by chance": check_chance,
}
