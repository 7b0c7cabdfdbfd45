"""Policy files whose metadata lacks something, holds something else, or contradicts itself."""

import json
from functools import partial

from tests.export.policies import make_document, make_entries, make_model, write, write_edited_document

JUNK = {"object": {}, "nested list": [[]], "truth value": True, "empty text": "", "large": -1e300}


def write_entries(path, **entries):
    """A file with other ``metadata_props``; ``None`` removes one."""
    document = make_document()
    changed = {**make_entries(document), **entries}
    write(path, make_model(document), {key: value for key, value in changed.items() if value is not None})


def places(node, path=()):
    """Ways to every value that the runtime reads in a document."""
    for key, value in node.items() if isinstance(node, dict) else [(0, node[0])]:
        if key not in ("unit", "frame", "n_joints", "gripper"):
            yield (*path, key)
            if isinstance(value, dict | list):
                yield from places(value, (*path, key))


def put(value, place, document):
    """Set, or with ``...`` remove, the value at a place."""
    for key in place[:-1]:
        document = document[key]
    if value is ...:
        del document[place[-1]]
    else:
        document[place[-1]] = value


def document_cases():
    """A document that lacks each key in turn, or holds something of the wrong kind there."""
    for place in places(make_document()):
        name = ".".join(map(str, place))
        if not isinstance(place[-1], int):
            yield f"without {name}", partial(write_edited_document, edit=partial(put, ..., place))
        for kind, junk in JUNK.items():
            yield f"{kind} as {name}", partial(write_edited_document, edit=partial(put, junk, place))


