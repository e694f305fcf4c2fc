"""The networks of `tidemill bench train`: what is the same in every framework."""

import numpy

BATCHES = 8  # distinct ones, in rotation
SEED = 1

LEARNING_RATE = 1e-3
CASES = ("mlp", "cnn", "gpt")

BATCH = 128
CLASSES = 10
SIDE = 28
PIXELS = SIDE * SIDE
HIDDEN = (512, 256)  # of the MLP
CHANNELS = (32, 64)  # of the CNN, each 3 x 3 without padding
DENSE = 128  # of the CNN, behind the pooling

GPT_BATCH = 12
LAYERS = 4
HEADS = 4
WIDTH = 128
BLOCK = 64
VOCABULARY = 65
BETAS = (0.9, 0.99)
WEIGHT_DECAY = 0.1  # on matrices
CLIP_NORM = 1.0


def batches(case):
    """Pairs of host arrays: inputs and labels."""
    random = numpy.random.default_rng(SEED)
    return [batch(case, random) for _ in range(BATCHES)]


def batch(case, random):
    if case == "gpt":
        tokens = random.integers(0, VOCABULARY, (GPT_BATCH, BLOCK + 1))
        return tokens[:, :-1].copy(), tokens[:, 1:].copy()
    images = BATCH // 2  # each twice, so that they cannot be learnt by heart
    shape = (images, PIXELS) if case == "mlp" else (images, SIDE, SIDE, 1)
    inputs = random.standard_normal(shape, dtype=numpy.float32).repeat(2, axis=0)
    return inputs, random.integers(0, CLASSES, BATCH)
