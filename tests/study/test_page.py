"""The page shows what the files say, and nothing else."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hacpo_robot.errors import InvalidSpecError
from hacpo_robot.study.page import BEGIN, END, compose, with_headline
from hacpo_robot.study.plan import plan_as_dict, plan_from_dict
from hacpo_robot.study.results import write_results
from hacpo_robot.study.tables import NOT_YET
from tests.study.synthetic import PLAN, results_of

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "benchmarks" / "RESULTS.md"
EARLIER = ROOT / "benchmarks" / "earlier" / "RESULTS.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results") / "made_up"
    write_results(folder, PLAN, results_of(PLAN.cells(3)))
    return folder


@pytest.fixture(scope="module")
def page(folder):
    return compose(folder.parent / "RESULTS.md", [folder])[folder.parent / "RESULTS.md"]


def rows(page, title):
    """Cells of the first table below a heading, without its head."""
    lines = page[page.index(f"### {title}\n") :].splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("| "))
    last = next(place for place, line in enumerate(lines) if place > first and not line.startswith("| "))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[first + 2 : last]]


def test_two_results_of_one_plan_stand_side_by_side(tmp_path):
    for name in ("now", "before/results"):
        write_results(tmp_path / name, PLAN, results_of(PLAN.cells(2)))
    files = compose(tmp_path / "RESULTS.md", [tmp_path / "now", tmp_path / "before" / "results"])
    assert sorted(path.name for path in files) == ["RESULTS.md", "before.svg", "now.svg"]
    assert "## now\n" in files[tmp_path / "RESULTS.md"]
    assert "## before\n" in files[tmp_path / "RESULTS.md"]


def test_two_results_of_one_name_are_refused(tmp_path):
    for name in ("one/results", "other/one"):
        write_results(tmp_path / name, PLAN, results_of(PLAN.cells(2)))
    with pytest.raises(InvalidSpecError, match="two of the studies are called one"):
        compose(tmp_path / "RESULTS.md", [tmp_path / "one" / "results", tmp_path / "other" / "one"])


def test_a_robot_from_a_file_goes_by_its_name(tmp_path):
    file = tmp_path / "own.py"
    file.write_text(
        "from dataclasses import replace\nfrom hacpo_robot.catalog import load_robot\n"
        "ROBOT = replace(load_robot('scara'), name='mine')\n"
    )
    plan = plan_from_dict("own", plan_as_dict(PLAN) | {"fleets": {"pair": ["ur5e", str(file)]}})
    write_results(tmp_path / "own", plan, results_of(plan.cells(2)))
    page = compose(tmp_path / "RESULTS.md", [tmp_path / "own"])[tmp_path / "RESULTS.md"]
    assert [row[1] for row in rows(page, "All arms together")] == ["`none`", "`self`", "`hacpo`"]
    assert rows(page, "Arm by arm")[1][2] == "mine"


def test_headline_has_completions_and_what_the_claim_gains(page):
    none, own, hacpo = rows(page, "All arms together")
    assert none == ["pair", "`none`", "3", "50 % (45 to 55)", "50 % (45 to 55)", "+30.0", "0.250"]
    assert own[5] == "+20.0"
    assert hacpo == ["pair", "`hacpo`", "3", "80 % (75 to 85)", "80 % (75 to 85)", "", ""]
    assert "the intervals are too narrow" in page


def test_every_task_has_a_row(page):
    completion = ["50 % (45 to 55)", "60 % (55 to 65)", "80 % (75 to 85)", "+30.0", "+20.0"]
    assert rows(page, "Task by task") == [[task, "pair", "3", *completion] for task in ("reach", "lift")]


def test_every_arm_has_a_row(page):
    found = rows(page, "Arm by arm")
    assert [row[:4] for row in found[:2]] == [["reach", "pair", "ur5e", "3"], ["reach", "pair", "scara", "3"]]
    assert len(found) == 4


def test_other_conditions_are_set_against_the_claim_and_its_rivals(page):
    assert rows(page, "Parts of the method") == [
        ["pair", "`all`", "3", "70 % (65 to 75)", "-10.0", "+20.0", "+10.0", "0.250"]
    ]


def test_teachers_stand_in_rows_and_learners_in_columns(page):
    assert rows(page, "Who taught whom") == [["ur5e", "-", "1.0 / 3k"], ["scara", "-", "-"]]


def test_where_the_claim_has_not_run_nobody_is_said_to_teach(tmp_path):
    cells = [c for c in PLAN.cells(2) if c.condition == "none" or (c.condition, c.task) == ("hacpo", "lift")]
    write_results(tmp_path / "s", PLAN, results_of(cells))
    page = compose(tmp_path / "RESULTS.md", [tmp_path / "s"])[tmp_path / "RESULTS.md"]
    taught = page[page.index("### Who taught whom") :]
    assert "lift, fleet pair:" in taught
    assert "reach, fleet pair:" not in taught


def test_only_what_was_compared_differs_between_conditions(page):
    assert rows(page, "Settings") == [["`sharing`", "none", "self", "hacpo", "all"]]
    assert "`ppo.learning_rate` 0.0005" in page


def test_curves_are_a_picture_with_a_panel_per_task(folder):
    files = compose(folder.parent / "RESULTS.md", [folder])
    text = files[folder.parent / "figures" / "made_up.svg"]
    svg = ElementTree.fromstring(text)
    texts = [node.text for node in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert {"reach, fleet pair", "lift, fleet pair", "hacpo", "none", "self"} <= set(texts)
    assert "all" not in texts
    assert len(re.findall("<polyline", text)) == len(re.findall("<polygon", text)) == 2 * 3


def test_a_study_that_has_just_begun_says_so(tmp_path):
    write_results(tmp_path / "s", PLAN, results_of(PLAN.cells(1)[:4]))
    page = compose(tmp_path / "RESULTS.md", [tmp_path / "s"])[tmp_path / "RESULTS.md"]
    assert "4 of 64 runs have finished" in page
    assert NOT_YET in page


def test_a_rival_without_runs_does_not_hold_up_the_others(tmp_path):
    write_results(
        tmp_path / "s", PLAN, results_of(c for c in PLAN.cells(2) if c.condition in ("hacpo", "none"))
    )
    page = compose(tmp_path / "RESULTS.md", [tmp_path / "s"])[tmp_path / "RESULTS.md"]
    assert [row[1] for row in rows(page, "All arms together")] == ["`none`", "`hacpo`"]


def test_each_rival_is_compared_over_the_seeds_that_it_has(tmp_path):
    cells = [cell for cell in PLAN.cells(3) if cell.condition != "self" or cell.seed]
    write_results(tmp_path / "s", PLAN, results_of(cells))
    page = compose(tmp_path / "RESULTS.md", [tmp_path / "s"])[tmp_path / "RESULTS.md"]
    headline = rows(page, "All arms together")
    assert [row[1:4] for row in headline] == [
        ["`none`", "3", "50 % (45 to 55)"],
        ["`self`", "2", "62 % (60 to 65)"],
        ["`hacpo`", "3", "80 % (75 to 85)"],
    ]
    assert headline[1][5] == "+20.0"  # over 60 and 65 %, of the same two seeds
    assert rows(page, "Differences")[0] == ["mean difference, points", "+30.0", "+20.0"]
    for title in ("Task by task", "Arm by arm"):
        assert {row[-6] for row in rows(page, title)} == {"3 / 2 / 3"}


def test_a_fleet_that_lacks_a_task_is_not_in_the_headline(tmp_path):
    cells = [cell for cell in PLAN.cells(2) if cell.task == "reach"]
    write_results(tmp_path / "s", PLAN, results_of(cells))
    page = compose(tmp_path / "RESULTS.md", [tmp_path / "s"])[tmp_path / "RESULTS.md"]
    assert f"### All arms together\n\n{NOT_YET}" in page
    assert len(rows(page, "Task by task")) == 1


def test_a_study_of_one_condition_shows_what_it_reached_and_compares_nothing(tmp_path):
    alone = replace(PLAN, conditions={"none": PLAN.conditions["none"]}, headline=("none",))
    write_results(tmp_path / "s", alone, results_of(alone.cells(6)))
    page = compose(tmp_path / "RESULTS.md", [tmp_path / "s"])[tmp_path / "RESULTS.md"]
    ((*level, completion, _),) = rows(page, "All arms together")
    assert (level, completion[:4]) == (["pair", "`none`", "6"], "58 %")
    assert "### Speed of learning" in page
    for heading in ("Differences", "Parts of the method", "Who taught whom"):
        assert f"### {heading}" not in page


def test_a_study_without_runs_has_a_page_all_the_same(tmp_path):
    write_results(tmp_path / "s", PLAN, results_of([]))
    assert "0 of 64 runs have finished" in compose(tmp_path / "R.md", [tmp_path / "s"])[tmp_path / "R.md"]


def test_headline_takes_its_place_in_a_readme_and_keeps_the_rest(folder, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    text = with_headline(readme, folder.parent / "RESULTS.md", folder)
    assert text.startswith(f"before\n{BEGIN}\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "| `hacpo` | 3 | 80 % (75 to 85)" in text
    assert "old" not in text
    readme.write_text(text)
    assert with_headline(readme, folder.parent / "RESULTS.md", folder) == text


def test_a_readme_without_a_place_for_the_headline_is_refused(folder, tmp_path):
    (tmp_path / "README.md").write_text("nothing")
    with pytest.raises(InvalidSpecError, match="has no lines"):
        with_headline(tmp_path / "README.md", folder.parent / "RESULTS.md", folder)


@pytest.mark.parametrize("page", [PAGE, EARLIER], ids=["present", "earlier"])
def test_published_results_are_what_their_files_say(page):
    for path, text in compose(page, _folders_of(page)).items():
        assert path.read_text() == text, f"{path} is out of date: hacpo-robot report"


def test_the_headline_of_the_readme_is_what_the_files_say():
    readme = ROOT / "README.md"
    assert with_headline(readme, PAGE, _folders_of(PAGE)[0]) == readme.read_text()


def _folders_of(page: Path) -> list[Path]:
    given = re.search(r"`hacpo-robot report (.+?) --page", page.read_text())
    assert given, f"{page} does not say what it is made of"
    return [page.parent / name for name in given[1].split()]
