"""Command lines as tests run them."""

import sys

import pytest

from hacpo_robot.cli.main import main


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Run a command line in an empty folder; exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def _call(*arguments):
        monkeypatch.setattr(sys, "argv", ["hacpo-robot", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        return (code, *capsys.readouterr())

    return _call
