"""``dataset`` writes what ``play --replay`` plays back."""

import pytest

from hacpo_robot.learning.checkpoint import save_checkpoint
from hacpo_robot.specs.training import PPOSettings, TrainSettings
from hacpo_robot.study.run_folder import RunFolder
from hacpo_robot.study.train import make_fleet


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run whose policies have learned nothing yet."""
    settings = TrainSettings(
        robots=("scara",),
        task="reach",
        sharing="none",
        eval_episodes=2,
        ppo=PPOSettings(n_envs=2, batch_size=64, net_arch=(8,)),
    )
    run = RunFolder.create(tmp_path_factory.mktemp("runs") / "untrained", settings)
    fleet = make_fleet(settings)
    fleet.learners[0].normalizer.reset()
    save_checkpoint(fleet, run.checkpoints)
    return run.path


@pytest.mark.parametrize(("name", "file"), [("robomimic", "scara.hdf5"), ("lerobot", "scara")])
def test_a_dataset_of_a_run_is_played_back_to_the_last_bit(call, run, tmp_path, name, file):
    code, said, fault = call("dataset", run, "--format", name, "--output", tmp_path)
    assert code == 0, fault
    assert said.startswith(f"{tmp_path / file}  2 episodes, ")
    code, said, fault = call("play", "--replay", tmp_path / file, "--episode", "1")
    assert code == 0, fault
    assert said.startswith("scara on reach, episode 1, ")
    assert said.endswith("the same to the last bit\n")


def test_wrong_input_gets_one_sentence(call, run, tmp_path):
    call("dataset", run, "--format", "robomimic", "--output", tmp_path)
    for sentence, arguments in {
        "episodes must be positive, not 0": ("dataset", run, "--format", "robomimic", "--episodes", "0"),
        "unknown robot of this run 'panda'": ("dataset", run, "--format", "lerobot", "--robots", "panda"),
        "no episode 7 in": ("play", "--replay", tmp_path / "scara.hdf5", "--episode", "7"),
        "nowhere does not exist": ("play", "--replay", "nowhere"),
    }.items():
        code, _, fault = call(*arguments)
        assert code == 2
        assert sentence in fault
        assert fault.count("\n") == 1
    assert not (run / "datasets").exists()
