"""What a page says of how its runs were made."""

from dataclasses import replace

from hacpo_robot.study.plan import load_plan
from hacpo_robot.study.provenance import settings
from hacpo_robot.study.results import Results
from tests.study.synthetic import results_of

PLAN = load_plan("miniature")


def with_settings(**unlike):
    """Runs of two seeds, of which some know other values."""
    runs = results_of(PLAN.cells(2)).runs
    return Results(
        runs=tuple(
            replace(run, settings=run.settings | unlike.get(f"{run.condition}_{run.seed}", {}))
            for run in runs
        )
    )


def test_a_setting_of_sharing_says_nothing_of_those_that_share_nothing():
    page = settings(PLAN, with_settings(none_1={"hacpo.half_life": 7.0}))
    assert "`hacpo.half_life` 32.0" in page
    assert "7.0" not in page
    assert "No `hacpo` setting has any effect on `none`." in page


def test_every_value_that_a_condition_ran_with_is_told():
    page = settings(PLAN, with_settings(hacpo_0={"ppo.gamma": 0.9}, hacpo_1={"ppo.gamma": 0.8}))
    assert "| `ppo.gamma` | 0.95 | 0.9 / 0.8 |" in page
    assert "| `sharing` | none | hacpo |" in page


def test_what_changes_from_seed_to_seed_is_no_difference_between_conditions():
    page = settings(PLAN, with_settings())
    assert "| `seed`" not in page
    assert "Alike for all conditions, but not for all tasks, fleets or seeds: `seed`." in page
