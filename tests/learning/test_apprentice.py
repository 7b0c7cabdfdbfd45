"""When a learner plays others' parts in worlds of its own, and what it keeps of that."""

from dataclasses import replace

import numpy as np
import pytest

from hacpo_robot.learning.apprentice import EXAM_ROUNDS, Apprentice
from hacpo_robot.sharing.member import Member
from hacpo_robot.sharing.rehearsal import rehearse
from hacpo_robot.sharing.teacher import Understudy
from hacpo_robot.specs.training import PaceSettings, SharingSettings
from tests.learning.fleets import N_ENVS, PPO_SETTINGS, RADII, make_toy_fleet, run
from tests.sharing.toy import THREE, TWO, ToyVecEnv

SETTINGS = SharingSettings()


def rehearsing_fleet(settings=SETTINGS):
    """``two`` is good from the start; ``three`` is not, and may rehearse."""
    fleet = make_toy_fleet("hacpo", settings)
    fleet.learners[1].callback.rehearsal_env = ToyVecEnv(THREE, 8, radius=RADII["three"])
    return fleet


def test_a_learner_far_behind_rehearses_and_the_steps_count():
    fleet = rehearsing_fleet()
    run(fleet, 6)
    ahead, behind = fleet.learners
    rounds = behind.callback.apprentice.worlds.rounds
    assert rounds > 0
    assert ahead.callback.apprentice is None
    assert behind.member.trust["two"].tried
    collected = N_ENVS * PPO_SETTINGS.n_steps
    assert behind.model.num_timesteps % collected != 0 or rounds * 96 % collected == 0
    assert behind.model.num_timesteps >= 6 * collected


def test_the_others_part_is_played_with_noise_and_the_own_as_it_is_used(monkeypatch):
    fleet = rehearsing_fleet()
    played = []

    def noted(env, part, *, noise, **others):
        played.append((type(getattr(part, "__self__", None)), noise.max()))
        return rehearse(env, part, noise=noise, **others)

    monkeypatch.setattr("hacpo_robot.learning.rehearsal_worlds.rehearse", noted)
    run(fleet, 6)
    others, own = (
        [noise for part, noise in played if (part is Understudy) is theirs] for theirs in (True, False)
    )
    assert others == pytest.approx([SETTINGS.rehearsal_std] * len(others))
    assert own == [0.0] * len(own)
    assert others
    assert own


def test_what_fails_in_the_own_body_is_neither_adopted_nor_trusted(monkeypatch):
    fleet = rehearsing_fleet()
    calls = []
    monkeypatch.setattr("hacpo_robot.learning.apprentice.adopt", lambda *args: calls.append(args))
    callback = fleet.learners[1].callback
    callback.rehearsal_env = ToyVecEnv(THREE, 8, radius=0.0)  # nothing ever succeeds
    run(fleet, 6)
    assert calls == []
    assert fleet.learners[1].member.trust["two"].level < 0.5
    rounds = callback.apprentice.worlds.rounds
    assert rounds == 1 + 2, "one round, and then it rests, but for two of its own part"


def test_a_skill_no_better_than_the_own_is_not_adopted(monkeypatch):
    fleet = rehearsing_fleet()
    calls = []
    monkeypatch.setattr("hacpo_robot.learning.apprentice.adopt", lambda *args: calls.append(args))
    learner = fleet.learners[1]
    learner.callback.rehearsal_env = ToyVecEnv(THREE, 8, radius=2.0)  # whatever is done there succeeds
    run(fleet, 3)
    assert learner.member.trust["two"].tried
    assert learner.member.own_success == 1.0
    assert calls == []


@pytest.mark.parametrize(
    ("sharing", "ripe", "rounds"), [("hacpo", 0.5, 2), ("hacpo", 0.0, 0), ("self", 0.5, 0)]
)
def test_who_comes_to_wait_shows_once_what_it_can_do(sharing, ripe, rounds):
    fleet = make_toy_fleet(sharing, replace(SETTINGS, pace=PaceSettings(ripe=ripe)))
    best = fleet.learners[0]
    best.callback.rehearsal_env = ToyVecEnv(TWO, 8, radius=RADII["two"])
    run(fleet, 8)
    assert best.callback.apprentice.worlds.rounds == rounds


