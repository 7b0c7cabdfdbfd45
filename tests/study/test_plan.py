"""Which runs a study consists of, and in which order."""

from itertools import groupby

import pytest

from hacpo_robot.errors import InvalidSpecError, UnknownNameError
from hacpo_robot.specs.training import TrainSettings
from hacpo_robot.study.plan import load_plan, plan_as_dict, plan_from_dict, plan_names

PLAN = {
    "fleets": {"one": ["ur5e"], "two": ["panda", "scara"]},
    "tasks": {"reach": {"steps": 100}, "lift": {"steps": 200}},
    "conditions": {
        "careless": {"hacpo": {"guards": {"trust": False}}},
        "none": {"sharing": "none"},
        "hacpo": None,
    },
    "headline": ["hacpo", "none"],
    "settings": {"ppo": {"n_envs": 4}, "hacpo": {"max_sources": 1}},
}


def test_headline_fills_first_and_evenly_over_seeds():
    cells = plan_from_dict("x", PLAN).cells(3)
    assert len(cells) == 3 * 2 * 2 * 3 == len({cell.name for cell in cells})
    assert [condition for condition, _ in groupby(cell.condition == "careless" for cell in cells)] == [0, 1]
    for _, group in groupby(cells, key=lambda cell: cell.condition == "careless"):
        seeds = [cell.seed for cell in group]
        assert seeds == sorted(seeds)
    first = {(cell.task, cell.fleet, cell.condition) for cell in cells[:8]}
    assert {cell.seed for cell in cells[:8]} == {0}
    assert len(first) == 8


def test_settings_of_a_cell_are_merged_part_by_part():
    cell = next(each for each in plan_from_dict("x", PLAN).cells(2) if each.name == "lift-two-careless-1")
    settings = cell.settings
    assert (settings.task, settings.robots, settings.seed) == ("lift", ("panda", "scara"), 1)
    assert (settings.steps, settings.ppo.n_envs, settings.hacpo.max_sources) == (200, 4, 1)
    assert not settings.hacpo.guards.trust
    assert settings.hacpo.guards.mastery
    assert settings.ppo.batch_size == TrainSettings().ppo.batch_size


def test_names_leave_out_what_all_cells_share():
    assert [cell.name for cell in load_plan("sharing").cells(1)] == ["hacpo-0", "none-0", "self-0"]


def test_ablations_go_on_where_sharing_ended():
    sharing, ablations = load_plan("sharing"), load_plan("ablations")
    cells = {cell.name: cell for cell in ablations.cells(4)}
    assert all(cells[cell.name] == cell for cell in sharing.cells(4))


@pytest.mark.parametrize("name", plan_names())
def test_every_study_preset_makes_cells_and_survives_its_result_files(name):
    plan = load_plan(name)
    assert plan.cells(plan.seeds)
    assert plan_from_dict(name, plan_as_dict(plan)) == plan


def test_a_study_may_be_a_file_of_ones_own(tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "fleets: {f: [ur5e]}\ntasks: {reach: {steps: 9}}\nconditions: {none: {sharing: none}}\n"
        "headline: [none]"
    )
    plan = load_plan(str(tmp_path / "mine.yaml"))
    assert plan.title == "mine"
    assert plan.cells(1)[0].settings.steps == 9


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"headline": ["best"]}, "unknown condition 'best'; valid: careless, hacpo, none"),
        ({"headline": []}, "needs fleets, tasks, a headline and at least one seed"),
        ({"seeds": 0}, "at least one seed"),
        ({"robots": ["panda"]}, "unknown part of a study 'robots'; valid: fleets, tasks"),
        ({"fleets": {"f": ["pandaa"]}}, "unknown robot 'pandaa'"),
        ({"tasks": {"fly": {}}}, "unknown task 'fly'"),
        ({"tasks": {"reach": {"stepz": 1}}}, "unknown setting 'stepz'"),
        ({"conditions": {"hacpo": {}, "none": {}, "no-trust": {}}}, "no dash in names"),
        ({"tasks": {"my-folder/fly.py": {}}}, "no task file 'my-folder/fly.py'"),
        ({"tasks": {"fly-by.py": {}}}, "no dash in names"),
        ({"tasks": {"reach": {}, "own/reach.py": {}}}, "two tasks of one name: reach own/reach.py"),
        ({"tasks": {"lift": {}, "lift:dense": {}}}, "unknown reward preset 'dense'; valid: robosuite"),
    ],
)
def test_a_plan_that_cannot_be_run_is_refused(change, sentence):
    with pytest.raises((InvalidSpecError, UnknownNameError), match=sentence):
        plan_from_dict("x", {**PLAN, **change}).check_fleets()


def test_a_plan_that_lacks_a_part_says_which():
    with pytest.raises(InvalidSpecError, match="study x lacks headline, tasks"):
        plan_from_dict("x", {k: v for k, v in PLAN.items() if k not in ("tasks", "headline")})


@pytest.mark.parametrize("values", [None, ["reach"], "reach"])
def test_what_is_no_plan_at_all_is_refused(values):
    with pytest.raises(InvalidSpecError, match="study x is no list of parts with their values"):
        plan_from_dict("x", values)


def test_an_unknown_study_is_named_with_the_valid_ones():
    with pytest.raises(
        UnknownNameError, match=r"unknown study 'suit' .*valid: ablations, miniature, sharing, suite"
    ):
        load_plan("suit")


def test_a_fleet_with_a_robot_that_cannot_do_the_task_is_refused():
    with pytest.raises(InvalidSpecError, match="robot 'scara' cannot do task 'open_door'"):
        plan_from_dict(
            "x", plan_as_dict(load_plan("miniature")) | {"tasks": {"open_door": {}}}
        ).check_fleets()


def test_a_fleet_with_two_robots_of_one_name_is_refused(tmp_path):
    again = tmp_path / "again.py"
    again.write_text("from hacpo_robot.catalog import load_robot\nROBOT = load_robot('ur5e')\n")
    with pytest.raises(InvalidSpecError, match="two robots of one name: ur5e ur5e"):
        plan_from_dict("x", PLAN | {"fleets": {"twins": ["ur5e", str(again)]}}).check_fleets()
