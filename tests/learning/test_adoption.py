"""A proven skill is taken over by the policy's mean, not by its spread or its critic."""

from dataclasses import replace

import pytest
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.logger import Logger

from hacpo_robot.learning.adoption import adopt
from hacpo_robot.learning.callback import HACPOCallback
from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.sharing.rehearsal import rehearse
from hacpo_robot.sharing.teacher import Understudy
from hacpo_robot.specs.training import PaceSettings, SharingSettings
from tests.learning.fleets import N_ENVS, PPO_SETTINGS, RADII, make_toy_fleet, run
from tests.sharing.toy import THREE, TWO, ToyVecEnv, fitted

SETTINGS = SharingSettings()


@pytest.fixture
def model():
    env = ToyVecEnv(TWO)
    return PPO("MlpPolicy", env, seed=0, device="cpu", n_steps=16, policy_kwargs={"net_arch": [32]})


def adopted(model, settings=SETTINGS):
    """Mean distance to shown actions that depend on the state."""
    observation = torch.randn(512, 7, generator=torch.Generator().manual_seed(0))
    action = 0.5 * torch.tanh(observation[:, :3])
    adopt(model.policy, observation, action, torch.ones(512), settings, torch.Generator().manual_seed(1))
    with torch.no_grad():
        mean = model.policy.get_distribution(observation).distribution.mean
    return float((mean - action).abs().mean())


def test_the_policy_does_what_was_shown(model):
    assert adopted(model) < 0.05


def test_critic_and_spread_stay(model):
    kept = {n: p.clone() for n, p in model.policy.named_parameters() if "value" in n or n == "log_std"}
    adopted(model)
    after = dict(model.policy.named_parameters())
    assert len(kept) == 5
    assert all(torch.equal(after[name], value) for name, value in kept.items())


def test_what_is_old_counts_less(model):
    observation = torch.randn(512, 7, generator=torch.Generator().manual_seed(0))
    action = 0.5 * torch.cat([torch.ones(256, 3), -torch.ones(256, 3)])  # first this was right, then that
    weight = torch.cat([torch.full((256,), 1e-3), torch.ones(256)])
    adopt(model.policy, observation, action, weight, SETTINGS, torch.Generator().manual_seed(1))
    with torch.no_grad():
        mean = model.policy.get_distribution(observation).distribution.mean
    torch.testing.assert_close(mean, torch.full_like(mean, -0.5), atol=0.15, rtol=0.0)


def test_ppo_starts_anew_from_what_was_adopted(model):
    model.learn(256)
    assert model.policy.optimizer.state
    adopted(model)
    assert not model.policy.optimizer.state
    model.learn(256)
    assert all(torch.isfinite(value).all() for value in model.policy.parameters())


def rehearsing_fleet(**changes):
    """``two`` is good from the start; ``three`` is not, and may rehearse."""
    fleet = make_toy_fleet("hacpo")
    callback = fleet.learners[1].callback
    callback._rehearsal_env = ToyVecEnv(THREE, 8, radius=RADII["three"])
    for name, value in changes.items():
        setattr(callback, name, value)
    return fleet


def test_a_learner_far_behind_rehearses_and_the_steps_count():
    fleet = rehearsing_fleet()
    run(fleet, 6)
    ahead, behind = fleet.learners
    rounds = behind.callback.apprentice.stage.rounds
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

    monkeypatch.setattr("hacpo_robot.learning.stage.rehearse", noted)
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
    callback._rehearsal_env = ToyVecEnv(THREE, 8, radius=0.0)  # nothing ever succeeds
    run(fleet, 6)
    assert calls == []
    assert fleet.learners[1].member.trust["two"].level < 0.5
    rounds = callback.apprentice.stage.rounds
    assert rounds == 1 + 2, "one round, and then it rests, but for two of its own part"


def test_a_skill_no_better_than_the_own_is_not_adopted(monkeypatch):
    fleet = rehearsing_fleet()
    calls = []
    monkeypatch.setattr("hacpo_robot.learning.apprentice.adopt", lambda *args: calls.append(args))
    learner = fleet.learners[1]
    learner.callback._rehearsal_env = ToyVecEnv(THREE, 8, radius=2.0)  # whatever is done there succeeds
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
    best.callback._rehearsal_env = ToyVecEnv(TWO, 8, radius=RADII["two"])
    run(fleet, 8)
    assert best.callback.apprentice.stage.rounds == rounds


def test_a_user_may_join_without_worlds_to_rehearse_in():
    exchange = Exchange("hacpo", SETTINGS)
    model = PPO("MlpPolicy", ToyVecEnv(TWO, radius=0.9), n_steps=16, batch_size=64, device="cpu", seed=0)
    callback = HACPOCallback(exchange, "a")
    callback.init_callback(model)
    model.set_logger(Logger(None, []))
    model.learn(256, callback=callback)
    assert callback.apprentice is None
    assert fitted(TWO)[0] is not None
