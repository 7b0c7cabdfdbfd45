"""Small policy files written by hand, for an arm of three joints that nobody trained.

Every action is ``cube_pos``, then ``gripper_width``, clipped to the bounds of the action.
"""

import json
import math
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

JOINTS = ["shoulder", "elbow", "wrist"]
SENSORS = {"joint_pos": 3, "gripper_width": 1, "cube_pos": 3}
SCALE = {"joint_position_delta": 0.1, "joint_velocity": 1.0, "cartesian_delta": 0.05}
HZ = 20.0
MAX_WIDTH = 0.08


def make_field(name, elements, low, high, unit="m"):
    return {
        "name": name,
        "size": len(elements),
        "element_names": list(elements),
        "unit": unit,
        "frame": None,
        "low": [low] * len(elements),
        "high": [high] * len(elements),
    }


def make_document(control="joint_position_delta", inputs="obs", low_pass_hz=None):
    """``policy_metadata`` as export writes it."""
    scale, arm = SCALE[control], ["x", "y", "z"] if control == "cartesian_delta" else JOINTS
    speed = {"joint_position_delta": scale * HZ, "joint_velocity": scale}.get(control)
    return {
        "schema_version": 2,
        "task": "lift",
        "inputs": inputs,
        "robot": {
            "name": "arm3",
            "n_joints": 3,
            "joint_names": list(JOINTS),
            "joint_units": ["rad"] * 3,
            "home": [0.0, 0.5, 0.0],
            "joint_low": [-2.0, -1.0, None],
            "joint_high": [2.0, 1.0, None],
            "gripper": "jaws.xml",
            "gripper_width": [0.0, MAX_WIDTH],
        },
        "control": {
            "type": control,
            "frequency_hz": HZ,
            "frame": None,
            "low_pass_hz": low_pass_hz,
            "gripper_speed": 0.4,
        },
        "limits": {
            "joint_speed": None if speed is None else [speed] * 3,
            "jump": [scale] * 3 + [MAX_WIDTH],
            "max_age_s": 2 / HZ,
        },
        "observations": [
            make_field("joint_pos", JOINTS, -3.0, 3.0, "rad"),
            make_field("gripper_width", ["width"], 0.0, MAX_WIDTH),
            make_field("cube_pos", "xyz", -1.0, 1.0),
        ],
        "actions": [
            make_field("arm", arm, -scale, scale),
            make_field("gripper", ["width"], 0.0, MAX_WIDTH),
        ],
    }


def make_model(document):
    """The graph that a document describes."""
    low, high = (np.concatenate([f[end] for f in document["actions"]]) for end in ("low", "high"))
    middle, half = (low + high) / 2, (high - low) / 2
    weights = np.zeros((7, 4))
    weights[[4, 5, 6, 3], [0, 1, 2, 3]] = 1 / half
    constants = {"weights": weights, "bias": -middle / half, "half": half, "middle": middle}
    constants |= {"least": np.array(-1.0), "most": np.array(1.0)}
    names = list(SENSORS) if document["inputs"] == "sensors" else ["obs"]
    sizes = SENSORS if document["inputs"] == "sensors" else {"obs": 7}
    nodes = [helper.make_node("Concat", names, ["flat"], axis=1)]
    nodes += [
        helper.make_node("Gemm", ["flat", "weights", "bias"], ["raw"]),
        helper.make_node("Clip", ["raw", "least", "most"], ["clipped"]),
        helper.make_node("Mul", ["clipped", "half"], ["spread"]),
        helper.make_node("Add", ["spread", "middle"], ["new"]),
    ]
    if (low_pass_hz := document["control"]["low_pass_hz"]) is None:
        nodes[-1].output[0] = "actions"
    else:
        sizes = {**sizes, "last_actions": 4, "has_last": 1}
        constants["keep"] = np.array(math.exp(-2 * math.pi * low_pass_hz / HZ))
        nodes += [
            helper.make_node("Sub", ["last_actions", "new"], ["change"]),
            helper.make_node("Mul", ["has_last", "keep"], ["share"]),
            helper.make_node("Mul", ["share", "change"], ["kept"]),
            helper.make_node("Add", ["new", "kept"], ["actions"]),
        ]
    inputs = [as_info(name, size) for name, size in sizes.items()]
    weights = [numpy_helper.from_array(np.float32(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "policy", inputs, [as_info("actions", 4)], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def as_info(name, size, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, ["batch", size])


def make_entries(document):
    """``metadata_props``, the document last."""
    return {
        "joint_names": ",".join(document["robot"]["joint_names"]),
        "default_joint_pos": ",".join(repr(float(value)) for value in document["robot"]["home"]),
        "observation_names": ",".join(field["name"] for field in document["observations"]),
        "policy_metadata": json.dumps(document),
    }


def write(path: Path, model, entries) -> Path:
    """Write a file as it is, however broken."""
    for key, value in entries.items():
        model.metadata_props.append(onnx.StringStringEntryProto(key=key, value=value))
    path.write_bytes(model.SerializeToString())
    return path


def write_policy(path: Path, **options) -> Path:
    """Write a good policy; options as those of :func:`make_document`."""
    document = make_document(**options)
    return write(path, make_model(document), make_entries(document))


def write_edited_model(path, edit, **options):
    """A file whose graph was changed by ``edit``."""
    document = make_document(**options)
    model = make_model(document)
    edit(model)
    write(path, model, make_entries(document))


def write_edited_document(path, edit):
    """A file whose document was changed by ``edit``; its flat keys follow where they can."""
    document = make_document()
    edit(document)
    try:
        entries = make_entries(document)
    except (KeyError, IndexError, TypeError, ValueError):
        entries = {**make_entries(make_document()), "policy_metadata": json.dumps(document)}
    write(path, make_model(make_document()), entries)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
