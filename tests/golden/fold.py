"""PyTorch's unfold and fold: makes fold.txt. Needs PyTorch (1.13); the tests do not."""

import torch
import torch.nn.functional as F

import golden
from pattern import pattern

# Input shape, and kernel, dilation, padding, stride as {height, width}.
CASES = [
    ((2, 3, 5, 4), (2, 3), (1, 1), (0, 0), (1, 1)),
    ((1, 2, 6, 7), (3, 2), (1, 2), (2, 1), (2, 3)),
    ((2, 1, 4, 6), (2, 2), (3, 1), (1, 0), (1, 2)),
    ((1, 2, 3, 3), (1, 1), (1, 1), (1, 2), (2, 1)),
]

found = {}
for i, (shape, kernel, dilation, padding, stride) in enumerate(CASES):
    x = pattern(shape, 1).requires_grad_()
    columns = F.unfold(x, kernel, dilation, padding, stride)
    y = pattern(columns.shape, 2).requires_grad_()
    image = F.fold(y, shape[2:], kernel, dilation, padding, stride)
    found[f"{i}.shape"] = torch.tensor(shape)
    found[f"{i}.options"] = torch.tensor([*kernel, *dilation, *padding, *stride])
    found[f"{i}.columns"] = columns
    found[f"{i}.columns.grad"] = torch.autograd.grad(columns, x, pattern(columns.shape, 3))[0]
    found[f"{i}.image"] = image
    found[f"{i}.image.grad"] = torch.autograd.grad(image, y, pattern(shape, 3))[0]
golden.write("fold.txt", found)
