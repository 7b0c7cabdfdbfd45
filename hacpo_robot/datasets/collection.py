"""Datasets of a fleet: held-out episodes of its policies, or what its arms kept for each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hacpo_robot.catalog import load_task
from hacpo_robot.datasets.episode import Dataset, Episode, Header
from hacpo_robot.datasets.recording import record
from hacpo_robot.datasets.replay import COMPANY
from hacpo_robot.datasets.telling import as_experience, tell
from hacpo_robot.envs.episodes import make_episodes
from hacpo_robot.envs.vector import ManipulationVecEnv
from hacpo_robot.envs.workcell import CONTROL_HZ
from hacpo_robot.errors import DatasetError, UnknownNameError
from hacpo_robot.learning.evaluation import HELD_OUT
from hacpo_robot.learning.fleet import Fleet
from hacpo_robot.learning.learner import Learner
from hacpo_robot.sharing.body_schema import BodySchema
from hacpo_robot.sharing.experience import Experience
from hacpo_robot.sharing.steps import concatenate
from hacpo_robot.sharing.translation import own_words, translate
from hacpo_robot.specs.training import TrainSettings
from hacpo_robot.versions import version_of

Source = Literal["evaluation", "pool"]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the datasets shall hold."""

    robots: tuple[str, ...] = ()
    """Names; all of the fleet where empty."""
    source: Source = "evaluation"
    """``evaluation``: held-out episodes of the policy; ``pool``: the good episodes that were kept."""
    n_episodes: int | None = None
    """Per robot; as many as training evaluated, or as the pool holds, where not given."""
    translated_from: str | None = None
    """The arm whose episodes are told in the words of ``robots``; each tells its own where not given."""


def collect(fleet: Fleet, settings: TrainSettings, run: str, wanted: Wanted) -> Iterator[Dataset]:
    """A dataset per robot, one after the other.

    Args:
        fleet: As its checkpoint holds it.
        settings: Of the run.
        run: Where it lies.
        wanted: What to collect.

    Raises:
        UnknownNameError: a robot is not in the fleet.
        DatasetError: the checkpoint keeps no such episodes, or an arm cannot translate.
    """
    learners = {learner.name: learner for learner in fleet.learners}
    specs = dict(zip(learners, settings.robots, strict=True))
    other = wanted.translated_from
    for name in (*wanted.robots, *(() if other is None else (other,))):
        if name not in learners:
            raise UnknownNameError("robot of this run", name, learners)
    if set(wanted.robots or learners) == {other}:
        raise DatasetError(f"{other} cannot be translated for itself; name another of {', '.join(learners)}")
    for name in wanted.robots or learners:
        if name != other:
            teller, source = learners[name], learners[other or name]
            episodes = _episodes(teller, source, specs[source.name], settings, wanted)
            yield Dataset(_header(teller, specs[name], settings, run, wanted), tuple(episodes))


def _episodes(
    teller: Learner, source: Learner, spec: str, settings: TrainSettings, wanted: Wanted
) -> list[Episode]:
    """What ``source``, a robot of name or file ``spec``, lived; in the words of ``teller``."""
    task = load_task(settings.task)
    body = None if teller is source else _body_of(teller)
    if wanted.source == "pool":
        lived = _kept(source)[-(wanted.n_episodes or 0) :]
    else:
        recorded = _record(source, spec, settings, wanted.n_episodes or settings.eval_episodes)
        if body is None:
            return recorded
        assert isinstance(source.env, ManipulationVecEnv)
        lived = as_experience(recorded, task, source.env.command_scale)
    steps = concatenate(lived)
    return tell(own_words(steps) if body is None else translate(steps, *body), steps, task)


def _record(source: Learner, spec: str, settings: TrainSettings, n_episodes: int) -> list[Episode]:
    """The episodes that an evaluation counts: it draws the second start of every world."""
    n_worlds = max(n_episodes, COMPANY)
    held_out = make_episodes(spec, settings.task, n_worlds, seed=HELD_OUT + settings.seed)
    held_out.begin(np.arange(n_worlds))
    recorded = record(held_out, source.act)
    held_out.cell.worlds.close()
    return recorded[:n_episodes]


def _kept(learner: Learner) -> list[Experience]:
    kept = [] if learner.callback is None else list(learner.member.pool.episodes)
    if not kept:
        raise DatasetError(
            f"the checkpoint keeps no good episodes of {learner.name}: only arms that share keep some, "
            "of those that ended in success; --source evaluation records new ones"
        )
    return kept


def _body_of(learner: Learner) -> tuple[BodySchema, ManipulationVecEnv]:
    schema = None if learner.callback is None else learner.member.schema
    if schema is None:
        raise DatasetError(
            f"{learner.name} cannot translate: the checkpoint holds no body schema of it; "
            "train with --sharing hacpo"
        )
    assert isinstance(learner.env, ManipulationVecEnv)
    return schema, learner.env


def _header(teller: Learner, spec: str, settings: TrainSettings, run: str, wanted: Wanted) -> Header:
    assert isinstance(teller.env, ManipulationVecEnv)
    return Header(
        robot=spec,
        task=settings.task,
        source=wanted.source,
        translated_from=wanted.translated_from,
        run=run,
        step=teller.model.num_timesteps,
        package_version=version_of("hacpo-robot"),
        control_hz=CONTROL_HZ,
        observation=teller.env.observation_signature,
        action=teller.env.action_signature,
        body=teller.env.body_signature,
        world=teller.env.world_signature,
    )
