"""Command lines as tests run them."""

import sys

import pytest

from hacpo_robot.cli.main import main
from hacpo_robot.specs.training import PPOSettings, TrainSettings
from hacpo_robot.study.meter import Watch
from hacpo_robot.study.run_folder import RunFolder
from hacpo_robot.study.train import train


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Run a command line in an empty folder; exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def _call(*arguments):
        monkeypatch.setattr(sys, "argv", ["hacpo-robot", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        return (code, *capsys.readouterr())

    return _call


@pytest.fixture(scope="package")
def finished(tmp_path_factory):
    """A tiny run with checkpoints, exports and no video."""
    return tiny_run(tmp_path_factory, "ur5e")


@pytest.fixture(scope="package")
def pair(tmp_path_factory):
    """The same of two arms."""
    return tiny_run(tmp_path_factory, "ur5e", "scara")


def tiny_run(tmp_path_factory, *robots):
    small = PPOSettings(n_envs=4, n_steps=8, batch_size=32, n_epochs=1, net_arch=(8,))
    settings = TrainSettings(robots=robots, steps=32, sharing="none", eval_episodes=2, video=False, ppo=small)
    run = RunFolder.create(tmp_path_factory.mktemp("runs") / "finished", settings)
    train(settings, run, Watch())
    return run.path
