"""Policy files whose graph is damaged, hostile, or another than their metadata says."""

import math
from functools import partial

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.export.policies import as_info, write_edited_model


def weight(name, values, kind=np.float32):
    """Edit that replaces an initializer."""

    def _edit(model):
        tensor = next(tensor for tensor in model.graph.initializer if tensor.name == name)
        tensor.CopyFrom(numpy_helper.from_array(np.asarray(values, kind), name))

    return _edit


def spoiled(name, value):
    """Edit that puts one value into a weight."""

    def _edit(model):
        tensor = next(tensor for tensor in model.graph.initializer if tensor.name == name)
        array = numpy_helper.to_array(tensor).copy()
        array.flat[0] = value
        tensor.CopyFrom(numpy_helper.from_array(array, name))

    return _edit


def node(operator, domain="", **attributes):
    """Edit that puts one more operator before the output."""

    def _edit(model):
        model.graph.node[-1].output[0] = "before"
        model.graph.node.append(
            helper.make_node(operator, ["before"], ["actions"], domain=domain, **attributes)
        )

    return _edit


def outside_data(location):
    def _edit(model):
        tensor = model.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)

    return _edit


def opsets(*versions, domain=""):
    def _edit(model):
        del model.opset_import[:]
        model.opset_import.extend(helper.make_opsetid(domain, version) for version in versions)

    return _edit


def renamed(old, new):
    def _edit(model):
        for info in (*model.graph.input, *model.graph.output):
            if info.name == old:
                info.name = new
        for each in model.graph.node:
            each.input[:] = [new if name == old else name for name in each.input]
            each.output[:] = [new if name == old else name for name in each.output]

    return _edit


def replaced_input(info):
    def _edit(model):
        model.graph.input[0].CopyFrom(info)

    return _edit


def with_subgraph(model):
    body = helper.make_graph([], "body", [], [as_info("x", 1)])
    model.graph.node[0].attribute.append(helper.make_attribute("body", body))


def with_function(model):
    model.functions.append(
        helper.make_function("ours", "Twice", ["x"], ["y"], [], [helper.make_opsetid("", 17)])
    )


def with_sparse_weight(model):
    values = helper.make_tensor("sparse", TensorProto.FLOAT, [1], [1.0])
    indices = helper.make_tensor("at", TensorProto.INT64, [1], [0])
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [3]))


def with_constant(value):
    """A constant in a node instead of an initializer."""

    def _edit(model):
        tensor = numpy_helper.from_array(np.float32(value))
        model.graph.node.insert(0, helper.make_node("Constant", [], ["spare"], value=tensor))

    return _edit


def dims(*sizes):
    """Edit that lies about the shape of a weight."""

    def _edit(model):
        del model.graph.initializer[0].dims[:]
        model.graph.initializer[0].dims.extend(sizes)

    return _edit


def many_dims(model):
    """A weight with a hundred thousand sides."""
    model.graph.initializer[0].dims.extend([1] * 100_000)


def longer(n):
    def _edit(model):
        for _ in range(n):
            model.graph.node[-1].output[0] = f"x{len(model.graph.node)}"
            model.graph.node.append(
                helper.make_node("Identity", [model.graph.node[-1].output[0]], ["actions"])
            )

    return _edit


def doubling(model):
    """Vectors that would fill every memory."""
    name = "clipped"
    for i in range(40):
        model.graph.node.append(helper.make_node("Concat", [name, name], [f"d{i}"], axis=1))
        name = f"d{i}"


def repeated_entry(model):
    model.metadata_props.append(onnx.StringStringEntryProto(key="joint_names", value="a,b,c"))


def unclipped(model):
    model.graph.node[3].input[0] = "raw"


