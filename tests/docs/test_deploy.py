"""The guide to a robot, followed to the letter: trained, exported, run where nothing of ours is."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "deploy.md"
BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ALONE = """
import sys


class Nothing:
    known = {*sys.stdlib_module_names, "numpy", "onnxruntime", "runtime", "driver"}

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] not in self.known and not name.startswith("sitecustomize"):
            raise ModuleNotFoundError(f"{name} is not on this robot", name=name)


sys.meta_path.insert(0, Nothing())
"""
"""Start of Python on a computer with numpy and onnxruntime alone."""


def run(line, folder, environment=None):
    program, *arguments = shlex.split(line)
    words = {"hacpo-robot": [sys.executable, "-m", "hacpo_robot"], "python": [sys.executable]}[program]
    done = subprocess.run(
        [*words, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_a_newcomer_deploys_a_policy(tmp_path):
    robot, site = tmp_path / "robot", tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(ALONE)
    printed = {}
    for language, name, text in BLOCK.findall(GUIDE.read_text()):
        if language == "console":
            for line in text.splitlines():
                run(line, tmp_path)
        elif language == "robot":
            if not robot.exists():
                shutil.copytree(tmp_path / "arm-run/exported/panda", robot)
            environment = {"PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}
            printed |= {line: run(line, robot, environment) for line in text.splitlines()}
        elif name:
            (robot / name).write_text(text)
    assert "64 recorded replayed" in printed["python runtime.py policy.onnx --self-test"]
    assert "joint_pos      [rad] in -: joint1, joint2" in printed["python sensors.py"]
    for line in ("python run_policy.py --dry", "python run_policy.py"):
        assert "n_cycles=40" in printed[line]
        assert "n_faults=0" in printed[line]
