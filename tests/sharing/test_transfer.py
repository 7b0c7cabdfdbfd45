"""The headline: what one arm can do, others learn from its steps alone."""

from functools import cache

import numpy as np
import pytest
import torch

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.expert import ScriptedExpert
from hacpo_robot.envs.vector import make_babble_env, make_vec_env
from hacpo_robot.sharing.calibration import babble, note_starts
from hacpo_robot.sharing.embodiment import Anatomy
from hacpo_robot.sharing.experience import Experience, concatenate, discounted_returns
from hacpo_robot.sharing.fitting import fit_schema
from hacpo_robot.sharing.relevance import feasibility
from hacpo_robot.sharing.translation import translate
from hacpo_robot.specs.training import SchemaSettings

TASK = load_task("lift")
N_EPISODES = 64
NOISE = 0.2
"""Spread of the noise on the expert's arm actions, so that the bank shows how to recover."""


@cache
def demonstrate(robot: str) -> Experience:
    """``N_EPISODES`` noisy expert episodes that end in success."""
    env, rng = make_vec_env(load_robot(robot), TASK, 2 * N_EPISODES, seed=11), np.random.default_rng(3)
    observation, expert, rows = env.reset(), ScriptedExpert(env.cell), []
    for _ in range(env.horizon):
        action, hub = expert.act(), env.hub_state()
        action[:, :-1] += NOISE * rng.standard_normal(action[:, :-1].shape)
        action = np.clip(action, -1.0, 1.0)
        following, reward, _, infos = env.step(action)
        rows.append((observation, action, *hub, env.effect().copy(), reward))
        observation = following
    env.close()
    columns = [np.stack(column, axis=1) for column in zip(*rows, strict=True)]
    good = [world for world, info in enumerate(infos) if info["is_success"]]
    assert len(good) >= N_EPISODES, f"the expert succeeded only {len(good)} times"
    return concatenate(
        [_episode([column[world] for column in columns], world) for world in good[:N_EPISODES]]
    )


def _episode(columns, number):
    returns = discounted_returns(columns[5], 0.95, 0.0)
    return Experience(*columns[:5], returns, np.full(len(returns), number))


def calibrated(robot: str):
    spec, settings = load_robot(robot), SchemaSettings()
    babble_env, env = make_babble_env(spec, TASK, 64, seed=5), make_vec_env(spec, TASK, 64, seed=5)
    data = babble(babble_env, settings.babble_steps, np.random.default_rng(1))
    schema, quality = fit_schema(Anatomy.of(env), data, note_starts(env), settings, 0)
    assert quality.ready(settings), quality
    babble_env.close()
    env.close()
    return schema


def regress(observation, action, weight, n_steps=4000):
    """Weighted regression; a function from raw observations to actions."""
    mean, spread = observation.mean(axis=0), observation.std(axis=0) + 1e-4
    inputs, targets = torch.as_tensor((observation - mean) / spread), torch.as_tensor(action)
    weights = torch.as_tensor(weight, dtype=torch.float32)[:, None]
    torch.manual_seed(0)
    sizes = ((inputs.shape[1], 128), (128, 128), (128, targets.shape[1]))
    layers = [layer for size in sizes for layer in (torch.nn.Linear(*size), torch.nn.Tanh())]
    net = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    for _ in range(n_steps):
        rows = torch.randint(len(inputs), (512,))
        optimizer.zero_grad()
        (weights[rows] * (net(inputs[rows]) - targets[rows]).pow(2)).mean().backward()
        optimizer.step()
        schedule.step()

    @torch.no_grad()
    def act(raw):
        return net(torch.as_tensor((raw - mean) / spread)).clamp(-1, 1).numpy()

    return act


@pytest.mark.slow
@pytest.mark.parametrize("robot", ["panda", "kinova3"])
def test_arms_lift_after_reading_the_translated_episodes_of_another(robot):
    steps, schema = demonstrate("ur5e"), calibrated(robot)
    env = make_vec_env(load_robot(robot), TASK, N_EPISODES, seed=99)
    words = translate(steps, schema, env)
    act = regress(
        words.observation,
        words.action,
        feasibility(words.support, words.effect_error, tolerance=1.0),
    )
    observation, lifted = env.reset(), np.zeros(N_EPISODES, bool)
    for _ in range(env.horizon):
        observation, _, _, _ = env.step(act(observation))
        lifted |= env.last_success
    env.close()
    print(f"{robot}: {lifted.sum()} of {N_EPISODES}")  # noqa: T201  shown when the test fails, or with -s
    assert lifted.mean() >= 0.75
