"""Trajectories of PyTorch's optimizers with all their options: makes optim.txt. Needs PyTorch; the
tests do not.

The problem: parameters a [3, 2] and b [5], whose gradients at each step are the values g(p) below, so
that no other operation takes part. Parameters are kept after steps 1 to 5 and after step 300.
"""

import torch

import golden

OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "sgd_decay": lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.2),
    "sgd_momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    "sgd_dampening": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, dampening=0.3, weight_decay=0.1),
    "sgd_nesterov": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.1),
    "adam": lambda p: torch.optim.Adam(p),
    "adam_options": lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.8, 0.95), eps=1e-3),
    "adam_decay": lambda p: torch.optim.Adam(p, lr=0.02, weight_decay=0.3),
    "adam_amsgrad": lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.5, 0.6), amsgrad=True, weight_decay=0.1),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.02),
    "adamw_amsgrad": lambda p: torch.optim.AdamW(
        p, lr=0.02, betas=(0.5, 0.6), eps=1e-4, amsgrad=True, weight_decay=0.4),
    "groups": lambda p: torch.optim.Adam([{"params": p[:1], "lr": 0.1, "weight_decay": 0.1}, {"params": p[1:]}]),
}


def gradient(p, step):
    """Of a bowl around 0.3 whose steepness changes with the step, by exact operations in this order."""
    return (p - 0.3) * (1 + step % 3) + 0.25 * (step % 2)


def start(dtype):
    a = torch.arange(6, dtype=dtype).reshape(3, 2) / 4 - 0.5
    b = torch.tensor([2.0, -1.5, 0.0, 0.3, 1.0], dtype=dtype)
    return [a.requires_grad_(), b.requires_grad_()]


def trajectory(name, make, dtype):
    found = {}
    parameters = start(dtype)
    optimizer = make(parameters)
    for step in range(1, 301):
        for p in parameters:
            p.grad = gradient(p.detach(), step)
        optimizer.step()
        if step <= 5 or step == 300:
            for key, p in zip("ab", parameters):
                found[f"{name}.{str(dtype)[6:]}.{step}.{key}"] = p.detach().clone()
    return found


if __name__ == "__main__":
    found = {}
    for name, make in OPTIMIZERS.items():
        for dtype in [torch.float64, torch.float32]:
            found.update(trajectory(name, make, dtype))
    golden.write("optim.txt", found)