CONTRADICTIONS = {
    "version 1": ("schema_version", 1),
    "version 3": ("schema_version", 3),
    "version as text": ("schema_version", "2"),
    "unknown inputs": ("inputs", "images"),
    "unknown control": ("control", "type", "torque"),
    "no rate": ("control", "frequency_hz", 0),
    "negative rate": ("control", "frequency_hz", -20),
    "a cycle of years": ("control", "frequency_hz", 1e-8),
    "a rate that no clock keeps": ("control", "frequency_hz", 1e8),
    "low pass of zero": ("control", "low_pass_hz", 0),
    "low pass without inputs for it": ("control", "low_pass_hz", 2.0),
    "still gripper": ("control", "gripper_speed", 0),
    "sensors as inputs of a flat graph": ("inputs", "sensors"),
    "joint limits the wrong way round": ("robot", "joint_low", [2.5, -1.0, None]),
    "equal joint limits": ("robot", "joint_low", [2.0, -1.0, None]),
    "too few joint limits": ("robot", "joint_low", [-2.0, -1.0]),
    "too many joint limits": ("robot", "joint_high", [2.0] * 4),
    "huge joint limit": ("robot", "joint_high", [1e300] * 3),
    "home outside the limits": ("robot", "home", [0.0, 1.5, 0.0]),
    "home of two joints": ("robot", "home", [0.0, 0.5]),
    "one joint twice": ("robot", "joint_names", ["shoulder", "elbow", "elbow"]),
    "joints in another order than the action": ("robot", "joint_names", ["elbow", "shoulder", "wrist"]),
    "a joint that the action lacks": ("robot", "joint_names", ["shoulder", "elbow", "hand"]),
    "two joints": ("robot", "joint_names", ["shoulder", "elbow"]),
    "joint name of two lines": ("robot", "joint_names", ["shoulder", "elbow", "wrist\nhand"]),
    "joints in degrees": ("robot", "joint_units", ["deg"] * 3),
    "two joint units": ("robot", "joint_units", ["rad"] * 2),
    "another gripper width": ("robot", "gripper_width", [0.0, 0.1]),
    "gripper width of three": ("robot", "gripper_width", [0.0, 0.04, 0.08]),
    "no joint speed": ("limits", "joint_speed", None),
    "joint speed of two": ("limits", "joint_speed", [2.0, 2.0]),
    "negative joint speed": ("limits", "joint_speed", [2.0, -2.0, 2.0]),
    "negative jump": ("limits", "jump", [0.1, 0.1, 0.1, -0.1]),
    "jump of three": ("limits", "jump", [0.1, 0.1, 0.1]),
    "no age": ("limits", "max_age_s", 0),
    "negative age": ("limits", "max_age_s", -1),
    "age of days": ("limits", "max_age_s", 1e6),
    "no sensors": ("observations", []),
    "no actions": ("actions", []),
    "ten thousand sensors": ("observations", [{}] * 10_000),
    "negative size": ("observations", 0, "size", -3),
    "huge size": ("observations", 0, "size", 10**30),
    "size of a fraction": ("observations", 0, "size", 2.5),
    "size that is whole but no integer": ("observations", 0, "size", 3.0),
    "size without its elements": ("observations", 0, "size", 4),
    "elements without their size": ("observations", 0, "element_names", ["shoulder", "elbow"]),
    "elements in another order than the joints": (
        "observations",
        0,
        "element_names",
        ["wrist", "elbow", "shoulder"],
    ),
    "one element twice": ("observations", 2, "element_names", ["x", "x", "z"]),
    "one sensor twice": ("observations", 2, "name", "joint_pos"),
    "a sensor too few": ("observations", make_document()["observations"][:2]),
    "low above high": ("observations", 0, "low", [5.0, -3.0, -3.0]),
    "low as long as it likes": ("observations", 0, "low", [-3.0] * 5),
    "action low above high": ("actions", 0, "low", [0.2, -0.1, -0.1]),
    "action bounds that the graph exceeds": ("actions", 0, "high", [0.05, 0.1, 0.1]),
    "no gripper": ("actions", make_document()["actions"][:1]),
    "gripper first": ("actions", make_document()["actions"][::-1]),
}
TEXTS = {
    "nothing": "",
    "no JSON": "policy",
    "half a document": json.dumps(make_document())[:300],
    "a list": "[]",
    "a number": "2",
    "null": "null",
    "nested a hundred thousand deep": "[" * 100_000 + "]" * 100_000,
    "objects nested ten thousand deep": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "an integer of ten thousand digits": '{"schema_version": ' + "9" * 10_000 + "}",
    "a number beyond all floats": json.dumps(make_document()).replace("20.0", "1e999"),
    "NaN": json.dumps(make_document()).replace("20.0", "NaN"),
    "Infinity": json.dumps(make_document()).replace("20.0", "Infinity"),
    "minus Infinity": json.dumps(make_document()).replace("20.0", "-Infinity"),
    "one key twice": json.dumps(make_document()).replace('"task"', '"schema_version": 2, "task"'),
    "one joint limit twice": json.dumps(make_document()).replace('"home"', '"joint_low": [], "home"'),
}


def text_cases():
    for name, text in TEXTS.items():
        yield f"{name} as metadata", partial(write_entries, policy_metadata=text)
    for key in ("joint_names", "observation_names", "default_joint_pos", "policy_metadata"):
        yield f"no {key}", partial(write_entries, **{key: None})
    yield "joints permuted in the flat keys", partial(write_entries, joint_names="elbow,shoulder,wrist")
    yield (
        "sensors permuted in the flat keys",
        partial(write_entries, observation_names="cube_pos,joint_pos,gripper_width"),
    )
    yield "home permuted in the flat keys", partial(write_entries, default_joint_pos="0.5,0.0,0.0")
    yield "home rounded in the flat keys", partial(write_entries, default_joint_pos="0.0,0.501,0.0")


DOCUMENTS = {
    **dict(document_cases()),
    **{
        name: partial(write_edited_document, edit=partial(put, value, place))
        for name, (*place, value) in CONTRADICTIONS.items()
    },
    **dict(text_cases()),
}
"""Name of every file, and the function that writes it to a path."""
