"""Writes the golden files that golden.h reads; for the scripts in this folder."""

import pathlib

import torch


def write(file, tensors):
    """Writes a dict of name to tensor (or number) as tests/golden/<file>."""
    with open(pathlib.Path(__file__).parent / file, "w") as out:
        for name, tensor in tensors.items():
            tensor = torch.as_tensor(tensor).detach()
            dtype = str(tensor.dtype).replace("torch.", "")
            digits = {"float32": ".9g", "float64": ".17g", "int64": "d"}[dtype]
            out.write(" ".join([name, dtype, *map(str, tensor.shape)]) + "\n")
            out.write(" ".join(format(x, digits) for x in tensor.flatten().tolist()) + "\n")


def differentiated(name, inputs, y, g):
    """The entries of a case for which y.backward(g) has run: inputs x, their gradients d, y and g."""
    entries = {}
    for i, x in enumerate(inputs):
        entries[f"{name}.x{i}"] = x
        if x.is_floating_point():
            entries[f"{name}.d{i}"] = torch.zeros_like(x) if x.grad is None else x.grad
    entries[f"{name}.y"] = y
    entries[f"{name}.g"] = g
    return entries
