"""JAX: the jaxpr of a function, equation by equation, with an open number of rows.

Takes the primitives of a multilayer perceptron with softmax; calls are walked into. Types other than float32 are not
expected. A broadcast becomes an Unsqueeze, since what follows it (element by element) broadcasts by itself.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import export
from onnx import TensorProto, helper, numpy_helper

BINARY = {"add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "max": "Max"}
UNARY = {"exp": "Exp", "log": "Log", "tanh": "Tanh", "neg": "Neg", "logistic": "Sigmoid", "stop_gradient": "Identity"}
REDUCE = {"reduce_max": "ReduceMax", "reduce_sum": "ReduceSum"}
CALLS = {"jit": "jaxpr", "pjit": "jaxpr", "custom_jvp_call": "call_jaxpr"}


class Converter:
    def __init__(self):
        self.nodes, self.constants, self.names = [], [], {}

    def constant(self, value):
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def read(self, atom):
        if hasattr(atom, "val"):
            return self.constant(np.float32(atom.val))
        return self.names[atom]

    def emit(self, op, inputs, **attributes):
        name = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def walk(self, closed, arguments):
        """The names of what a jaxpr gives for these arguments."""
        jaxpr = closed.jaxpr
        self.names.update(zip(jaxpr.constvars, map(self.constant, closed.consts)))
        self.names.update(zip(jaxpr.invars, arguments))
        for equation in jaxpr.eqns:
            results = self.equation(equation, [self.read(v) for v in equation.invars])
            self.names.update(zip(equation.outvars, results))
        return [self.read(v) for v in jaxpr.outvars]

    def equation(self, equation, inputs):
        name, params = equation.primitive.name, equation.params
        if name in CALLS:
            return self.walk(params[CALLS[name]], inputs)
        if name in BINARY:
            return [self.emit(BINARY[name], inputs)]
        if name in UNARY:
            return [self.emit(UNARY[name], inputs)]
        if name in REDUCE:
            return [self.emit(REDUCE[name], [inputs[0], self.constant(np.int64(params["axes"]))], keepdims=0)]
        if name == "broadcast_in_dim":
            rank = len(params["shape"])
            added = [d for d in range(rank) if d not in params["broadcast_dimensions"]]
            return [self.emit("Unsqueeze", [inputs[0], self.constant(np.int64(added))]) if added else inputs[0]]
        if name == "dot_general" and params["dimension_numbers"] == (((1,), (0,)), ((), ())):
            return [self.emit("MatMul", inputs)]
        raise ValueError(f"primitive {name} is not known here: {equation}")


def convert(function, features, outputs):
    rows = export.symbolic_shape("batch")[0]
    closed = jax.make_jaxpr(function)(jax.ShapeDtypeStruct((rows, features), jnp.float32))
    converter = Converter()
    found = converter.walk(closed, ["x"])
    for name, result in zip(outputs, found):
        converter.nodes.append(helper.make_node("Identity", [result], [name]))
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        converter.nodes,
        "jax",
        [value("x", TensorProto.FLOAT, ["batch", features])],
        [value(n, TensorProto.FLOAT, ["batch", *v.aval.shape[1:]]) for n, v in zip(outputs, closed.jaxpr.outvars)],
        converter.constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def jax_mlp():
    keys = jax.random.split(jax.random.key(4), 2)
    hidden = jax.random.normal(keys[0], (12, 24)) / np.sqrt(12)
    out = jax.random.normal(keys[1], (24, 4)) / np.sqrt(24)
    bias = jnp.linspace(-0.5, 0.5, 24)

    def predict(x):
        logits = jax.nn.relu(x @ hidden + bias) @ out
        return logits, jax.nn.softmax(logits)

    x = np.random.default_rng(4).normal(size=(4, 12)).astype(np.float32)
    logits, probabilities = jax.jit(predict)(x)
    names = ["logits", "probabilities"]
    return convert(predict, 12, names), {"x": x}, {"logits": np.asarray(logits), "probabilities": np.asarray(probabilities)}


MODELS = [jax_mlp]
