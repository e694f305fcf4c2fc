"""JAX as a peer of `tidemill bench train`: jax_peer.py CASE MODE THREADS

One mode, jit: the whole step is one compiled function, which may overwrite weights and optimiser state.
"""

import sys

import protocol

protocol.stay_on_cores(int(sys.argv[3]))  # before XLA makes its thread pool
try:
    import jax
    import cases
    import jax.numpy as jnp
    from jax import lax
except ImportError as missing:
    protocol.absent(missing)


def glorot(key, *shape):
    return jax.nn.initializers.glorot_uniform(in_axis=-2, out_axis=-1)(key, shape)


def dense_parameters(key, inputs, outputs):
    return {"weight": glorot(key, inputs, outputs), "bias": jnp.zeros(outputs)}


def dense(p, x):
    return x @ p["weight"] + p["bias"]


def mlp_parameters(key):
    widths = (cases.PIXELS, *cases.HIDDEN, cases.CLASSES)
    keys = jax.random.split(key, len(widths))
    return [dense_parameters(*sizes) for sizes in zip(keys, widths, widths[1:])]


def mlp(layers, x):
    for layer in layers[:-1]:
        x = jax.nn.relu(dense(layer, x))
    return dense(layers[-1], x)


def cnn_parameters(key):
    keys = jax.random.split(key, 4)
    first, second = cases.CHANNELS
    pooled = (cases.SIDE - 4) // 2
    return {
        "conv1": {"weight": glorot(keys[0], 3, 3, 1, first), "bias": jnp.zeros(first)},
        "conv2": {"weight": glorot(keys[1], 3, 3, first, second), "bias": jnp.zeros(second)},
        "dense1": dense_parameters(keys[2], pooled * pooled * second, cases.DENSE),
        "dense2": dense_parameters(keys[3], cases.DENSE, cases.CLASSES),
    }


def conv(p, x):
    layouts = ("NHWC", "HWIO", "NHWC")
    y = lax.conv_general_dilated(x, p["weight"], (1, 1), "VALID", dimension_numbers=layouts)
    return y + p["bias"]


def max_pool(x):
    """Windows of 2 x 2; several times faster on a CPU than reduce_window, whose gradient scatters."""
    rows, height, width, channels = x.shape
    return x.reshape(rows, height // 2, 2, width // 2, 2, channels).max((2, 4))


def cnn(p, x):
    x = jax.nn.relu(conv(p["conv1"], x))
    x = max_pool(jax.nn.relu(conv(p["conv2"], x)))
    x = jax.nn.relu(dense(p["dense1"], x.reshape(x.shape[0], -1)))
    return dense(p["dense2"], x)


def gpt_parameters(key):
    keys = iter(jax.random.split(key, 2 + 4 * cases.LAYERS))
    width = cases.WIDTH

    def normal(*shape):
        return 0.02 * jax.random.normal(next(keys), shape)

    def block():
        return {
            "norm1": jnp.ones(width),
            "qkv": normal(width, 3 * width),
            "projection": normal(width, width),
            "norm2": jnp.ones(width),
            "expand": normal(width, 4 * width),
            "contract": normal(4 * width, width),
        }

    return {
        "tokens": normal(cases.VOCABULARY, width),
        "positions": normal(cases.BLOCK, width),
        "blocks": [block() for _ in range(cases.LAYERS)],
        "norm": jnp.ones(width),
    }


def layer_norm(scale, x):
    mean = x.mean(-1, keepdims=True)
    variance = jnp.square(x - mean).mean(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + 1e-5) * scale


def attention(p, x):
    """By matrix products; on a CPU faster than jax.nn.dot_product_attention."""
    rows, length, width = x.shape
    heads = (rows, length, cases.HEADS, width // cases.HEADS)
    q, k, v = (part.reshape(heads).swapaxes(1, 2) for part in jnp.split(x @ p["qkv"], 3, axis=-1))
    scores = q @ k.swapaxes(2, 3) * heads[-1] ** -0.5
    scores = jnp.where(jnp.tril(jnp.ones((length, length), bool)), scores, -jnp.inf)
    y = (jax.nn.softmax(scores) @ v).swapaxes(1, 2)
    return y.reshape(x.shape) @ p["projection"]


def gelu(x):
    """Exact; jax.nn.gelu goes through erfc, which is slower on a CPU."""
    return 0.5 * x * (1 + lax.erf(x * 0.5**0.5))


def gpt(p, tokens):
    x = p["tokens"][tokens] + p["positions"]
    for block in p["blocks"]:
        x = x + attention(block, layer_norm(block["norm1"], x))
        x = x + gelu(layer_norm(block["norm2"], x) @ block["expand"]) @ block["contract"]
    return layer_norm(p["norm"], x) @ p["tokens"].T


NETWORKS = {"mlp": (mlp_parameters, mlp), "cnn": (cnn_parameters, cnn), "gpt": (gpt_parameters, gpt)}


def loss(network, parameters, inputs, labels):
    scores = jax.nn.log_softmax(network(parameters, inputs))
    return -jnp.take_along_axis(scores, labels[..., None], axis=-1).mean()


def adam(parameters, gradients, moments, step, betas, weight_decay):
    """Adam, or AdamW where matrices decay."""
    count = step + 1
    first_scale, second_scale = (1 - beta**count for beta in betas)

    def update(p, g, m, v):
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g * g
        decay = weight_decay if p.ndim > 1 else 0.0
        move = (m / first_scale) / (jnp.sqrt(v / second_scale) + 1e-8) + decay * p
        return p - cases.LEARNING_RATE * move, m, v

    leaves, tree = jax.tree.flatten(parameters)
    parts = (leaves, *(jax.tree.leaves(t) for t in (gradients, *moments)))
    p, m, v = (tree.unflatten(new) for new in zip(*(update(*old) for old in zip(*parts))))
    return p, (m, v)


def clipped(gradients):
    norm = jnp.sqrt(sum(jnp.sum(jnp.square(g)) for g in jax.tree.leaves(gradients)))
    scale = jnp.minimum(1.0, cases.CLIP_NORM / (norm + 1e-6))
    return jax.tree.map(lambda g: g * scale, gradients)


class Trainer:
    def __init__(self, case):
        self.parameters_of, network = NETWORKS[case]
        self.batches = [(x, y.astype("int32")) for x, y in cases.batches(case)]
        is_gpt = case == "gpt"
        betas = cases.BETAS if is_gpt else (0.9, 0.999)
        decay = cases.WEIGHT_DECAY if is_gpt else 0.0

        def train(parameters, moments, step, inputs, labels):
            value, gradients = jax.value_and_grad(loss, argnums=1)(network, parameters, inputs, labels)
            if is_gpt:
                gradients = clipped(gradients)
            parameters, moments = adam(parameters, gradients, moments, step, betas, decay)
            return parameters, moments, step + 1, value

        self.train = jax.jit(train, donate_argnums=(0, 1, 2))
        self.reset()

    def reset(self):
        parameters = self.parameters_of(jax.random.key(cases.SEED))
        zeros = [jax.tree.map(jnp.zeros_like, parameters) for _ in range(2)]
        self.state = (parameters, tuple(zeros), jnp.float32(0))

    def step(self, i):
        *state, value = self.train(*self.state, *self.batches[i % cases.BATCHES])
        self.state = tuple(state)
        value.block_until_ready()


trainer = Trainer(sys.argv[1])
protocol.serve("jax", jax.__version__, trainer.reset, trainer.step)
