"""One miniature of a whole run, shared by all tests of its results."""

from dataclasses import replace

import pytest

from hacpo_robot.specs.training import PPOSettings, SchemaSettings, SharingSettings, TrainSettings
from hacpo_robot.study.meter import Interrupted, Watch
from hacpo_robot.study.run_folder import RunFolder
from hacpo_robot.study.train import train

MINIATURE = TrainSettings(
    robots=("ur5e", "panda"),
    steps=2000,
    checkpoint_every=500,
    eval_episodes=4,
    video=False,
    ppo=PPOSettings(n_envs=8, n_steps=16, batch_size=64, n_epochs=1, net_arch=(16, 16)),
    hacpo=SharingSettings(schema=SchemaSettings(babble_steps=1024, fit_steps=20)),
)


@pytest.fixture(scope="session")
def miniature():
    return MINIATURE


@pytest.fixture(scope="session")
def stopped(tmp_path_factory):
    """A run that was asked to stop at its second iteration; tests leave it as it is."""
    run = RunFolder.create(tmp_path_factory.mktemp("runs") / "stopped", MINIATURE)
    asked = []

    def should_stop():
        asked.append(1)
        return len(asked) == 2

    with pytest.raises(Interrupted):
        train(MINIATURE, run, Watch(should_stop=should_stop))
    return run


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A run to its end, nothing shared; its folder, results and speeds."""
    settings = replace(MINIATURE, sharing="none", steps=1024)
    run = RunFolder.create(tmp_path_factory.mktemp("runs") / "finished", settings)
    said = []
    return run, *train(settings, run, Watch(phase=said.append)), said
