"""Makes the models that the serving tests ask: ONNX files, and what their own frameworks answer.

    pip install torch tensorflow-cpu jax scikit-learn onnx onnxscript onnxruntime safetensors
    python make_onnx.py [name ...]

Writes ../resources/onnx/NAME.onnx and NAME.safetensors, which holds the inputs as in/TENSOR and the outputs as
out/TENSOR. The outputs are the framework's; for the models of onnx_samples.py, which have none, they are worked out
with NumPy. Each file is then run by ONNX Runtime and has to agree to 1e-5. Everything is seeded.
"""

import importlib
import pathlib
import sys

import ml_dtypes
import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import save_file

FOLDER = pathlib.Path(__file__).parent.parent / "resources" / "onnx"
MODULES = ["torch_models", "tensorflow_models", "jax_models", "sklearn_models", "onnx_samples"]


def main(wanted):
    FOLDER.mkdir(parents=True, exist_ok=True)
    for module in MODULES:
        for make in importlib.import_module(module).MODELS:
            name = make.__name__
            if not wanted or name in wanted:
                write(name, *make())


def write(name, model, inputs, outputs):
    path = FOLDER / f"{name}.onnx"
    strip(model.graph)
    path.write_bytes(model.SerializeToString(deterministic=True))
    if outputs is None:  # a model that is there to be refused
        print(f"{name}: {path.stat().st_size} bytes, not to be loaded")
        return
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for output, expected in outputs.items():
        if expected.dtype != ml_dtypes.bfloat16:  # which NumPy has not, and so the runtime cannot give it one
            [found] = session.run_with_ort_values([output], {k: value(v) for k, v in inputs.items()})
            np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-5, err_msg=f"{name} {output}")
    tensors = {f"in/{k}": np.ascontiguousarray(v) for k, v in inputs.items()}
    tensors |= {f"out/{k}": np.ascontiguousarray(v) for k, v in outputs.items()}
    save_file(tensors, FOLDER / f"{name}.safetensors")
    print(f"{name}: {path.stat().st_size} bytes, agrees with its framework")


def value(array):
    if array.dtype == ml_dtypes.bfloat16:
        bits = array.view(np.uint16)
        return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(bits, onnx.TensorProto.BFLOAT16)
    return onnxruntime.OrtValue.ortvalue_from_numpy(array)


def strip(graph):
    """Takes out what exporters note of their own source files."""
    graph.ClearField("doc_string")
    graph.ClearField("metadata_props")
    for part in [*graph.node, *graph.value_info, *graph.input, *graph.output]:
        part.ClearField("doc_string")
        part.ClearField("metadata_props")


if __name__ == "__main__":
    main(sys.argv[1:])
