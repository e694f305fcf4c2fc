"""Writes what PyTorch computes for each layer and loss, for PyTorchTest to compare with.

    python3 -m pip install torch numpy
    python3 engine-core/src/test/python/layers.py      writes src/test/resources/fixtures/layers/*.safetensors

Inputs and parameters are float32 numbers; PyTorch computes with them in float64 and rounds at the end, so the
files hold the correctly rounded truth and the tolerance of the test is all the engine's own.

A file of a layer holds: input, output, upstream (the gradient of the loss with respect to the output),
gradient.input, and for each parameter parameter.NAME and gradient.NAME. A file of a loss holds: input, labels,
weights (one a row, as of a shard with padding), loss, gradient.input. The metadata says which layer it is, in the
words of the DSL, one number a key. Everything is in the engine's layouts: images NHWC; weights [in, out] and
[height, width, in / groups, out]; sequences [batch, time, channels].
"""

import json
import math
import pathlib
import struct

import numpy
import torch
from torch.nn import functional

FOLDER = pathlib.Path(__file__).parent.parent / "resources" / "fixtures" / "layers"

random = torch.Generator()


def normal(*shape, scale=1.0):
    """Float32 numbers, as float64."""
    return (scale * torch.randn(*shape, generator=random)).double()


def layer(name, kind, input, parameters, function, **arguments):
    """Runs a layer forward and backward and writes what there is to compare."""
    leaves = {"input": input, **parameters}
    differentiable = [key for key, value in leaves.items() if value.is_floating_point()]
    for key in differentiable:
        leaves[key] = leaves[key].clone().requires_grad_()
    output = function(**leaves)
    upstream = normal(*output.shape)
    output.backward(upstream)
    tensors = {"input": input, "output": output, "upstream": upstream}
    tensors |= {f"parameter.{key}": value for key, value in parameters.items()}
    tensors |= {f"gradient.{key}": leaves[key].grad for key in differentiable}
    write(name, {"layer": kind, **arguments}, tensors)


def loss(name, kind, input, labels, function, **arguments):
    """The sum of weight * loss over rows; the last row is padding."""
    rows = input.shape[0]
    weights = torch.full((rows,), 1 / (rows - 1)).double()
    weights[-1] = 0
    leaf = input.clone().requires_grad_()
    value = (function(leaf, labels) * weights).sum()
    value.backward()
    tensors = {"input": input, "labels": labels, "weights": weights, "loss": value}
    write(name, {"loss": kind, **arguments}, tensors | {"gradient.input": leaf.grad})


def write(name, metadata, tensors):
    """Writes a safetensors file: by hand, since the library orders metadata by chance and so no two runs alike."""

    def rounded(tensor):
        kind = numpy.float32 if tensor.is_floating_point() else numpy.int32
        return numpy.ascontiguousarray(tensor.detach().numpy().astype(kind))

    header = {"__metadata__": {key: str(value) for key, value in metadata.items()}}
    data = b""
    for key, tensor in tensors.items():
        array = rounded(tensor)
        ends = [len(data), len(data) + array.nbytes]
        kind = {"float32": "F32", "int32": "I32"}[array.dtype.name]
        header[key] = {"dtype": kind, "shape": list(array.shape), "data_offsets": ends}
        data += array.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


def channels_first(images):
    return images.permute(0, 3, 1, 2)


def channels_last(images):
    return images.permute(0, 2, 3, 1)


def dense(name, rows, inputs, outputs):
    parameters = {"weight": normal(inputs, outputs, scale=inputs**-0.5), "bias": normal(outputs)}

    def function(input, weight, bias):
        return input @ weight + bias

    numbers = {"in": inputs, "out": outputs}
    layer(name, "dense", normal(*rows, inputs), parameters, function, **numbers)


def conv(name, images, outputs, kernel, stride=1, padding=0, groups=1):
    """images [batch, height, width, channels]; weight [kernel, kernel, in / groups, out]."""
    channels = images[-1] // groups
    fan_in = kernel * kernel * channels
    parameters = {
        "weight": normal(kernel, kernel, channels, outputs, scale=fan_in**-0.5),
        "bias": normal(outputs),
    }

    def function(input, weight, bias):
        return channels_last(
            functional.conv2d(
                channels_first(input), weight.permute(3, 2, 0, 1), bias, stride, padding, 1, groups
            )
        )

    numbers = {"in": images[-1], "out": outputs, "kernel": kernel}
    numbers |= {"stride": stride, "padding": padding, "groups": groups}
    layer(name, "conv", normal(*images), parameters, function, **numbers)


