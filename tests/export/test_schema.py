"""The schema holds what is exported, and names the place of what is wrong."""

import json

import pytest
from jsonschema import Draft202012Validator

from hacpo_robot.catalog import load_robot
from hacpo_robot.export.exporter import export_policy
from hacpo_robot.export.runtime import SCHEMA_VERSION
from hacpo_robot.export.schema import SCHEMA, find_fault
from tests.export.conftest import PROVENANCE, train_small


@pytest.fixture
def document(exported):
    return json.loads((exported / "policy.json").read_text())


def test_the_schema_is_one_and_of_the_version_of_the_runtime():
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["schema_version"]["const"] == SCHEMA_VERSION


def test_an_exported_document_follows_the_schema(document):
    assert find_fault(document) is None


def test_every_key_that_is_exported_is_described(document):
    def undescribed(value, schema, place):
        schema = definitions[schema["$ref"].split("/")[-1]] | schema if "$ref" in schema else schema
        if isinstance(value, dict) and "properties" in schema:
            for key, inner in value.items():
                if key in schema["properties"]:
                    yield from undescribed(inner, schema["properties"][key], f"{place}.{key}")
                else:
                    yield f"{place}.{key}"
        elif isinstance(value, list) and "items" in schema:
            yield from undescribed(value[0], schema["items"], f"{place}[0]")

    schema = json.loads(SCHEMA.read_text())
    definitions = schema["$defs"]
    assert list(undescribed(document, schema, "")) == []


@pytest.mark.parametrize(("robot", "gain"), [("panda", None), ("ur5e", 0.3)])
def test_a_policy_says_where_its_arm_stands_and_whether_its_tool_is_held_upright(tmp_path, robot, gain):
    trained = train_small(robot)
    export_policy(trained.candidate(), tmp_path / "x", PROVENANCE, trained.episodes)
    document = json.loads((tmp_path / "x" / "policy.json").read_text())
    assert document["robot"]["base_pos"] == list(load_robot(robot).arm.base_pos)
    assert document["control"]["upright_gain"] == gain
    assert ("30% of its tilt is taken back" in (tmp_path / "x" / "README.md").read_text()) is (
        gain is not None
    )


def spoil(document, place, value):
    *way, last = place
    for key in way:
        document = document[key]
    if value is None:
        del document[last]
    else:
        document[last] = value


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        (("robot", "joint_names"), None, "robot: 'joint_names' is a required property"),
        (("control", "type"), "torque", "control.type: 'torque' is not one of "),
        (("schema_version",), 1, "schema_version: 2 was expected"),
        (("actions", 0, "size"), 0, r"actions[0].size: 0 is less than the minimum of 1"),
        (("limits", "jump", 0), -1.0, r"limits.jump[0]: -1.0 is less than or equal to the minimum of 0"),
        (("task",), 7, "task: 7 is not of type 'string'"),
    ],
)
def test_a_fault_is_named_by_its_place(document, place, value, sentence):
    spoil(document, place, value)
    assert find_fault(document).startswith(sentence)


def test_the_sentence_on_a_huge_value_is_short_and_keeps_its_end(document):
    document["source"]["step"] = "x" * 1_000_000
    fault = find_fault(document)
    assert len(fault) < 250
    assert fault.startswith("source.step: 'xxx")
    assert fault.endswith("is not of type 'integer'")


def test_what_is_no_object_is_a_fault():
    assert find_fault([]) == "[] is not of type 'object'"
