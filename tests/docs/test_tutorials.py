"""The tutorials, followed to the letter: their files are written, their commands run."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hacpo_robot.catalog import load_robot, load_task
from hacpo_robot.envs.expert import ScriptedExpert
from hacpo_robot.envs.vector import make_vec_env

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def followed(request, tmp_path, monkeypatch):
    """A folder with the files of one tutorial, its commands run; returns what they printed."""
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall((DOCS / request.param).read_text())
    printed = []
    for language, name, text in blocks:
        if name:
            (tmp_path / name).write_text(text)
        elif language == "console":
            printed += [run_command(line) for line in text.splitlines()]
    return printed


def run_command(line):
    program, *arguments = shlex.split(line)
    assert program == "hacpo-robot"
    command = [sys.executable, "-m", "hacpo_robot", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


def expert_successes(robot, task):
    """Of 20 scripted episodes."""
    env = make_vec_env(robot, task, 20, seed=0, n_threads=1)
    expert = ScriptedExpert(env.cell)
    for _ in range(env.horizon):
        _, _, done, infos = env.step(expert.act())
    env.close()
    assert done.all()
    return sum(info["is_success"] for info in infos)


@pytest.mark.parametrize("followed", ["add-a-robot.md"], indirect=True)
def test_a_newcomer_adds_a_robot(followed):
    checked, trained = followed
    assert checked.splitlines()[-1] == "gantry: ready to train"
    assert "gantry" in trained
    assert Path("gantry-run/exported/gantry/policy.onnx").is_file()
    assert expert_successes(load_robot("gantry.py"), load_task("lift")) >= 19


@pytest.mark.parametrize("followed", ["add-a-task.md"], indirect=True)
def test_a_newcomer_adds_a_task(followed):
    checked, _, evaluated = followed
    assert checked.splitlines()[-1] == "hover: ready to train"
    assert re.search(r"panda +\d+ of 10 episodes", evaluated)
    task = load_task("hover.py")
    assert expert_successes(load_robot("panda"), task) >= 19
    env = make_vec_env(load_robot("panda"), task, 20, seed=0, n_threads=1)
    assert not task.success(env.cell.state).any()
    assert np.isfinite(env.reset()).all()
