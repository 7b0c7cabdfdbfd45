"""Layout of flat vectors."""

import numpy as np
import pytest

from hacpo_robot.errors import InvalidSpecError, UnknownNameError
from hacpo_robot.specs.signature import Field, Signature, uniform_field

ARM = uniform_field("arm", ("a", "b"), 2.0, unit="rad")
WIDTH = Field(name="width", elements=("w",), unit="m", low=(0.0,), high=(0.1,))
GOAL = uniform_field("goal", ("x", "y", "z"), 1.0, unit="m", frame="world")
SIGNATURE = Signature((ARM, WIDTH, GOAL))


def test_signature_knows_where_each_field_lies():
    assert SIGNATURE.size == 6
    assert SIGNATURE.where("arm") == slice(0, 2)
    assert SIGNATURE.where("width") == slice(2, 3)
    assert SIGNATURE.where("goal") == slice(3, 6)
    assert SIGNATURE.element_names == ("arm/a", "arm/b", "width/w", "goal/x", "goal/y", "goal/z")


def test_signature_bounds_follow_the_order_of_the_fields():
    np.testing.assert_array_equal(SIGNATURE.low, [-2, -2, 0, -1, -1, -1])
    np.testing.assert_array_equal(SIGNATURE.high, [2, 2, 0.1, 1, 1, 1])


@pytest.mark.parametrize("batch", [(), (4,), (2, 3)])
def test_join_undoes_split_for_any_batch(rng, batch):
    vector = rng.normal(size=(*batch, 6))
    parts = SIGNATURE.split(vector)
    assert {name: part.shape for name, part in parts.items()} == {
        "arm": (*batch, 2),
        "width": (*batch, 1),
        "goal": (*batch, 3),
    }
    np.testing.assert_array_equal(SIGNATURE.join(parts), vector)


def test_join_orders_by_the_signature_not_by_the_mapping():
    parts = {"goal": np.full(3, 3.0), "width": np.full(1, 2.0), "arm": np.full(2, 1.0)}
    np.testing.assert_array_equal(SIGNATURE.join(parts), [1, 1, 2, 3, 3, 3])


def test_indices_follow_the_names_asked_for():
    np.testing.assert_array_equal(SIGNATURE.indices(("goal", "arm")), [3, 4, 5, 0, 1])
    assert SIGNATURE.indices(()).shape == (0,)


def test_select_keeps_the_original_order():
    assert SIGNATURE.select(("goal", "arm")).names == ("arm", "goal")


def test_unknown_field_is_answered_with_the_known_ones():
    with pytest.raises(
        UnknownNameError, match=r"unknown field 'gaol' \(did you mean 'goal'\?\); valid: arm, goal, width"
    ):
        SIGNATURE.where("gaol")


def test_repeated_field_names_are_refused():
    with pytest.raises(InvalidSpecError, match="field names repeat: arm, arm"):
        Signature((ARM, ARM))


def test_bounds_that_do_not_fit_the_elements_are_refused():
    with pytest.raises(InvalidSpecError, match="2 elements, 1 low and 2 high bounds"):
        Field(name="f", elements=("a", "b"), unit="1", low=(0.0,), high=(1.0, 1.0))
    with pytest.raises(InvalidSpecError, match="must be below"):
        Field(name="f", elements=("a",), unit="1", low=(1.0,), high=(1.0,))
