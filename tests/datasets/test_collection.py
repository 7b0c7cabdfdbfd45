"""Datasets of a fleet: whose episodes, in whose words."""

from dataclasses import replace

import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.datasets.collection import Wanted, collect
from hacpo_robot.datasets.recording import record
from hacpo_robot.datasets.telling import as_experience
from hacpo_robot.envs.episodes import make_episodes
from hacpo_robot.envs.expert import ScriptedExpert
from hacpo_robot.envs.vector import make_vec_env
from hacpo_robot.errors import DatasetError, UnknownNameError
from hacpo_robot.learning.evaluation import HELD_OUT, evaluate
from hacpo_robot.sharing.body_schema import BodySchema
from hacpo_robot.sharing.embodiment import Anatomy
from hacpo_robot.specs.training import PPOSettings, SharingSettings, TrainSettings
from hacpo_robot.study.train import make_fleet

SETTINGS = TrainSettings(
    robots=("scara", "wx250"),
    task="reach",
    eval_episodes=3,
    ppo=PPOSettings(n_envs=2, batch_size=64, net_arch=(8,)),
    hacpo=SharingSettings(rehearsal_worlds=0),
)


@pytest.fixture(scope="module")
def expert_steps():
    """Two episodes of the SCARA, as it would have published them."""
    episodes = make_episodes("scara", "reach", 2, seed=5, n_threads=1)
    expert = ScriptedExpert(episodes.cell)
    cell = episodes.cell
    return as_experience(record(episodes, lambda _: expert.act()), cell.task, cell.command_scale)


@pytest.fixture(scope="module")
def fleet(expert_steps):
    """Untrained policies; the SCARA has a pool, the other a body schema that knows nothing."""
    fleet = make_fleet(SETTINGS)
    scara, other = (learner.member for learner in fleet.learners)
    for episode in expert_steps:
        scara.pool.add(episode)
    other.schema = BodySchema(Anatomy.of(other.embodiment), n_starts=4, bank_size=8).requires_grad_(False)
    other.schema.effect_reach.fill_(1.0)
    return fleet


def datasets(fleet, **wanted):
    return list(collect(fleet, SETTINGS, "runs/x", Wanted(**wanted)))


def test_evaluation_episodes_are_those_that_an_evaluation_counts(fleet):
    learner = fleet.learners[0]
    (dataset,) = datasets(fleet, robots=("scara",))
    env = make_vec_env(load_robot("scara"), load_task("reach"), 3, HELD_OUT + SETTINGS.seed, n_threads=1)
    held_out = evaluate(env, learner.act, 3)
    env.close()
    assert [len(episode) for episode in dataset.episodes] == held_out.lengths.tolist()
    assert [episode.success[-1] for episode in dataset.episodes] == held_out.at_end.tolist()
    observed = np.stack([episode.observation[:-1] for episode in dataset.episodes], axis=1)
    np.testing.assert_array_equal(observed.reshape(held_out.observations.shape), held_out.observations)


def test_every_robot_of_the_run_tells_its_own_where_none_is_named(fleet):
    assert [dataset.name for dataset in datasets(fleet, n_episodes=1)] == ["scara", "wx250"]


def test_a_pool_is_told_newest_first_up_to_the_number_wanted(fleet, expert_steps):
    (one,) = datasets(fleet, robots=("scara",), source="pool", n_episodes=1)
    (both,) = datasets(fleet, robots=("scara",), source="pool")
    assert (len(one.episodes), len(both.episodes)) == (1, 2)
    np.testing.assert_array_equal(one.episodes[0].action, expert_steps[1].action[:-1])
    assert both.header.source == "pool"


@pytest.mark.parametrize("source", ["pool", "evaluation"])
def test_a_translated_episode_fits_the_body_that_tells_it(fleet, source):
    (dataset,) = datasets(fleet, translated_from="scara", source=source, n_episodes=2)
    learner = fleet.learners[1]
    assert (dataset.name, dataset.header.translated_from) == ("wx250_from_scara", "scara")
    assert dataset.header.observation == learner.env.observation_signature
    for episode in dataset.episodes:
        assert episode.observation.shape[1] == learner.env.observation_signature.size
        assert episode.action.shape == (len(episode), learner.env.action_signature.size)
        assert episode.support.shape == (len(episode),)
        assert (episode.effect_error > 0).all()
        assert episode.start is None


def test_a_translated_episode_keeps_what_the_hub_says(fleet, expert_steps):
    (dataset,) = datasets(fleet, translated_from="scara", source="pool")
    for episode, lived in zip(dataset.episodes, expert_steps, strict=True):
        np.testing.assert_array_equal(episode.body, lived.body)
        np.testing.assert_array_equal(episode.world, lived.world)
        assert episode.success[-1]


def test_an_arm_that_knows_no_maps_cannot_translate(fleet):
    with pytest.raises(DatasetError, match="scara cannot translate: the checkpoint holds no body schema"):
        datasets(fleet, robots=("scara",), translated_from="wx250")


def test_an_empty_pool_says_where_episodes_are(fleet):
    with pytest.raises(DatasetError, match=r"no good episodes of wx250: .* --source evaluation"):
        datasets(fleet, robots=("wx250",), source="pool")
    alone = replace(SETTINGS, sharing="none", robots=("scara",))
    with pytest.raises(DatasetError, match="no good episodes of scara"):
        list(collect(make_fleet(alone), alone, "runs/x", Wanted(source="pool")))


def test_nothing_is_translated_for_the_arm_that_lived_it(fleet):
    with pytest.raises(
        DatasetError, match="scara cannot be translated for itself; name another of scara, wx250"
    ):
        datasets(fleet, robots=("scara",), translated_from="scara")


def test_a_robot_of_another_run_is_refused_by_name(fleet):
    with pytest.raises(UnknownNameError, match="unknown robot of this run 'panda'; valid: scara, wx250"):
        datasets(fleet, robots=("panda",))
