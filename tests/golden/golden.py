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
