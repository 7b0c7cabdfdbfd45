"""Readiness, budget, safety net, projection, share cap: each shown firing, and switched off alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO

from hacpo_robot.learning.calibrate import calibrate
from hacpo_robot.learning.imitation import Imitator
from hacpo_robot.learning.learner import make_learner
from hacpo_robot.learning.safety_net import JUDGED_AFTER
from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.specs.training import Guards, SchemaSettings, SharingSettings
from tests.learning.fleets import N_ENVS, PPO_SETTINGS, RADII, SHARING_SETTINGS, make_toy_fleet, run
from tests.sharing.toy import THREE, TWO, ToyVecEnv


def guarded(**guards):
    return replace(SHARING_SETTINGS, guards=Guards(**guards))


@pytest.mark.parametrize("readiness", [True, False])
def test_readiness_alone_keeps_a_schema_that_explains_too_little_from_use(readiness):
    learner = make_learner(
        "two", ToyVecEnv(TWO, N_ENVS), PPO_SETTINGS, 0, Exchange("hacpo", SHARING_SETTINGS)
    )
    settings = SchemaSettings(babble_steps=640, fit_steps=1)
    env = ToyVecEnv(TWO, 32, seed=5)
    quality = calibrate(learner, env, settings, seed=0, guards=Guards(readiness=readiness))
    assert not quality.ready(settings)
    assert (learner.member.schema is None) is readiness


@pytest.mark.parametrize("budget", [True, False])
def test_budget_alone_bounds_what_lessons_change(budget):
    settings = replace(guarded(budget=budget), kl_budget=1e-6)
    changes = run(make_toy_fleet("hacpo", settings), 4)["three"]["sharing/three/kl"]
    assert (0 < max(changes) <= 1.1e-6) is budget
    assert budget or max(changes) > 1e-3


def test_the_budget_is_largest_where_steps_are_whenever_that_is():
    callback = make_toy_fleet("hacpo").learners[0].callback
    fleet_budget = SHARING_SETTINGS.kl_budget
    model = PPO("MlpPolicy", ToyVecEnv(TWO, N_ENVS), device="cpu")
    model.lr_schedule = lambda left: 1e-3 * (1 - left)  # from nothing, as while warming up
    callback.model = model
    for rate, budget in ((1e-3, fleet_budget), (5e-4, fleet_budget / 2), (0.0, 0.0)):
        model.policy.optimizer.param_groups[0]["lr"] = rate
        assert callback._budget(1.0) == pytest.approx(budget)


def test_nothing_counts_as_accepted_where_the_budget_allows_no_change():
    log = run(make_toy_fleet("hacpo", replace(SHARING_SETTINGS, kl_budget=0.0)), 4)["three"]
    assert not [name for name in log if name.endswith(("/accepted", "/kl"))]


@pytest.mark.parametrize("safety_net", [True, False])
def test_the_safety_net_alone_puts_back_who_lost_success(safety_net):
    fleet = make_toy_fleet("hacpo", guarded(safety_net=safety_net))
    learner = fleet.learners[1]
    learner.callback.rehearsal_env = ToyVecEnv(THREE, 8, radius=0.0)  # nothing else is adopted

    def pretend_a_bad_adoption(fleet):
        if fleet.iteration == 1:
            learner.callback.apprentice.safety_net.remember(learner.model.policy, success_rate=1.0)

    log = run(fleet, JUDGED_AFTER + 6, pretend_a_bad_adoption)["three"]
    assert sum(log.get("sharing/three/restored", [])) == int(safety_net)


# -- projection ------------------------------------------------------------------------------------


@pytest.fixture
def policy():
    return PPO("MlpPolicy", ToyVecEnv(TWO), seed=0, device="cpu", policy_kwargs={"net_arch": [16]}).policy


def states(seed, n=64):
    return torch.randn(n, 7, generator=torch.Generator().manual_seed(seed))


def one_plain_step(policy, own, *, projection):
    """Imitate ones by a single step of gradient descent; the log, and how the parameters moved."""
    settings = SharingSettings(minibatches=1, batch_size=64, guards=Guards(projection=projection))
    imitator = Imitator(policy, settings, seed=0)
    imitator.optimizer = torch.optim.SGD(imitator._actor.parameters(), lr=1e-3)
    before = flat(imitator._actor.parameters())
    outcome = imitator.learn(states(1), torch.ones(64, 3), np.ones(64), states(2), 1e9, own)
    return outcome, flat(imitator._actor.parameters()) - before


def flat(tensors):
    return torch.cat([tensor.detach().clone().reshape(-1) for tensor in tensors])


def lessons_gradient(policy):
    """What the step above should follow, clipped to half a unit as PPO clips: written out."""
    rows = torch.randint(64, (64,), generator=torch.Generator().manual_seed(0))
    mean = policy.get_distribution(states(1)[rows]).distribution.mean
    spread = policy.log_std.detach().exp().clamp(min=0.2)
    loss = 0.5 * (((1 - mean) / spread) ** 2).mean()
    parameters = [*policy.mlp_extractor.policy_net.parameters(), *policy.action_net.parameters()]
    return flat(torch.autograd.grad(loss, parameters))


def dot(one, other):
    return sum(a * b for a, b in zip(one.tolist(), other.tolist(), strict=True))


def clipped(gradient):
    return gradient * min(1.0, 0.5 / dot(gradient, gradient) ** 0.5)


@pytest.mark.parametrize("projection", [True, False])
@pytest.mark.parametrize("seed", [0, 1])
def test_cosine_and_projection_equal_the_arithmetic_written_out(policy, seed, projection):
    lessons = lessons_gradient(policy)
    own = torch.randn(len(lessons), generator=torch.Generator().manual_seed(seed))
    own = own if dot(lessons, own) < 0 else -own  # against the lessons
    expected = lessons - dot(lessons, own) / dot(own, own) * own if projection else lessons
    outcome, moved = one_plain_step(policy, own, projection=projection)
    cosine = dot(lessons, own) / (dot(lessons, lessons) * dot(own, own)) ** 0.5
    assert outcome.cosine == pytest.approx(cosine, rel=1e-3)
    torch.testing.assert_close(moved, -1e-3 * clipped(expected), rtol=1e-2, atol=1e-7)


def test_projection_leaves_nothing_of_lessons_that_only_work_against_ppo(policy):
    own = -lessons_gradient(policy)
    outcome, moved = one_plain_step(policy, own, projection=True)
    assert outcome.cosine == pytest.approx(-1, abs=1e-4)
    assert moved.norm() < 1e-6
    _, moved = one_plain_step(policy, own, projection=False)
    assert moved.norm() > 1e-4


def test_projection_leaves_lessons_that_agree_with_ppo_as_they_are(policy):
    start = {name: value.clone() for name, value in policy.state_dict().items()}
    moves = []
    for projection in (True, False):
        policy.load_state_dict(start)
        moves.append(one_plain_step(policy, lessons_gradient(policy), projection=projection)[1])
    assert torch.equal(*moves)


def test_own_gradient_is_that_of_the_clipped_loss_of_ppo(policy):
    observation, advantage = states(1), states(2)[:, 0]
    action = policy.get_distribution(observation).distribution.sample()
    gradient = Imitator(policy, SHARING_SETTINGS, seed=0).own_gradient(observation, action, advantage)
    _, log_prob, _ = policy.evaluate_actions(observation, action)
    ratio = (log_prob - log_prob.detach()).exp()
    scaled = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    loss = -torch.min(scaled * ratio, scaled * ratio.clamp(0.8, 1.2)).mean()
    parameters = [*policy.mlp_extractor.policy_net.parameters(), *policy.action_net.parameters()]
    torch.testing.assert_close(gradient, flat(torch.autograd.grad(loss, parameters)), rtol=1e-4, atol=1e-6)


def test_the_cosine_is_logged_whether_or_not_lessons_are_bent():
    for projection in (True, False):
        cosines = run(make_toy_fleet("hacpo", guarded(projection=projection)), 4)["three"][
            "sharing/three/cosine"
        ]
        assert all(-1 <= cosine <= 1 for cosine in cosines)
        assert any(cosines)


# -- share cap -------------------------------------------------------------------------------------


@pytest.mark.parametrize("share_cap", [True, False])
def test_the_share_cap_alone_ends_rehearsals_that_took_too_many_steps(share_cap):
    settings = replace(guarded(share_cap=share_cap), rehearsal_share=0.0)
    fleet = make_toy_fleet("hacpo", settings)
    learner, source = fleet.learners[1], fleet.learners[0].member
    learner.callback.rehearsal_env = ToyVecEnv(THREE, 8, radius=RADII["three"])
    run(fleet, 6)
    assert learner.member.trust_in(source).tried is not share_cap
