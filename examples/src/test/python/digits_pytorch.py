"""The digits example in PyTorch: the peer of `./tidemill run digits data=DIR epochs=3`, whole command.

The same network, batch, optimiser, schedule and epochs; fused Adam, two threads, the data in memory as float32.
Usage: digits_pytorch.py DIR, the folder of the packed MNIST files. Prints the accuracy on the test images.
"""
import gzip
import sys

import numpy as np
import torch
from torch import nn

BATCH, EPOCHS, RATE, PIXELS = 256, 3, 2e-3, 784


def load(folder, name):
    def read(kind, offset):
        with gzip.open(f"{folder}/{name}-{kind}-ubyte.gz") as file:
            return np.frombuffer(file.read(), np.uint8, offset=offset)

    images = read("images-idx3", 16).reshape(-1, PIXELS).astype(np.float32)
    return torch.from_numpy(images), torch.from_numpy(read("labels-idx1", 8).astype(np.int64))


torch.set_num_threads(2)
torch.manual_seed(1)
images, labels = load(sys.argv[1], "train")
test_images, test_labels = load(sys.argv[1], "t10k")
network = nn.Sequential(
    nn.LayerNorm(PIXELS, elementwise_affine=False),
    nn.Linear(PIXELS, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))
optimizer = torch.optim.Adam(network.parameters(), lr=RATE, fused=True)
loss = nn.CrossEntropyLoss()
total = (EPOCHS * len(images) + BATCH - 1) // BATCH
step = 0
for _ in range(EPOCHS):
    order = torch.randperm(len(images))
    for first in range(0, len(images), BATCH):
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - step / total)
        rows = order[first:first + BATCH]
        optimizer.zero_grad(set_to_none=True)
        loss(network(images[rows]), labels[rows]).backward()
        optimizer.step()
        step += 1
with torch.no_grad():
    accuracy = (network(test_images).argmax(1) == test_labels).float().mean().item()
print(f"testAccuracy {accuracy:.4f}")
