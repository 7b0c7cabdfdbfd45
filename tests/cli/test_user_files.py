"""Runs of robot and task files that belong to the user: they hold in any folder, and a change is told."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from hacpo_robot.catalog import load_robot, load_task, own_files, short_name, whole_name
from hacpo_robot.study.run_folder import RunFolder

TASKS = Path(__file__).parents[2] / "tasks"
SMALL = "--steps 32 --sharing none --eval-episodes 2 --no-video --run-dir run"
TINY = "--ppo.n-envs 4 --ppo.n-steps 8 --ppo.batch-size 32"


@pytest.fixture
def trained(call, tmp_path):
    """A tiny run of a task file in the folder where it was begun."""
    (tmp_path / "my_reach.py").write_text((TASKS / "reach.py").read_text())
    code, _, stderr = call(
        "train", "--robots", "ur5e", "--task", "my_reach.py", *SMALL.split(), *TINY.split()
    )
    assert code == 0, stderr
    return tmp_path / "run"


def test_a_run_of_a_file_goes_on_from_any_folder_and_tells_when_the_file_has_changed(
    call, trained, tmp_path, monkeypatch
):
    file = tmp_path / "my_reach.py"
    assert RunFolder.open(trained).settings.task == str(file)
    assert RunFolder.open(trained).facts["files"] == {str(file): sha256(file.read_bytes()).hexdigest()}
    monkeypatch.chdir(tmp_path.parent)
    evaluate = ("evaluate", trained, "--episodes", "2")
    code, before, stderr = call(*evaluate)
    assert (code, stderr) == (0, "")

    file.write_text(file.read_text() + "# changed\n")
    told = f"{file} has changed since {trained} was trained; this goes by the file as it is now\n"
    assert call(*evaluate) == (0, before, told)
    code, _, stderr = call("train", "--resume", trained, "--steps", "64")
    assert (code, stderr) == (0, told)
    facts = json.loads((trained / "run.json").read_text())
    (resumed,) = facts["resumed"]
    assert resumed["files"] == {str(file): sha256(file.read_bytes()).hexdigest()} != facts["files"]

    file.unlink()
    code, _, stderr = call(*evaluate)
    assert (code, stderr) == (2, f"{told}hacpo-robot: no task file {str(file)!r}\n")


def test_a_file_may_hold_dataclasses_with_annotations_that_are_read_late(tmp_path):
    lines = ["from __future__ import annotations", "from dataclasses import dataclass"]
    lines += ["from hacpo_robot.catalog import load_robot", "@dataclass", "class Scale:", "    value: float"]
    lines += ["ROBOT = load_robot('ur5e')"]
    (tmp_path / "late.py").write_text("\n".join(lines))
    assert load_robot(str(tmp_path / "late.py")).name == "ur5e"


@pytest.mark.parametrize("folder", ["plain", "at 12:30", "a:b.py:c"])
def test_files_and_presets_are_told_apart_whatever_the_folder_is_called(tmp_path, monkeypatch, folder):
    place = tmp_path / folder
    place.mkdir()
    (place / "my_lift.py").write_text((TASKS / "lift.py").read_text())
    monkeypatch.chdir(place)
    for preset in ("", ":robosuite"):
        whole = whole_name(f"my_lift.py{preset}")
        assert whole == f"{place}/my_lift.py{preset}"
        assert load_task(whole).full_name == f"lift{preset}"
        assert own_files(whole, ["panda"]) == [place / "my_lift.py"]
        assert short_name(whole) == f"my_lift{preset.replace(':', '_')}"
