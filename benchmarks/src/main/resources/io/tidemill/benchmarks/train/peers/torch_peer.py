"""PyTorch as a peer of `tidemill bench train`: torch_peer.py CASE MODE THREADS

Modes: eager; fused (the optimiser in one kernel); compile (torch.compile, fused optimiser); channels-last (of
the CNN: fused, images and weights in NHWC); compile-channels-last.
"""

import copy
import sys

import protocol

try:
    import torch
    import cases
    from torch import nn
    from torch.nn import functional
except ImportError as missing:
    protocol.absent(missing)


def mlp():
    first, second = cases.HIDDEN
    return nn.Sequential(
        nn.Linear(cases.PIXELS, first),
        nn.ReLU(),
        nn.Linear(first, second),
        nn.ReLU(),
        nn.Linear(second, cases.CLASSES),
    )


def cnn():
    first, second = cases.CHANNELS
    pooled = (cases.SIDE - 4) // 2
    return nn.Sequential(
        nn.Conv2d(1, first, 3),
        nn.ReLU(),
        nn.Conv2d(first, second, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(second * pooled * pooled, cases.DENSE),
        nn.ReLU(),
        nn.Linear(cases.DENSE, cases.CLASSES),
    )


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(cases.WIDTH, 3 * cases.WIDTH, bias=False)
        self.projection = nn.Linear(cases.WIDTH, cases.WIDTH, bias=False)

    def forward(self, x):
        rows, length, width = x.shape
        heads = (rows, length, cases.HEADS, width // cases.HEADS)
        q, k, v = (part.view(heads).transpose(1, 2) for part in self.qkv(x).split(width, dim=2))
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.projection(y.transpose(1, 2).reshape(rows, length, width))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(cases.WIDTH, bias=False)
        self.attention = Attention()
        self.norm2 = nn.LayerNorm(cases.WIDTH, bias=False)
        self.expand = nn.Linear(cases.WIDTH, 4 * cases.WIDTH, bias=False)
        self.contract = nn.Linear(4 * cases.WIDTH, cases.WIDTH, bias=False)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.contract(functional.gelu(self.expand(self.norm2(x))))


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Embedding(cases.VOCABULARY, cases.WIDTH)
        self.positions = nn.Parameter(torch.empty(cases.BLOCK, cases.WIDTH))
        self.blocks = nn.Sequential(*(Block() for _ in range(cases.LAYERS)))
        self.norm = nn.LayerNorm(cases.WIDTH, bias=False)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, tokens):
        x = self.norm(self.blocks(self.tokens(tokens) + self.positions))
        return functional.linear(x, self.tokens.weight).flatten(0, 1)


class Trainer:
    """A network with its optimiser, and the batches that it sees in turn."""

    def __init__(self, case, mode):
        torch.manual_seed(cases.SEED)
        self.case = case
        self.network = {"mlp": mlp, "cnn": cnn, "gpt": Gpt}[case]()
        self.channels_last = "channels-last" in mode
        if self.channels_last:
            self.network = self.network.to(memory_format=torch.channels_last)
        self.initial = copy.deepcopy(self.network.state_dict())
        self.optimizer = self.make_optimizer(fused=mode != "eager")
        self.forward = torch.compile(self.loss) if "compile" in mode else self.loss
        self.batches = cases.batches(case)

    def make_optimizer(self, fused):
        if self.case != "gpt":
            return torch.optim.Adam(self.network.parameters(), lr=cases.LEARNING_RATE, fused=fused)
        matrices = [p for p in self.network.parameters() if p.dim() > 1]
        vectors = [p for p in self.network.parameters() if p.dim() == 1]
        groups = [
            {"params": matrices, "weight_decay": cases.WEIGHT_DECAY},
            {"params": vectors, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=cases.LEARNING_RATE, betas=cases.BETAS, fused=fused)

    def loss(self, inputs, labels):
        return functional.cross_entropy(self.network(inputs), labels)

    def tensors(self, step):
        inputs, labels = (torch.from_numpy(a) for a in self.batches[step % cases.BATCHES])
        if self.case == "cnn":
            inputs = inputs.view(cases.BATCH, 1, cases.SIDE, cases.SIDE)
        return inputs, labels.flatten()

    def reset(self):
        self.network.load_state_dict(self.initial)
        self.optimizer.state.clear()

    def step(self, i):
        self.optimizer.zero_grad(set_to_none=True)
        self.forward(*self.tensors(i)).backward()
        if self.case == "gpt":
            nn.utils.clip_grad_norm_(self.network.parameters(), cases.CLIP_NORM)
        self.optimizer.step()


def main(case, mode, threads):
    torch.set_num_threads(threads)
    trainer = Trainer(case, mode)
    try:
        trainer.step(0)
    except Exception as failure:  # torch.compile without a C++ compiler, say
        protocol.absent(f"{mode}: {failure}")
    protocol.serve("pytorch", torch.__version__, trainer.reset, trainer.step)


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