def pool(name, kind, images, window, stride, padding=0):
    def function(input):
        x = channels_first(input)
        if kind == "max-pool":
            return channels_last(functional.max_pool2d(x, window, stride, padding))
        return channels_last(functional.avg_pool2d(x, window, stride, padding))

    layer(name, kind, normal(*images), {}, function, window=window, stride=stride, padding=padding)


def batch_norm(name, shape):
    """Statistics of the batch, variance with 1/n."""
    features = shape[-1]
    parameters = {"scale": 1 + normal(features, scale=0.3), "shift": normal(features)}

    def function(input, scale, shift):
        rows = input.reshape(-1, features)
        result = functional.batch_norm(rows, None, None, scale, shift, training=True, eps=1e-5)
        return result.reshape(input.shape)

    layer(name, "batch-norm", 3 * normal(*shape) + 1, parameters, function, features=features)


def layer_norm(name, shape):
    width = shape[-1]
    parameters = {"scale": 1 + normal(width, scale=0.3), "shift": normal(width)}

    def function(input, scale, shift):
        return functional.layer_norm(input, (width,), scale, shift, eps=1e-5)

    layer(name, "layer-norm", 3 * normal(*shape) + 1, parameters, function, features=width)


def rms_norm(name, shape):
    width = shape[-1]

    parameters = {"scale": 1 + normal(width, scale=0.3)}

    def function(input, scale):
        return functional.rms_norm(input, (width,), scale, eps=1e-6)

    layer(name, "rms-norm", 3 * normal(*shape), parameters, function, features=width)


def embedding(name, tokens, count, width):
    """The gradient of a row that occurs several times is a sum; of one that does not, zero."""
    indices = torch.tensor(tokens)
    parameters = {"table": normal(count, width)}

    def function(input, table):
        return functional.embedding(input, table)

    layer(name, "embedding", indices, parameters, function, count=count, width=width)


def position_embedding(name, batch, length, width):
    parameters = {"positions": normal(length, width)}

    def function(input, positions):
        return input + positions

    input = normal(batch, length, width)
    layer(name, "position-embedding", input, parameters, function, length=length, width=width)


