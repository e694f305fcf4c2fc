"""TensorFlow: the graph of a Keras model, its variables frozen, node by node.

Takes Placeholder, Const, Identity, MatMul, BiasAdd, AddV2, Relu, Tanh and Softmax, and says so where there is another.
"""

import numpy as np
import tensorflow as tf
from onnx import TensorProto, helper, numpy_helper
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

SAME = {"Identity": "Identity", "BiasAdd": "Add", "AddV2": "Add", "Relu": "Relu", "Tanh": "Tanh", "Softmax": "Softmax"}


def convert(function, name):
    nodes, constants, inputs, renamed = [], [], [], {}
    for op in convert_variables_to_constants_v2(function).graph.get_operations():
        taken = [renamed[t.name] for t in op.inputs]
        if op.type == "NoOp":
            continue
        result = renamed[op.outputs[0].name] = op.name
        if op.type == "Placeholder":
            inputs.append(helper.make_tensor_value_info(result, TensorProto.FLOAT, ["batch", *op.outputs[0].shape[1:]]))
        elif op.type == "Const":
            value = tf.make_ndarray(op.get_attr("value"))
            constants.append(numpy_helper.from_array(value, result))
        elif op.type == "MatMul" and not op.get_attr("transpose_a"):
            side = int(op.get_attr("transpose_b"))
            nodes.append(helper.make_node("Gemm", taken, [result], transB=side))
        elif op.type in SAME:
            nodes.append(helper.make_node(SAME[op.type], taken, [result]))
        else:
            raise ValueError(f"{op.name}: expected one of {[*SAME, 'MatMul', 'Const', 'Placeholder']}, found {op.type}")
    nodes.append(helper.make_node("Identity", [renamed[function.outputs[0].name]], [name]))
    shape = ["batch", *function.outputs[0].shape[1:]]
    output = helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "tensorflow", inputs, [output], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def tensorflow_mlp():
    tf.keras.utils.set_random_seed(3)
    model = tf.keras.Sequential([
        tf.keras.layers.Input((20,), name="features"),
        tf.keras.layers.Dense(32, activation="relu"),
        tf.keras.layers.Dense(16, activation="tanh"),
        tf.keras.layers.Dense(5, activation="softmax"),
    ])
    spec = tf.TensorSpec((None, 20), tf.float32, name="features")
    function = tf.function(lambda features: model(features)).get_concrete_function(spec)
    rows = np.random.default_rng(3).normal(size=(6, 20)).astype(np.float32)
    return convert(function, "probabilities"), {"features": rows}, {"probabilities": model(rows).numpy()}


MODELS = [tensorflow_mlp]