@pytest.mark.parametrize("closed", [{"rehearsal_end": 1.0}, {"rehearsal_share": 0.0}], ids=str)
@pytest.mark.parametrize(("left", "forgotten"), [(4, True), (5, False)])
def test_time_passes_where_nothing_may_be_rehearsed_any_more(closed, left, forgotten):
    fleet = rehearsing_fleet(replace(SETTINGS, pace=PaceSettings(ripe=0.0), **closed))
    me = fleet.learners[1].member
    me.own_success, me.own_returns, me._exam_left = 1.0, np.ones(8), left
    run(fleet, 5)
    assert (me.own_returns is None) is forgotten


# -- the last rehearsal ----------------------------------------------------------------------------

LAST = replace(SETTINGS, pace=PaceSettings(ripe=0.5), last_rounds=3, least_success=0.0)
AT_THE_END = replace(LAST, pace=PaceSettings(ripe=0.8))


@pytest.fixture
def last(monkeypatch):
    """Rounds of every last rehearsal, and the policy before and after it."""
    seen = []
    rehearse_last = Apprentice._rehearse_last

    def noted(self, log):
        def weights():
            return {name: value.clone() for name, value in self._model.policy.state_dict().items()}

        before, rounds = weights(), self.worlds.rounds
        rehearse_last(self, log)
        seen.append((self.worlds.rounds - rounds, before, weights()))

    monkeypatch.setattr(Apprentice, "_rehearse_last", noted)
    return seen


@pytest.mark.parametrize(("settings", "rounds"), [(LAST, 3 + EXAM_ROUNDS), (AT_THE_END, 0)])
def test_the_last_rehearsal_is_one_and_only_where_the_steps_suffice(last, settings, rounds):
    run(rehearsing_fleet(settings), 16)
    ((played, _, _),) = last
    assert played == rounds


def test_where_no_share_is_left_the_last_rehearsal_is_given_up_and_the_exam_fades(last):
    fleet = rehearsing_fleet(replace(LAST, pace=PaceSettings(ripe=0.25), rehearsal_share=0.0))
    run(fleet, 16)
    learner = fleet.learners[1]
    assert learner.callback.apprentice.worlds.rounds == EXAM_ROUNDS  # it did show what it can do
    assert not last
    assert not learner.callback.apprentice._last_is_due
    assert learner.member.own_returns is None


def test_without_rounds_there_is_no_last_rehearsal(last):
    run(rehearsing_fleet(replace(LAST, last_rounds=0)), 16)
    assert last == []


@pytest.mark.parametrize(("better", "trust"), [(True, True), (False, True), (False, False)])
def test_what_does_worse_in_its_exam_is_put_back(last, monkeypatch, better, trust):
    monkeypatch.setattr(Member, "is_outdone_by", lambda *_: better)
    settings = replace(LAST, guards=replace(LAST.guards, trust=trust, share_cap=False))
    run(rehearsing_fleet(settings), 16)
    ((_, before, after),) = last
    stays = "mlp_extractor.policy_net.2.weight"  # the first layer moves along with the normaliser
    assert bool((before[stays] == after[stays]).all()) is (trust and not better)


def test_every_round_lives_the_part_from_its_beginning(monkeypatch):
    parts = []

    def noted(env, part, **others):
        parts.append(getattr(part, "__self__", None))
        return rehearse(env, part, **others)

    monkeypatch.setattr("hacpo_robot.learning.rehearsal_worlds.rehearse", noted)
    run(rehearsing_fleet(LAST), 16)
    theirs = [id(part) for part in parts if isinstance(part, Understudy)]
    assert len(theirs) > 1
    assert len(set(theirs)) == len(theirs)