def attention(name, batch, length, width, heads):
    parameters = {
        "qkv": normal(width, 3 * width, scale=width**-0.5),
        "projection": normal(width, width, scale=width**-0.5),
    }

    def function(input, qkv, projection):
        split = (batch, length, heads, width // heads)
        q, k, v = ((input @ part).view(split).transpose(1, 2) for part in qkv.split(width, dim=1))
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return y.transpose(1, 2).reshape(batch, length, width) @ projection

    input = normal(batch, length, width)
    layer(name, "attention", input, parameters, function, width=width, heads=heads)


def elementwise(kind, function):
    """From the flat ends to the bend, at a width that is no multiple of a vector's lanes."""
    input = torch.cat([normal(5, 37), 6 * normal(2, 37)])
    layer(kind, kind, input, {}, function)


def residual(name, rows, width):
    """x + dense(relu(x)), where the gradient of x has two paths."""
    weight, bias = "dense-1.weight", "dense-1.bias"
    parameters = {weight: normal(width, width, scale=width**-0.5), bias: normal(width)}

    def function(input, **parameters):
        return input + functional.relu(input) @ parameters[weight] + parameters[bias]

    layer(name, "residual", normal(rows, width), parameters, function, width=width)


def layers():
    dense("dense-small", (3,), 2, 5)
    dense("dense-odd", (17,), 33, 19)
    dense("dense-sequence", (2, 5), 7, 3)

    conv("conv-one-channel", (2, 9, 9, 1), 8, 3)
    conv("conv-plain", (2, 8, 8, 8), 16, 3)
    conv("conv-odd", (3, 7, 9, 3), 5, 3)
    conv("conv-padding", (2, 6, 6, 4), 6, 3, padding=1)
    conv("conv-stride", (2, 9, 9, 4), 6, 3, stride=2)
    conv("conv-stride-padding", (2, 8, 7, 3), 5, 3, stride=2, padding=1)
    conv("conv-pointwise", (2, 5, 5, 6), 10, 1)
    conv("conv-groups", (2, 6, 6, 8), 12, 3, padding=1, groups=2)
    conv("conv-depthwise", (2, 6, 5, 4), 4, 3, padding=1, groups=4)
    conv("conv-wide-kernel", (1, 8, 8, 2), 3, 5, padding=2)

    pool("max-pool-plain", "max-pool", (2, 8, 8, 4), 2, 2)
    pool("max-pool-odd", "max-pool", (2, 7, 9, 3), 2, 2)
    pool("max-pool-overlap", "max-pool", (2, 9, 9, 5), 3, 2)
    pool("max-pool-padding", "max-pool", (2, 7, 7, 17), 3, 2, 1)
    pool("average-pool-plain", "average-pool", (2, 8, 8, 4), 2, 2)
    pool("average-pool-odd", "average-pool", (2, 7, 9, 3), 2, 2)
    pool("average-pool-overlap", "average-pool", (2, 9, 9, 5), 3, 2)
    pool("average-pool-padding", "average-pool", (2, 7, 7, 17), 3, 2, 1)

    image = normal(3, 5, 7, 19)
    layer("global-average-pool", "global-average-pool", image, {}, lambda input: input.mean((1, 2)))
    layer("global-max-pool", "global-max-pool", image, {}, lambda input: input.amax((1, 2)))

    batch_norm("batch-norm-rows", (13, 21))
    batch_norm("batch-norm-images", (2, 5, 4, 6))
    layer_norm("layer-norm-rows", (6, 33))
    layer_norm("layer-norm-sequence", (2, 5, 16))
    rms_norm("rms-norm-rows", (6, 33))
    rms_norm("rms-norm-sequence", (2, 5, 16))

    embedding("embedding-rows", [[4], [0], [4], [2], [4]], 6, 7)
    embedding("embedding-sequence", [[1, 8, 1, 3], [3, 3, 0, 10]], 11, 16)
    position_embedding("position-embedding", 3, 6, 10)
    attention("attention-one-head", 2, 5, 8, 1)
    attention("attention-heads", 2, 9, 16, 4)
    attention("attention-odd", 1, 17, 21, 3)

    elementwise("gelu", functional.gelu)
    elementwise("silu", functional.silu)
    elementwise("tanh", torch.tanh)
    elementwise("relu", functional.relu)
    elementwise("sigmoid", torch.sigmoid)
    layer("softmax", "softmax", 2 * normal(6, 37), {}, lambda input: input.softmax(-1))
    residual("residual", 7, 13)


def losses():
    classes = torch.tensor([3, 0, 9, 3, 7, 1, 0])

    def cross_entropy(logits, labels):
        return functional.cross_entropy(logits, labels, reduction="none")

    kind = "softmax-cross-entropy"
    loss(f"loss-{kind}", kind, 3 * normal(7, 10), classes, cross_entropy)

    def sequence_cross_entropy(logits, labels):
        """The mean over the positions of a row."""
        return cross_entropy(logits.flatten(0, 1), labels.flatten()).view(labels.shape).mean(1)

    tokens = torch.tensor([[1, 8, 1], [3, 3, 0], [10, 2, 5]])
    loss(f"loss-{kind}-sequence", kind, 3 * normal(3, 3, 11), tokens, sequence_cross_entropy)

    def binary(logits, labels):
        return functional.binary_cross_entropy_with_logits(logits[:, 0], labels, reduction="none")

    answers = torch.tensor([1.0, 0.0, 0.0, 1.0, 0.25, 1.0, 0.0]).double()
    logits = normal(7, 1)
    logits[0], logits[1] = -40, 40  # confident and wrong: the loss is 40, not infinite
    loss("loss-binary-cross-entropy", "binary-cross-entropy", logits, answers, binary)

    regressions("", normal(9, 1), normal(9))
    regressions("-several", normal(7, 3), normal(7, 3))


def regressions(name, outputs, labels):
    """Several outputs of a row count their mean."""

    def squared(outputs, labels):
        each = functional.mse_loss(outputs, labels.view(outputs.shape), reduction="none")
        return each.mean(1)

    loss(f"loss-mean-squared-error{name}", "mean-squared-error", outputs, labels, squared)
    for delta in (1.0, 0.4):

        def huber(outputs, labels, delta=delta):
            expected = labels.view(outputs.shape)
            return functional.huber_loss(outputs, expected, reduction="none", delta=delta).mean(1)

        loss(f"loss-huber-{delta}{name}", "huber", outputs, labels, huber, delta=delta)


def philox(seed, stream, index):
    """The first two words of a block of Philox4x32-10, as 64 bits: Salmon and others 2011."""
    c = [index & LOW, index >> 32, stream & LOW, stream >> 32]
    k0, k1 = seed & LOW, seed >> 32
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & LOW, (p0 >> 32) ^ c[3] ^ k1, p0 & LOW]
        k0, k1 = (k0 + 0x9E3779B9) & LOW, (k1 + 0xBB67AE85) & LOW
    return c[0] | c[1] << 32


