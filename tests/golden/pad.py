"""PyTorch's padding by every mode, values and gradients: makes pad.txt. Needs PyTorch (1.13); the tests do not."""

import torch
import torch.nn.functional as F

import golden
from pattern import pattern

# Input shape and padding, last dimension first. A negative number takes elements away.
CASES = [
    ((2, 3, 5), (2, 1)),
    ((1, 2, 4), (3, 3)),
    ((2, 1, 6), (-2, 3)),
    ((2, 1, 6), (-1, -2)),
    ((1, 2, 4, 5), (1, 3, 2, 0)),
    ((2, 1, 3, 4), (-1, 2, 1, -1)),
    ((1, 1, 3, 4, 3), (1, 2, 0, 1, 2, 1)),
]
MODES = ["constant", "reflect", "replicate", "circular"]

found = {}
for i, (shape, pad) in enumerate(CASES):
    found[f"{i}.shape"], found[f"{i}.pad"] = torch.tensor(shape), torch.tensor(pad)
    for mode in MODES:
        x = pattern(shape, 1).requires_grad_()
        y = F.pad(x, pad, mode, 0.25 if mode == "constant" else None)
        found[f"{i}.{mode}"] = y
        found[f"{i}.{mode}.grad"] = torch.autograd.grad(y, x, pattern(y.shape, 2))[0]
golden.write("pad.txt", found)
