"""What is installed, as files tell where they come from."""

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("hacpo-robot", "mujoco", "robosuite", "stable-baselines3", "torch", "numpy", "onnxruntime")

CODE = ("hacpo_robot", "robots", "tasks", "sim_assets")
"""What decides figures; results that are written beside it do not."""


def version_of(package: str) -> str:
    """Version of a distribution, or that it is not installed, as this package itself may be in a checkout."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def installed_versions() -> dict[str, str]:
    """Python, this package, and those that decide what a run gives."""
    return {"python": platform.python_version(), **{package: version_of(package) for package in PACKAGES}}


def current_commit() -> str:
    """Of the checkout that this package lies in, with a plus where its code is another; else empty."""
    root = Path(__file__).parents[1]
    if not (root / ".git").exists():
        return ""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--", *CODE)
        return git("rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return ""
