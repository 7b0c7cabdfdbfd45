"""What a study refuses to put into one table."""

from dataclasses import replace

import pytest

from hacpo_robot.errors import RunFolderError
from hacpo_robot.specs.training import flat_settings
from hacpo_robot.study.plan import Cell
from hacpo_robot.study.run_folder import RunFolder
from hacpo_robot.study.sameness import check_same, check_settings


@pytest.fixture
def cell(miniature):
    return Cell("hacpo-0", "lift", "f", "hacpo", 0, miniature)


def test_a_run_with_other_settings_is_refused_by_the_first_of_them(cell, tmp_path):
    other = replace(cell.settings, ppo=replace(cell.settings.ppo, n_epochs=3), video=True)
    run = RunFolder.create(tmp_path / "x", other)
    with pytest.raises(
        RunFolderError, match=r"was run with ppo\.n_epochs 3, the study has 1; choose another"
    ):
        check_same(cell, run)


def test_settings_that_change_neither_learning_nor_figures_may_differ(cell, tmp_path):
    check_same(cell, RunFolder.create(tmp_path / "x", replace(cell.settings, video=True, checkpoint_every=7)))
    judged_less = RunFolder.create(tmp_path / "y", replace(cell.settings, eval_episodes=3))
    with pytest.raises(RunFolderError, match="was run with eval_episodes 3, the study has"):
        check_same(cell, judged_less)


@pytest.mark.parametrize(
    ("name", "counts_for"),
    [
        ("max_sources", {"self", "hacpo", "surrogate"}),
        ("rehearsal_rounds", {"hacpo"}),
        ("last_rounds", {"hacpo"}),
        ("adoption_steps", {"hacpo"}),
        ("pace", {"hacpo", "surrogate"}),
        ("schema", {"hacpo", "surrogate"}),
    ],
)
@pytest.mark.parametrize("sharing", ["none", "self", "hacpo", "surrogate"])
def test_only_what_has_an_effect_is_asked_for(cell, name, counts_for, sharing):
    settings = replace(cell.settings, sharing=sharing)
    found = {
        key: value * 2 if key.startswith(f"hacpo.{name}") else value
        for key, value in flat_settings(settings).items()
    }
    if sharing not in counts_for:
        check_settings(replace(cell, settings=settings), found, "it", "leave it")
        return
    with pytest.raises(
        RunFolderError, match=rf"it was run with hacpo\.{name}\S* \S+, the study has \S+; leave"
    ):
        check_settings(replace(cell, settings=settings), found, "it", "leave it")


def test_settings_that_a_file_spells_otherwise_or_lacks_are_the_same(cell):
    found = {k: list(v) if isinstance(v, tuple) else v for k, v in flat_settings(cell.settings).items()}
    del found["hacpo.last_rounds"]
    check_settings(cell, found, "it", "leave it")


def test_a_file_is_the_same_however_it_is_spelled_until_it_changes(cell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "arm.py"
    file.write_text("from hacpo_robot.catalog import load_robot\nROBOT = load_robot('ur5e')\n")
    cell = replace(cell, settings=replace(cell.settings, robots=("arm.py", "panda")))
    run = RunFolder.create(tmp_path / "x", replace(cell.settings, robots=(str(file), "panda")))
    check_same(cell, run)
    file.write_text(file.read_text() + "# changed\n")
    with pytest.raises(RunFolderError, match=r"x was run with another .*arm\.py than there is now; choose"):
        check_same(cell, run)
