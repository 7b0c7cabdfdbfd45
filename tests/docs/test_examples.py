"""Python in the pages and the README, run as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SKIPPED = {"from runtime import"}
"""Beginnings of what runs in an exported folder, on a robot: ``test_deploy`` does that."""
SLOW = re.compile(r"CameraRig|\.learn\(|train\(|\.run\(")
"""What draws, which needs OpenGL, or trains."""
PAGES = ("README.md", "docs/training.md", "docs/videos.md")


def examples():
    for page in PAGES:
        for number, text in enumerate(BLOCK.findall((ROOT / page).read_text())):
            if not any(text.startswith(beginning) for beginning in SKIPPED):
                marks = pytest.mark.slow if SLOW.search(text) else ()
                yield pytest.param(text, id=f"{page}-{number}", marks=marks)


@pytest.mark.parametrize("text", list(examples()))
def test_an_example_runs(text, tmp_path):
    environment = {**os.environ, "MUJOCO_GL": "egl"}
    command = [sys.executable, "-c", text]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
