"""Expert episodes of a small arm, recorded once and shared by all tests of datasets."""

import numpy as np
import pytest

from hacpo_robot.datasets.episode import Dataset, Header
from hacpo_robot.datasets.recording import record
from hacpo_robot.envs.episodes import make_episodes
from hacpo_robot.envs.expert import ScriptedExpert
from hacpo_robot.envs.hub import BODY, world_signature


def header_of(cell):
    return Header(
        robot=cell.robot.name,
        task=cell.task.name,
        source="evaluation",
        translated_from=None,
        run="runs/made-up",
        step=0,
        package_version="0",
        control_hz=20,
        observation=cell.observer.signature,
        action=cell.action_signature,
        body=BODY,
        world=world_signature(cell.task),
    )


@pytest.fixture(scope="session")
def dataset():
    """Two episodes of the SCARA on lift, both to success; tests leave it as it is."""
    episodes = make_episodes("scara", "lift", 2, seed=5, n_threads=1)
    expert = ScriptedExpert(episodes.cell)
    recorded = record(episodes, lambda _: expert.act())
    assert all(episode.success[-1] for episode in recorded)
    return Dataset(header_of(episodes.cell), tuple(recorded))


@pytest.fixture
def assert_same():
    """Compare two datasets to the last bit; a format without physics states may leave them out."""

    def _assert_same(found, expected):
        assert found.header == expected.header
        assert len(found.episodes) == len(expected.episodes)
        for one, other in zip(found.episodes, expected.episodes, strict=True):
            for name, column in vars(other).items():
                if name == "start":
                    for part, values in vars(column).items():
                        np.testing.assert_array_equal(getattr(one.start, part), values)
                elif not (name == "states" and one.states.size == 0):
                    np.testing.assert_array_equal(getattr(one, name), column, err_msg=name)
                    assert getattr(one, name).dtype == column.dtype, name

    return _assert_same
