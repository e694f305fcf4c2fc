"""Writes fixtures/optimizers.safetensors: what PyTorch's optimisers do to 37 numbers in 4 steps, and the rates
of its schedules.

Run in engine-core/src/test with PyTorch and safetensors: python python/optimizers.py
"""

import torch
from safetensors.torch import save_file

STEPS = 4
FLOATS = 37

generator = torch.Generator().manual_seed(1)
start = torch.randn(FLOATS, generator=generator)
gradients = torch.randn(STEPS, FLOATS, generator=generator)
gradients[:, 5] = 0  # never has a gradient
gradients[1:, 6] = 0  # has one once

CASES = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.9, 0.99)),
    "adamW": lambda p: torch.optim.AdamW(p, lr=0.01, betas=(0.9, 0.99), weight_decay=0.1),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1),
}

tensors = {"start": start, "gradients": gradients}
for name, make in CASES.items():
    parameter = torch.nn.Parameter(start.clone())
    optimizer = make([parameter])
    after = []
    for gradient in gradients:
        parameter.grad = gradient.clone()
        optimizer.step()
        after.append(parameter.detach().clone())
    tensors[name] = torch.stack(after)

parameter = torch.nn.Parameter(start.clone())
parameter.grad = gradients[0].clone()
norm = torch.nn.utils.clip_grad_norm_([parameter], 1.0)
tensors["norm"] = norm.reshape(1)
tensors["clipped"] = parameter.grad

RATE = 0.4
WARM_UP = 3
TOTAL = 20
schedulers = torch.optim.lr_scheduler
SCHEDULES = {
    "schedule.cosine": lambda o: schedulers.CosineAnnealingLR(o, TOTAL - WARM_UP, 0.1 * RATE),
    "schedule.step": lambda o: schedulers.StepLR(o, 5, 0.3),
    "schedule.linear": lambda o: schedulers.LinearLR(o, 1, 0.1, TOTAL - WARM_UP),
}

for name, make in SCHEDULES.items():
    optimizer = torch.optim.SGD([torch.nn.Parameter(start.clone())], lr=RATE)
    warm_up = schedulers.LinearLR(optimizer, 1 / (WARM_UP + 1), 1, WARM_UP)
    schedule = schedulers.SequentialLR(optimizer, [warm_up, make(optimizer)], [WARM_UP])
    rates = []
    for _ in range(TOTAL):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    tensors[name] = torch.tensor(rates)

save_file(tensors, "resources/fixtures/optimizers.safetensors")
