"""What a task may say, and the vocabulary of its rewards."""

from dataclasses import replace

import numpy as np
import pytest

from hacpo_robot.catalog import load_task, task_names
from hacpo_robot.errors import InvalidSpecError, UnknownNameError
from hacpo_robot.specs.action import CartesianDelta
from hacpo_robot.specs.prop import Region
from hacpo_robot.specs.script import never
from hacpo_robot.specs.task import RewardPreset, TaskSpec
from hacpo_robot.specs.terms import Term, within

LIFT = load_task("lift")


def test_a_negative_weight_is_refused():
    rewards = {"a": Term(lambda s: s, 1.5), "b": Term(lambda s: s, -0.5)}
    with pytest.raises(InvalidSpecError, match=r"task 'debt': weight of 'b' is -0\.5, below 0"):
        TaskSpec(name="debt", rewards=rewards, success=lambda s: s, horizon_s=1.0, script=())


def test_weights_that_do_not_sum_to_one_are_refused():
    with pytest.raises(InvalidSpecError, match=r"task 'half': reward weights sum to 0\.5, expected 1"):
        TaskSpec(
            name="half", rewards={"a": Term(lambda s: s, 0.5)}, success=lambda s: s, horizon_s=1.0, script=()
        )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"horizon_s": 0.0}, "task 'lift': horizon_s must be positive, not 0"),
        ({"props": 2 * LIFT.props}, "task 'lift': cube is the name of something else, too"),
        ({"props": (replace(LIFT.boxes[0], name="tool"),)}, "tool is the name of something else, too"),
    ],
)
def test_what_no_scene_can_be_made_of_is_refused(changes, sentence):
    with pytest.raises(InvalidSpecError, match=sentence):
        replace(LIFT, **changes)


def test_a_region_that_is_turned_round_is_refused():
    with pytest.raises(InvalidSpecError, match=r"region: y begins at 0\.1, above its end at -0\.1"):
        Region(x=(0.0, 0.0), y=(0.1, -0.1), z=(1.0, 1.0))


def test_an_unknown_rotation_is_answered_with_the_known_ones():
    with pytest.raises(
        UnknownNameError, match=r"unknown rotation 'yow' \(did you mean 'yaw'\?\); valid: full"
    ):
        CartesianDelta(rotation="yow")


def test_a_reward_preset_goes_by_a_name_of_its_own():
    assert load_task("lift:robosuite").rewards.keys() == {"reach", "grasp", "success"}
    assert load_task("lift:robosuite").leaning_pays
    assert [load_task(name).full_name for name in ("lift", "lift:robosuite")] == ["lift", "lift:robosuite"]
    own = replace(LIFT, presets={"sparse": RewardPreset(rewards={"s": Term(never, 1.0)}, success=never)})
    assert not own.with_preset("sparse").leaning_pays
    with pytest.raises(UnknownNameError, match="unknown reward preset 'sparse'; valid: robosuite"):
        load_task("lift:sparse")


@pytest.mark.parametrize("name", task_names())
def test_success_pays_more_than_all_shaping_together(name):
    rewards = load_task(name).rewards
    shaping = sum(term.weight for key, term in rewards.items() if key != "success")
    assert rewards["success"].weight > shaping, "an arm would hover just below success"


@pytest.mark.parametrize("name", task_names())
def test_task_is_named_like_its_file(name):
    assert load_task(name).name == name


def test_unknown_task_is_answered_with_the_known_ones():
    with pytest.raises(
        UnknownNameError, match=r"unknown task 'lfit' \(did you mean 'lift'\?\); valid: .*lift"
    ):
        load_task("lfit")


def test_within_is_full_inside_and_a_tenth_at_the_margin():
    value = within(np.array([0.0, 0.01, 0.26, 9.0]), radius=0.01, margin=0.25)
    np.testing.assert_allclose(value, [1.0, 1.0, 0.1, 0.0], atol=1e-12)
