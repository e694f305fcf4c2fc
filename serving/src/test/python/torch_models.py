"""PyTorch: its own exporter writes the files."""

import numpy as np
import torch
from torch import nn


def export(module, inputs, dynamic_shapes, output):
    module.eval()
    program = torch.onnx.export(
        module,
        tuple(torch.from_numpy(v) for v in inputs.values()),
        input_names=list(inputs),
        output_names=[output],
        dynamic_shapes=dynamic_shapes,
        dynamo=True,
    )
    with torch.no_grad():
        expected = module(*(torch.from_numpy(v) for v in inputs.values())).numpy()
    return program.model_proto, inputs, {output: expected}


def torch_cnn():
    torch.manual_seed(1)
    network = nn.Sequential(
        nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(200, 32), nn.ReLU(), nn.Linear(32, 10), nn.Softmax(dim=1),
    )
    images = np.random.default_rng(1).random((5, 1, 12, 12), dtype=np.float32)
    return export(network, {"image": images}, ({0: torch.export.Dim("batch")},), "probabilities")


class Tagger(nn.Module):
    """A class for each token of a sequence of any length."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(50, 16)
        self.attention = nn.Linear(16, 16)
        self.out = nn.Linear(16, 4)

    def forward(self, tokens):
        x = self.embedding(tokens)
        weights = torch.softmax(self.attention(x) @ x.transpose(1, 2) / 4, dim=-1)
        return torch.softmax(self.out(x + weights @ x), dim=-1)


def torch_tagger():
    torch.manual_seed(2)
    tokens = np.random.default_rng(2).integers(0, 50, (3, 7))
    shapes = ({0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence")},)
    return export(Tagger(), {"tokens": tokens}, shapes, "tags")


MODELS = [torch_cnn, torch_tagger]
