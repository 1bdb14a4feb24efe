"""Golden files of one line a case, which lines.h reads; for the scripts in this folder.

    name | inputs | results | upstream gradient | gradients of the inputs

A tensor is `dtype sizes : values`; several are separated by ;, and floats are in hexadecimal. The last two parts, of the
first result, are there if that has gradients; "none wanted" stands for them where the inputs are to be constants.
"""

import torch

NAMES = {torch.float32: "float32", torch.float64: "float64", torch.int64: "int64",
         torch.int32: "int32", torch.uint8: "uint8", torch.bool: "bool"}


def number(x):
    if isinstance(x, bool):
        return str(int(x))
    if isinstance(x, int):
        return str(x)
    return x.hex() if x == x and abs(x) != float("inf") else str(x)


def show(t):
    values = " ".join(number(v) for v in t.detach().reshape(-1).tolist())
    return f"{NAMES[t.dtype]} {','.join(map(str, t.shape))} : {values}"


def show_all(tensors):
    return " ; ".join(show(t) for t in tensors)


def case(name, f, *inputs, gradients=True):
    """Prints what f gives, and the gradients for a random upstream gradient."""
    leaves = [x.clone().requires_grad_(gradients and x.is_floating_point()) for x in inputs]
    results = f(*leaves)
    results = [results] if isinstance(results, torch.Tensor) else list(results)
    parts = [name, show_all(inputs), show_all(results)]
    y = results[0]
    if not gradients:
        parts.append("none wanted")
    if y.requires_grad:
        g = torch.randn(y.shape, dtype=y.dtype)
        asked = [x for x in leaves if x.requires_grad]
        grads = torch.autograd.grad(y, asked, g, allow_unused=True)
        grads = [torch.zeros_like(x) if d is None else d for x, d in zip(asked, grads)]
        parts += [show(g), show_all(grads)]
    print(" | ".join(parts))
