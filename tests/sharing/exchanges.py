"""Exchanges whose members succeed as told, for tests."""

import numpy as np

from hacpo_robot.sharing.exchange import Exchange
from hacpo_robot.sharing.rehearsal import Rehearsal
from hacpo_robot.sharing.steps import concatenate
from hacpo_robot.specs.training import SharingSettings
from tests.sharing.toy import THREE, TWO, ToyVecEnv, fitted, live

SETTINGS = SharingSettings(top_fraction=1.0)


class StandingStill:
    """A policy that stands still and expects ``value``."""

    def __init__(self, value=-1e9, n_actions=4):
        self.value, self.n_actions = value, n_actions

    def __call__(self, observation):
        n = len(observation)
        return self.mean(observation), np.full(n, self.value), np.full(self.n_actions, 0.3)

    def mean(self, observation):
        return np.zeros((len(observation), self.n_actions))


def make_exchange(sharing, rates, settings=SETTINGS):
    """Members of the fractions of success ``rates`` (of 62 episodes), all calibrated."""
    exchange = Exchange(sharing, settings)
    for name, rate in rates.items():
        body = THREE if name == "three" else TWO
        member = exchange.join(name, ToyVecEnv(body))
        member.schema = fitted(body)[0]
        for index in range(62):
            member.pool.note_outcome(success=index < 62 * rate)
    return exchange


def try_out(exchange, learner, source, rehearsal):
    """The learner has rehearsed a source's part; whether that is worth being adopted."""
    worthwhile = exchange.is_worthwhile(learner, rehearsal)
    exchange.members[learner].note_rehearsal(exchange.members[source], rehearsal, worthwhile=worthwhile)
    return worthwhile


def trusting(exchange, learner, *sources, successes=20):
    """The learner has tried what the sources do, and it worked."""
    me = exchange.members[learner]
    for source in sources:
        me.trust_in(exchange.members[source]).note_rehearsal(successes, 20, source_rate=1.0, worthwhile=True)
    return exchange


def played(exchange, learner, returns, successes=0):
    """Episodes of a learner's body with some returns, the first of them successful."""
    episodes = live(exchange.members[learner].embodiment, len(returns))
    return Rehearsal(
        episodes,
        [episode.action for episode in episodes],
        np.arange(len(returns)) < successes,
        96,
        np.array(returns, float),
    )


def offer(exchange, name, n_episodes=4):
    episodes = live(exchange.members[name].embodiment, n_episodes)
    for episode in episodes:
        exchange.members[name].pool.add(episode)
    return concatenate(episodes)