EDITS = {
    **{f"operator set {version}": opsets(version) for version in (0, 1, 7, 16, 19, 23, 999)},
    "no operator set": opsets(),
    "two operator sets": opsets(17, 17),
    "operator set of somebody else": opsets(17, domain="com.microsoft"),
    "representation of the future": lambda model: setattr(model, "ir_version", 999),
    "no graph": lambda model: model.ClearField("graph"),
    "no operators": lambda model: model.graph.ClearField("node"),
    "no weights": lambda model: model.graph.ClearField("initializer"),
    "no inputs": lambda model: model.graph.ClearField("input"),
    "no outputs": lambda model: model.graph.ClearField("output"),
    "operators in a ring": lambda model: model.graph.node[1].input.__setitem__(0, "actions"),
    "one weight twice": lambda model: model.graph.initializer.append(model.graph.initializer[0]),
    "one operator twice": lambda model: model.graph.node.append(model.graph.node[1]),
    "one input twice": lambda model: model.graph.input.append(model.graph.input[0]),
    "one metadata key twice": repeated_entry,
    "an input of another name": renamed("obs", "observation"),
    "an output of another name": renamed("actions", "action"),
    "one more input": lambda model: model.graph.input.append(as_info("extra", 3)),
    "one more output": lambda model: model.graph.output.append(as_info("raw", 4)),
    "input of doubles": replaced_input(as_info("obs", 7, TensorProto.DOUBLE)),
    "input of integers": replaced_input(as_info("obs", 7, TensorProto.INT64)),
    "input of texts": replaced_input(as_info("obs", 7, TensorProto.STRING)),
    "input too long": replaced_input(as_info("obs", 8)),
    "input of any length": replaced_input(as_info("obs", None)),
    "input for one robot only": replaced_input(
        helper.make_tensor_value_info("obs", TensorProto.FLOAT, [1, 7])
    ),
    "input without batch": replaced_input(helper.make_tensor_value_info("obs", TensorProto.FLOAT, [7])),
    "input without shape": replaced_input(helper.make_tensor_value_info("obs", TensorProto.FLOAT, None)),
    "weights in /etc/passwd": outside_data("/etc/passwd"),
    "weights in a file beside it": outside_data("weights.bin"),
    "weights in a file above it": outside_data("../../weights.bin"),
    "sparse weights": with_sparse_weight,
    "doubles as weights": weight("half", np.ones(4), np.float64),
    "half floats as weights": weight("half", np.ones(4), np.float16),
    "integers as weights": weight("half", np.ones(4), np.int32),
    "texts as weights": lambda model: model.graph.initializer[0].CopyFrom(
        helper.make_tensor("weights", TensorProto.STRING, [1], [b"1"])
    ),
    "weights of another shape": weight("weights", np.zeros((5, 4))),
    "weights as wide as a file allows": weight("half", np.ones(100_000)),
    "negative size of a weight": dims(-7, 4),
    "huge size of a weight": dims(2**62, 4),
    "a hundred thousand sizes of a weight": many_dims,
    "less weights than their size says": dims(70, 4),
    "a constant that is no number": with_constant(np.nan),
    "an endless constant": with_constant(np.inf),
    "an attribute that is no number": lambda model: model.graph.node[1].attribute.append(
        helper.make_attribute("alpha", math.nan)
    ),
    "a loop": node("Loop"),
    "a branch": node("If"),
    "a graph in a graph": with_subgraph,
    "dice": node("RandomNormalLike"),
    "a sequence": node("SequenceConstruct"),
    "an unknown operator": node("Shutdown"),
    "an operator of somebody else": node("Gelu", domain="com.microsoft"),
    "a function of its own": with_function,
    "three hundred operators": longer(300),
    "vectors that double forty times": doubling,
    "actions without bounds": unclipped,
    "actions beyond their bounds": weight("half", [0.2, 0.1, 0.1, 0.04]),
    "actions below their bounds": weight("middle", [0.0, 0.0, 0.0, -0.04]),
    **{
        f"{value} among {name}": spoiled(name, value)
        for name in ("weights", "bias", "half", "middle", "least", "most")
        for value in (np.nan, np.inf, -np.inf)
    },
}

MODELS = {name: partial(write_edited_model, edit=edit) for name, edit in EDITS.items()}
"""Name of every file, and the function that writes it to a path."""