LOW = 0xFFFFFFFF


def fnv1a(name):
    """The number of the stream of a name."""
    hash = 0xCBF29CE484222325
    for character in name.encode():
        hash = ((hash ^ character) * 0x100000001B3) % 2**64
    return hash


def dropout(name, shape, rate, seed, step, shard):
    """Zeros where the engine's numbers, drawn here anew, say so; PyTorch's factor for what is kept."""
    key, stream, count = philox(seed, step, shard), fnv1a("layer"), math.prod(shape)
    draws = [philox(key, stream, i // 4) >> 16 * (i % 4) & 0xFFFF for i in range(count)]
    kept = torch.tensor([draw >= round(65536 * rate) for draw in draws]).view(shape)
    factor = functional.dropout(torch.ones(64, dtype=torch.float64), rate).max()  # 1 / (1 - rate)

    def function(input):
        return input * kept * factor

    numbers = {"rate": rate, "seed": seed, "step": step, "shard": shard}
    layer(name, "dropout", normal(*shape), {}, function, **numbers)


def tied(name, tokens, count, width):
    """One table reads the ids and scores them: its gradient has two paths."""
    indices = torch.tensor(tokens)

    def function(input, **parameters):
        table = parameters["embedding-1.table"]
        return torch.tanh(functional.embedding(input, table)) @ table.T

    parameters = {"embedding-1.table": normal(count, width)}
    layer(name, "tied", indices, parameters, function, count=count, width=width)


def more_layers():
    """Behind the others, so that those keep their numbers."""
    part = {"height": 3, "width": 5}
    layer("crop", "crop", normal(2, 6, 8, 3), {}, lambda input: input[:, 1:4, 1:6], **part)
    rows = {"rows": 2, "width": 12}
    layer("reshape", "reshape", normal(3, 4, 6), {}, lambda input: input.reshape(3, 2, 12), **rows)
    layer("reshape-flat", "reshape-flat", normal(3, 4, 5, 2), {}, lambda input: input.flatten(1))
    tied("unembedding-rows", [[4], [0], [4], [2]], 6, 7)
    tied("unembedding-sequence", [[1, 8, 1, 3], [3, 3, 0, 10]], 11, 16)
    dropout("dropout", (13, 21), 0.25, 42, 7, 3)
    dropout("dropout-sequence", (2, 5, 37), 0.5, 2**40 + 1, 2**33, 0)
    running_averages()


def running_averages():
    """What BatchNorm1d keeps of 5 batches of 8 rows."""
    rows = 3 * normal(40, 3) + 1
    norm = torch.nn.BatchNorm1d(3).double()
    for batch in rows.split(8):
        norm(batch)
    tensors = {"rows": rows, "mean": norm.running_mean, "variance": norm.running_var}
    write("../batch-norm-running", {}, tensors)


if __name__ == "__main__":
    random.manual_seed(3)
    layers()
    losses()
    more_layers()
    files = list(FOLDER.glob("*.safetensors"))
    print(f"{len(files)} files, {math.ceil(sum(f.stat().st_size for f in files) / 1024)} KiB in {FOLDER}")
