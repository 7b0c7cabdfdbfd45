"""Where files say that they come from."""

import shutil
import subprocess

import pytest

from hacpo_robot import versions

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository with this package's layout and one commit; its path and the commit."""
    for name in versions.CODE:
        (tmp_path / name).mkdir()
        (tmp_path / name / "code.py").write_text("1\n")
    (tmp_path / "results.json").write_text("{}")
    monkeypatch.setattr(versions, "__file__", str(tmp_path / "hacpo_robot" / "versions.py"))

    def git(*arguments):
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "-m", "first")
    return tmp_path, git("rev-parse", "HEAD")


def test_a_commit_is_named_as_it_is_whatever_results_are_written_beside_the_code(checkout):
    path, commit = checkout
    assert versions.current_commit() == commit
    (path / "results.json").write_text("{'new': 1}")
    assert versions.current_commit() == commit


@pytest.mark.parametrize("changed", ["tasks/code.py", "robots/new.py"])
def test_other_code_than_that_of_the_commit_is_marked(checkout, changed):
    path, commit = checkout
    (path / changed).write_text("2\n")
    assert versions.current_commit() == f"{commit}+"


def test_outside_a_checkout_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(versions, "__file__", str(tmp_path / "site-packages" / "hacpo_robot" / "versions.py"))
    assert versions.current_commit() == ""
