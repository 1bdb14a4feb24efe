"""Writes pointwise.txt: what PyTorch computes for the element-by-element operations.

Run with PyTorch (1.13 made the file):  python3 pointwise.py > pointwise.txt

One case is one line: see lines.py.
"""

import torch

from lines import NAMES, case

torch.manual_seed(7)
nan, inf = float("nan"), float("inf")

BINARY = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div,
    "maximum": torch.maximum, "minimum": torch.minimum,
    "add_alpha": lambda a, b: torch.add(a, b, alpha=3), "sub_alpha": lambda a, b: torch.sub(a, b, alpha=3),
    "eq": torch.eq, "ne": torch.ne, "lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge,
    "logical_and": torch.logical_and, "logical_or": torch.logical_or,
}
UNARY = {
    "neg": torch.neg, "abs": torch.abs, "sign": torch.sign, "exp": torch.exp, "log": torch.log,
    "log1p": torch.log1p, "sqrt": torch.sqrt, "rsqrt": torch.rsqrt, "square": torch.square,
    "reciprocal": torch.reciprocal, "sin": torch.sin, "cos": torch.cos, "tanh": torch.tanh,
    "sigmoid": torch.sigmoid, "relu": torch.relu, "pow2": lambda x: x.pow(2), "pow3": lambda x: x.pow(3),
    "pow0": lambda x: x.pow(0), "add_number": lambda x: x + 2, "rsub": lambda x: 2 - x, "mul_number": lambda x: x * 3,
    "div_number": lambda x: x / 3, "rdiv": lambda x: 3 / x, "clamp": lambda x: x.clamp(-1, 2),
    "clamp_min": lambda x: x.clamp(min=1), "clamp_max": lambda x: x.clamp(max=1), "eq_number": lambda x: x == 1,
    "lt_number": lambda x: x < 1, "logical_not": torch.logical_not, "isnan": torch.isnan, "isinf": torch.isinf,
    "isfinite": torch.isfinite, "to_float32": lambda x: x.to(torch.float32), "to_float64": lambda x: x.to(torch.float64),
    "to_int64": lambda x: x.to(torch.int64), "to_bool": lambda x: x.to(torch.bool), "flip": lambda x: x.flip(0),
}
FLOAT_UNARY = {
    "pow_half": lambda x: x.pow(0.5), "pow_minus_half": lambda x: x.pow(-0.5), "pow_minus1": lambda x: x.pow(-1),
    "pow_minus2": lambda x: x.pow(-2), "pow_real": lambda x: x.pow(2.5), "number_pow": lambda x: torch.pow(2.5, x),
    "zero_pow": lambda x: torch.pow(0, x),
}

kinks = [0.0, -0.0, 1.0, -1.0, 2.0, nan, inf, -inf, 0.5, -3.25, 1e-3, 100.0, -100.0, 7.75, 20.0, 1e-30]
for dtype in (torch.float32, torch.float64):
    x = torch.cat([torch.tensor(kinks, dtype=dtype), 3 * torch.randn(21, dtype=dtype)])
    for name, f in {**UNARY, **FLOAT_UNARY}.items():
        if name == "to_int64":  # PyTorch leaves what is out of range undefined
            case(name, f, 1000 * torch.randn(9, dtype=dtype))
        else:
            case(name, f, x)
    a = torch.randn(3, 1, 4, dtype=dtype)
    b = torch.randn(2, 1, dtype=dtype)
    ties = torch.tensor([1.0, 2.0, nan, 1.0, 0.0, inf, 0.0], dtype=dtype)
    others = torch.tensor([1.0, 3.0, 1.0, nan, -0.0, inf, 2.0], dtype=dtype)
    for name, f in BINARY.items():
        case(name, f, a, b)
        case(name, f, ties, others)
    case("pow", torch.pow, a.abs(), b)
    case("pow", torch.pow, torch.tensor([0.0, 0.0, 0.0, -1.0, 2.0], dtype=dtype),
         torch.tensor([0.0, 1.0, -1.0, 2.0, 0.5], dtype=dtype))
    c = torch.randn(4, dtype=dtype)
    case("addcmul", lambda x, y, z: torch.addcmul(x, y, z, value=0.5), a, b, c)
    case("addcdiv", lambda x, y, z: torch.addcdiv(x, y, z, value=0.5), a, b, c)
    case("lerp_low", lambda x, y: torch.lerp(x, y, 0.25), a, b)
    case("lerp_high", lambda x, y: torch.lerp(x, y, 0.75), a, b)
    mask = torch.tensor([True, False, False, True])
    case("where", torch.where, mask, a, b)
    case("masked_fill", lambda x, m: x.masked_fill(m, 2.5), a, mask)

ints = {torch.int64: [0, 1, -1, 2, -7, 2**63 - 1, -2**63, 5], torch.int32: [0, 1, -1, 2, -7, 2**31 - 1, -2**31, 5],
        torch.uint8: [0, 1, 255, 2, 200, 127, 128, 5], torch.bool: [True, False, True, True, False]}
UNDEFINED_FOR_BOOL = ("sub", "sub_alpha", "add_alpha", "neg", "abs", "relu", "rsub", "square")
for dtype, values in ints.items():
    x = torch.tensor(values, dtype=dtype)
    y = x.flip(0)
    for name, f in BINARY.items():
        if dtype != torch.bool or name not in UNDEFINED_FOR_BOOL:
            case(name, f, x, y)
    for name, f in UNARY.items():
        if dtype != torch.bool or name not in UNDEFINED_FOR_BOOL:
            case(name, f, x)
    if dtype != torch.bool:
        case("pow", torch.pow, x, torch.tensor([0, 3, 2, 5, 1, 2, 1, 7], dtype=dtype))

# Every pair of dtypes, with and without dimensions: which dtype results.
samples = {d: (torch.tensor([1, 0, 3]).to(d), torch.tensor(2).to(d)) for d in NAMES}
for left in samples.values():
    for right in samples.values():
        for a in left:
            for b in right:
                for name in ("add", "div"):
                    case(name, BINARY[name], a, b)
