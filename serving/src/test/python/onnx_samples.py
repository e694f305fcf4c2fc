"""Models of one or two operators each, for element types, shapes and what cannot be loaded; expected with NumPy."""

import ml_dtypes
import numpy as np
from onnx import TensorProto, helper

OPSETS = [helper.make_opsetid("", 18)]


def model(nodes, inputs, outputs, constants=()):
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "sample", [value(*i) for i in inputs], [value(*o) for o in outputs], list(constants)
    )
    return helper.make_model(graph, opset_imports=OPSETS, ir_version=10)


def sample_types():
    """Gives back what it takes, in each element type that ONNX Runtime for Java takes."""
    values = {
        "BOOL": np.array([True, False, True]),
        "INT8": np.int8([-128, 0, 127]),
        "INT16": np.int16([-32768, 0, 32767]),
        "INT32": np.int32([-(2**31), 0, 2**31 - 1]),
        "INT64": np.int64([-(2**63), 0, 2**63 - 1]),
        "UINT8": np.uint8([0, 1, 255]),
        "FP16": np.float16([0.1, -2, 65504]),
        "FP32": np.float32([0.1, -2, 3e38]),
        "FP64": np.float64([0.1, -2, 1e308]),
    }
    onnx_types = {"BOOL": "BOOL", "FP16": "FLOAT16", "FP32": "FLOAT", "FP64": "DOUBLE"}
    typed = {name: getattr(TensorProto, onnx_types.get(name, name)) for name in values}
    nodes = [helper.make_node("Identity", [name], [f"{name}_again"]) for name in values]
    inputs = [(name, code, ["batch"]) for name, code in typed.items()]
    outputs = [(f"{name}_again", code, ["batch"]) for name, code in typed.items()]
    return model(nodes, inputs, outputs), values, {f"{name}_again": v for name, v in values.items()}


def sample_bfloat16():
    """BF16 to FP32, and back."""
    x = np.array([0.5, -2, 3], dtype=ml_dtypes.bfloat16)
    nodes = [
        helper.make_node("Cast", ["x"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["wide"], ["again"], to=TensorProto.BFLOAT16),
    ]
    outputs = [("wide", TensorProto.FLOAT, ["batch"]), ("again", TensorProto.BFLOAT16, ["batch"])]
    made = model(nodes, [("x", TensorProto.BFLOAT16, ["batch"])], outputs)
    return made, {"x": x}, {"wide": x.astype(np.float32), "again": x}


def sample_unsigned():
    """Signed numbers to unsigned ones, which ONNX Runtime for Java gives but does not take."""
    signed = np.int64([0, 1, 65535, 2**31, 2**32 - 1, -1])
    widths = {"UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64}
    nodes = [helper.make_node("Cast", ["x"], [n], to=getattr(TensorProto, n)) for n in widths]
    outputs = [(n, getattr(TensorProto, n), ["batch"]) for n in widths]
    made = model(nodes, [("x", TensorProto.INT64, ["batch"])], outputs)
    return made, {"x": signed}, {n: signed.astype(t) for n, t in widths.items()}


def sample_unsigned_input():
    """Cannot be loaded: takes UINT32."""
    nodes = [helper.make_node("Cast", ["x"], ["y"], to=TensorProto.INT64)]
    return model(nodes, [("x", TensorProto.UINT32, ["batch"])], [("y", TensorProto.INT64, ["batch"])]), {}, None


def sample_text():
    """Cannot be loaded: takes strings."""
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    return model(nodes, [("x", TensorProto.STRING, ["batch"])], [("y", TensorProto.STRING, ["batch"])]), {}, None


def sample_columns():
    """No rows: [3, n] to the sums of its three rows, n open."""
    x = np.random.default_rng(6).normal(size=(3, 5)).astype(np.float32)
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    nodes = [helper.make_node("ReduceSum", ["x", "axes"], ["sums"], keepdims=0)]
    made = model(nodes, [("x", TensorProto.FLOAT, [3, "n"])], [("sums", TensorProto.FLOAT, [3])], [axes])
    return made, {"x": x}, {"sums": x.sum(axis=1)}


def sample_positive():
    """The output has as many rows as there are positive elements: its rows are not the input's."""
    x = np.float32([1, -1, 2, -2, 3])
    zero = helper.make_tensor("zero", TensorProto.FLOAT, [], [0])
    nodes = [helper.make_node("Greater", ["x", "zero"], ["mask"]), helper.make_node("Compress", ["x", "mask"], ["y"])]
    made = model(nodes, [("x", TensorProto.FLOAT, ["n"])], [("y", TensorProto.FLOAT, ["positive"])], [zero])
    return made, {"x": x}, {"y": x[x > 0]}


def sample_unknown_operator():
    """Cannot be loaded: no runtime knows Frobnicate."""
    nodes = [helper.make_node("Frobnicate", ["x"], ["y"])]
    return model(nodes, [("x", TensorProto.FLOAT, ["batch", 2])], [("y", TensorProto.FLOAT, ["batch", 2])]), {}, None


def sample_external():
    """Cannot be loaded: its weights are in a file that is not there."""
    weights = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 2], data_location=TensorProto.EXTERNAL)
    weights.external_data.add(key="location", value="weights.bin")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    value = [("x", TensorProto.FLOAT, ["batch", 2])], [("y", TensorProto.FLOAT, ["batch", 2])]
    return model(nodes, *value, [weights]), {}, None


MODELS = [
    sample_types,
    sample_bfloat16,
    sample_unsigned,
    sample_unsigned_input,
    sample_text,
    sample_columns,
    sample_positive,
    sample_unknown_operator,
    sample_external,
]
