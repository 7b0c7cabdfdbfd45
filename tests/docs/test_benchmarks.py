"""The scripts behind the results still fit the package whose results they make."""

import importlib.util
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[2] / "benchmarks").glob("*.py"))


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_can_be_loaded(path, monkeypatch):
    monkeypatch.syspath_prepend(path.parent)  # where its neighbours are found when it is run
    assert load(path).__doc__


def test_every_phase_whose_cost_is_timed_is_there():
    cost = load(next(path for path in SCRIPTS if path.stem == "cost"))
    missing = [phase for phase, (owner, name) in cost.PHASES.items() if not hasattr(owner, name)]
    assert missing == []
