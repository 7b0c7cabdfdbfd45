"""What a cell finds where it should run."""

import shutil

import pytest

from hacpo_robot.errors import CheckpointError, RunFolderError
from hacpo_robot.study.cell import open_or_create
from hacpo_robot.study.plan import Cell


@pytest.fixture
def cell(miniature):
    return Cell("hacpo-0", "lift", "f", "hacpo", 0, miniature)


def test_a_cell_begins_with_the_command_that_repeats_it(cell, tmp_path):
    run, resume = open_or_create(cell, tmp_path / "x", "hacpo-robot study s --only hacpo-0")
    assert not resume
    assert run.settings == cell.settings
    assert (run.path / "command.txt").read_text() == "hacpo-robot study s --only hacpo-0\n"


@pytest.mark.parametrize("left", [[], ["config.yaml"], ["config.yaml", "command.txt", ".run.json.draft"]])
def test_what_was_killed_before_its_first_checkpoint_begins_anew(cell, tmp_path, left):
    (tmp_path / "x").mkdir()
    for name in left:
        (tmp_path / "x" / name).write_text("half")
    run, resume = open_or_create(cell, tmp_path / "x", "")
    assert not resume
    assert run.settings == cell.settings


def test_what_has_a_checkpoint_goes_on(cell, stopped):
    run, resume = open_or_create(cell, stopped.path, "")
    assert resume
    assert run.path == stopped.path


def test_what_has_no_checkpoint_but_damaged_ones_is_left_alone(cell, stopped, tmp_path):
    shutil.copytree(stopped.path, tmp_path / "x", symlinks=True)
    for policy in tmp_path.glob("x/checkpoints/step_*/*/policy.zip"):
        policy.write_bytes(b"")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(
        CheckpointError, match=r"no usable checkpoint in .* changed\); begin anew: remove .*/x,"
    ):
        open_or_create(cell, tmp_path / "x", "")
    assert sorted(tmp_path.rglob("*")) == before


def test_what_is_not_ours_is_left_alone(cell, tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(RunFolderError, match=r"in the way: it holds thesis\.tex and no checkpoint"):
        open_or_create(cell, tmp_path, "")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
