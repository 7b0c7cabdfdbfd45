"""Results of a study that nobody ran: what they say is known beforehand."""

from hacpo_robot.catalog import load_robot
from hacpo_robot.specs.training import flat_settings
from hacpo_robot.study.plan import plan_from_dict
from hacpo_robot.study.results import Note, Place, Reached, Results, Run, Taught

PLAN = plan_from_dict(
    "made_up",
    {
        "fleets": {"pair": ["ur5e", "scara"]},
        "tasks": {"reach": {"steps": 1000}, "lift": {"steps": 2000}},
        "conditions": {
            "none": {"sharing": "none"},
            "self": {"sharing": "self"},
            "hacpo": {"sharing": "hacpo"},
            "all": {"sharing": "all"},
        },
        "headline": ["hacpo", "none", "self"],
    },
)
SUCCESSES = {"none": 50, "self": 60, "hacpo": 80, "all": 70}
"""Of 100 episodes of every arm with seed 1; seed 0 has 5 less, seed 2 has 5 more."""


def results_of(cells):
    """Cells of the plan as if they had been run."""
    return sum((_result(cell) for cell in cells), Results())


def _result(cell):
    place = vars(Place(cell.task, cell.fleet, cell.condition, cell.seed))
    steps, n_success = cell.settings.steps, SUCCESSES[cell.condition] + 5 * (cell.seed - 1)
    reached, notes = [], []
    for robot in (load_robot(name).name for name in cell.settings.robots):
        outcome = {"n_episodes": 100, "n_success": n_success, "success_once": 0.9, "mean_return": 1.0}
        reached.append(Reached(**place, robot=robot, steps=steps, **outcome, wall_s=60.0))
        notes += [
            Note(**place, robot=robot, steps=s, success=n_success / 100 * s / steps)
            for s in (steps // 2, steps)
        ]
    lesson = {
        "accepted": 3000,
        "weight": 0.5,
        "effect_error": 0.1,
        "rehearsals": 2,
        "rehearsed": 0.5,
        "trust": 0.7,
    }
    lessons = [Taught(**place, source="ur5e", learner="scara", **lesson, adopted=1)] * (
        cell.condition == "hacpo"
    )
    settings = {
        name: list(v) if isinstance(v, tuple) else v for name, v in flat_settings(cell.settings).items()
    }
    run = Run(
        **place,
        name=cell.name,
        created_at="2026-01-02T03:04",
        commit="abc",
        machine="a machine",
        versions={"python": "3.11"},
        settings=settings,
    )
    return Results(tuple(reached), tuple(notes), tuple(lessons), (run,))
