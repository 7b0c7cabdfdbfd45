"""Small fleets of points in the plane."""

import torch
from stable_baselines3.common.logger import KVWriter, Logger
from stable_baselines3.common.vec_env import VecMonitor

from hacpo_robot.learning.fleet import Fleet
from hacpo_robot.learning.learner import make_learner
from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.specs.training import PPOSettings, SharingSettings
from tests.sharing.toy import THREE, TWO, ToyVecEnv, fitted

N_ENVS = 8
PPO_SETTINGS = PPOSettings(
    n_envs=N_ENVS, n_steps=16, batch_size=64, n_epochs=2, net_arch=(16, 16), lr_decay=0.0
)
ITERATION = N_ENVS * PPO_SETTINGS.n_steps
"""Steps of one learner per iteration."""
SHARING_SETTINGS = SharingSettings(bank_episodes=8, offered_steps=256, minibatches=8, batch_size=64)
RADII = {"two": 0.9, "three": 0.15}
"""``two`` has an easy goal, so that it gets ahead at once."""


def make_toy_fleet(sharing: str, settings: SharingSettings = SHARING_SETTINGS) -> Fleet:
    """``two`` and ``three``, not trained yet but calibrated."""
    exchange = None if sharing == "none" else Exchange(sharing, settings, seed=0)
    learners = []
    for seed, body in enumerate((TWO, THREE)):
        env = ToyVecEnv(body, N_ENVS, seed, radius=RADII[body.name])
        learners.append(make_learner(body.name, VecMonitor(env), PPO_SETTINGS, seed, exchange))
        if sharing == "hacpo":
            learners[-1].member.schema = fitted(body)[0]
    return Fleet(learners, exchange)


class Notebook(KVWriter):
    """Keeps all values that were logged, by key."""

    def __init__(self):
        self.values = {}

    def write(self, key_values, key_excluded, step=0):  # noqa: ARG002
        for key, value in key_values.items():
            self.values.setdefault(key, []).append(value)


def run(fleet, n_iterations, on_iteration=lambda _: None):
    """Train up to ``n_iterations`` since the beginning; what every learner logged, by name."""
    books = {learner.name: Notebook() for learner in fleet.learners}
    loggers = {name: Logger(None, [book]) for name, book in books.items()}
    fleet.run(n_iterations * ITERATION, loggers, on_iteration)
    return {name: book.values for name, book in books.items()}


def assert_same_parameters(one, other):
    """Bit for bit."""
    theirs = other.policy.state_dict()
    for name, value in one.policy.state_dict().items():
        assert torch.equal(value, theirs[name]), name


def differ(one, other):
    """Whether any parameter does."""
    theirs = other.policy.state_dict()
    return any(not torch.equal(value, theirs[name]) for name, value in one.policy.state_dict().items())
