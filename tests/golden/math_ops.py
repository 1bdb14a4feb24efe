"""Writes math_ops.txt: what PyTorch computes for functions, division, rounding, choices, reductions, running results,
sorting and products.

Run with PyTorch (1.13 made the file):  python3 math_ops.py > math_ops.txt

One case is one line: see lines.py.
"""

import torch

from lines import NAMES, case

torch.manual_seed(11)
nan, inf = float("nan"), float("inf")
REAL = (torch.float32, torch.float64)
INTEGER = {torch.int64: [0, 1, -1, 2, -7, 9, 3, 5], torch.int32: [0, 1, -1, 2, -7, 9, 3, 5],
           torch.uint8: [0, 1, 255, 2, 200, 9, 3, 5], torch.bool: [True, False, True, True, False, True, False, True]}

# ---- functions of one variable
for name in ("exp2", "expm1", "log2", "log10", "erf", "erfc", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh",
             "acosh", "atanh", "nan_to_num", "isposinf", "isneginf", "signbit"):
    f = getattr(torch, name)
    for dtype in REAL:
        case(name, f, torch.tensor([0.0, -0.0, 0.5, -0.25, 1e-3, 2.0, 3.25, -3.5, 0.875, nan, inf, -inf], dtype=dtype))
    for dtype, values in INTEGER.items():
        case(name, f, torch.tensor(values, dtype=dtype))
for name in ("floor", "ceil", "round", "trunc", "frac"):
    f = getattr(torch, name)
    for dtype in REAL:
        case(name, f, torch.tensor([0.0, -0.0, 0.5, 1.5, 2.5, -0.5, -1.5, 2.25, -3.75, 1e20, nan, inf, -inf], dtype=dtype))
    for dtype in (torch.int64, torch.int32, torch.uint8):
        if name != "frac":
            case(name, f, torch.tensor(INTEGER[dtype], dtype=dtype))
for dtype in REAL:
    x = torch.tensor([1.2345, -0.125, 12345.0, 0.375, 25.0, 35.0, nan, inf], dtype=dtype)
    case("round_2", lambda x: torch.round(x, decimals=2), x)
    case("round_minus_1", lambda x: torch.round(x, decimals=-1), x)
    case("nan_to_num_to", lambda x: torch.nan_to_num(x, 1.0, 2.0, -3.0), torch.tensor([nan, inf, -inf, 4.0], dtype=dtype))

# ---- functions of two
BINARY = {
    "floor_divide": torch.floor_divide, "fmod": torch.fmod, "remainder": torch.remainder,
    "div_trunc": lambda a, b: torch.div(a, b, rounding_mode="trunc"), "div_floor": lambda a, b: torch.div(a, b, rounding_mode="floor"),
}
UNDIFFERENTIABLE = ("floor_divide",)
for dtype in REAL:
    a = torch.tensor([5.5, -5.5, 5.5, -5.5, inf, 1.0, -1.0, nan, 0.0, -0.0, 7.0, 1.0, -1.0, 0.0, 6.0, 0.3], dtype=dtype)
    b = torch.tensor([3.0, 3.0, -3.0, -3.0, 1.0, inf, inf, 1.0, -3.0, 3.0, 0.5, 0.0, 0.0, 0.0, -2.0, 0.1], dtype=dtype)
    for name, f in BINARY.items():
        case(name, f, a, b, gradients=name not in UNDIFFERENTIABLE)
        case(name, f, 4 * torch.randn(3, 1, 4, dtype=dtype), torch.randn(2, 1, dtype=dtype), gradients=name not in UNDIFFERENTIABLE)
    a = torch.tensor([0.0, -0.0, 1.0, -1.0, 0.0, 2.0, -3.0, nan, inf, 1.0], dtype=dtype)
    b = torch.tensor([1.0, -1.0, 0.0, 0.0, 2.0, -2.0, -1.5, 1.0, inf, 1.0], dtype=dtype)
    case("atan2", torch.atan2, a, b)
    ties = torch.tensor([1.0, 2.0, nan, 1.0, nan, inf, 3.0, 0.0], dtype=dtype)
    others = torch.tensor([1.0, 3.0, 1.0, nan, nan, inf, 2.0, -1.0], dtype=dtype)
    for name in ("fmax", "fmin"):
        case(name, getattr(torch, name), ties, others)
        case(name, getattr(torch, name), torch.randn(3, 1, 4, dtype=dtype), torch.randn(2, 1, dtype=dtype))
    case("logical_xor", torch.logical_xor, ties, others)
    x = torch.tensor([1.0, nan, 3.0, 5.0, 2.0, 3.0, 2.5, -1.0], dtype=dtype)
    low = torch.tensor([2.0, 2.0, nan, 1.0, 2.0, 2.0, 2.0, -2.0], dtype=dtype)
    high = torch.tensor([3.0, 3.0, 3.0, 0.0, 3.0, 3.0, 3.0, 4.0], dtype=dtype)
    case("clamp_tensors", torch.clamp, x, low, high)
    case("clamp_tensors", torch.clamp, torch.randn(3, 4, dtype=dtype), torch.randn(4, dtype=dtype) - 1, torch.ones(3, 1, dtype=dtype))
    case("clamp_low", lambda x, low: torch.clamp(x, low), x, low)
    case("clamp_high", lambda x, high: torch.clamp(x, None, high), x, high)
    case("masked_fill_tensor", lambda x, m, v: x.masked_fill(m, v), torch.randn(2, 3, dtype=dtype),
         torch.tensor([[True, False, True]]), torch.tensor(2.5, dtype=dtype))
    case("where_method", lambda x, c, y: x.where(c, y), torch.randn(2, 3, dtype=dtype), torch.tensor([True, False, True]), torch.randn(2, 1, dtype=dtype))
    case("lerp_tensor", torch.lerp, torch.randn(3, 1, dtype=dtype), torch.randn(4, dtype=dtype), torch.tensor([0.0, 0.25, 0.5, 1.5], dtype=dtype))
for dtype, values in INTEGER.items():
    a, b = torch.tensor(values, dtype=dtype), torch.tensor(values[::-1], dtype=dtype)
    divisor = torch.tensor([3, -3, 2, -2, 3, -2, 7, -7]).to(torch.int64 if dtype == torch.bool else dtype)
    for name, f in BINARY.items():
        case(name, f, a, divisor)
    for name in ("fmax", "fmin", "atan2", "logical_xor", "bitwise_and", "bitwise_or", "bitwise_xor"):
        case(name, getattr(torch, name), a, b)
        case(name, getattr(torch, name), a, torch.tensor(3))
    if dtype != torch.bool:
        places = torch.tensor([0, 1, 7, 3, 2, 1, 0, 5], dtype=dtype)
        case("bitwise_left_shift", torch.bitwise_left_shift, a, places)
        case("bitwise_right_shift", torch.bitwise_right_shift, a, places)
        case("bitwise_left_shift", torch.bitwise_left_shift, a, torch.tensor([[2], [4]]))
    case("bitwise_not", torch.bitwise_not, a)
    case("and_number", lambda x: x & 3, a)
    if dtype != torch.bool:
        case("remainder_number", lambda x: x % -3, a)
        case("fmod_number", lambda x: torch.fmod(x, 2.5), a)
        case("number_remainder", lambda x: torch.remainder(17, x), divisor)
        case("clamp_tensors", torch.clamp, a, torch.tensor([0]), torch.tensor(4))
# Every pair of dtypes: which dtype results.
for left in NAMES:
    for right in NAMES:
        a, b = torch.tensor([7, 5]).to(left), torch.tensor([2, 1]).to(right)
        for name in ("fmax", "atan2"):  # PyTorch fails in a gradient with bools
            case(name, getattr(torch, name), a, b, gradients=False)
        if left != torch.bool or right != torch.bool:
            case("remainder", torch.remainder, a, b, gradients=False)

# ---- in place: the dtype stays
IN_PLACE = {name: (lambda name: lambda x, y: getattr(x, name)(y))(name) for name in
            ("eq_", "ne_", "lt_", "le_", "gt_", "ge_", "logical_and_", "logical_or_", "logical_xor_")}
for dtype in NAMES:
    x, y = torch.tensor([3, 0, 2, 0]).to(dtype), torch.tensor([1, 0, 2, 1])
    for name, f in IN_PLACE.items():
        case(name, lambda x, y: f(x.clone(), y), x, y, gradients=False)
    case("logical_not_", lambda x: x.clone().logical_not_(), x, gradients=False)

# ---- reductions
ALL = {
    "nansum": lambda x: x.nansum(), "prod": lambda x: x.prod(), "count_nonzero": torch.count_nonzero,
    "aminmax": lambda x: torch.aminmax(x), "median": lambda x: x.median(),
}
ALONG = {
    "nansum_1": lambda x: x.nansum(1), "prod_0": lambda x: x.prod(0), "prod_last_keepdim": lambda x: x.prod(-1, keepdim=True),
    "logsumexp_1": lambda x: x.logsumexp(1), "logsumexp_01_keepdim": lambda x: x.logsumexp((0, 1), keepdim=True),
    "count_nonzero_0": lambda x: torch.count_nonzero(x, dim=0), "aminmax_1": lambda x: torch.aminmax(x, dim=1),
    "aminmax_0_keepdim": lambda x: torch.aminmax(x, dim=0, keepdim=True), "cumsum_0": lambda x: x.cumsum(0),
    "cumsum_1": lambda x: x.cumsum(-1), "cumprod_0": lambda x: x.cumprod(0), "cumprod_1": lambda x: x.cumprod(1),
    "cummax_1": lambda x: x.cummax(1), "cummin_0": lambda x: x.cummin(0), "diff": lambda x: x.diff(), "diff_2_0": lambda x: x.diff(n=2, dim=0),
    "sort": lambda x: x.sort(stable=True), "sort_0_descending": lambda x: x.sort(stable=True, dim=0, descending=True),
}
ORDERED = {
    "topk_2": lambda x: x.topk(2), "topk_1_0_smallest": lambda x: x.topk(1, 0, largest=False), "kthvalue_2": lambda x: x.kthvalue(2),
    "kthvalue_1_0_keepdim": lambda x: x.kthvalue(1, 0, keepdim=True), "median_1": lambda x: x.median(1),
    "median_0_keepdim": lambda x: x.median(0, keepdim=True),
}
REAL_ONLY = {
    "nanmean": torch.nanmean, "nanmean_0": lambda x: torch.nanmean(x, 0), "logcumsumexp_1": lambda x: x.logcumsumexp(1),
    "logcumsumexp_0": lambda x: x.logcumsumexp(0), "var_mean": torch.var_mean, "std_mean_0": lambda x: torch.std_mean(x, 0, unbiased=False, keepdim=True),
}
for dtype in REAL:
    distinct = torch.randperm(12).reshape(3, 4).to(dtype) / 4 - 1.3
    for name, f in {**ALL, **ALONG, **ORDERED, **REAL_ONLY}.items():
        case(name, f, distinct, gradients="aminmax" not in name)
    zeros = torch.tensor([[2.0, 0.0, 3.0, 0.5], [0.0, 1.5, 0.0, -2.0], [1.0, 2.0, -1.0, 4.0]], dtype=dtype)
    for name in ("prod", "prod_0", "prod_last_keepdim", "cumprod_0", "cumprod_1", "count_nonzero"):
        case(name, {**ALL, **ALONG}[name], zeros)
    odd = torch.tensor([[1.0, nan, inf, -inf, 2.0], [nan, -inf, -inf, 1.0, nan]], dtype=dtype)
    for name in ("nansum", "nansum_1", "count_nonzero", "aminmax", "aminmax_1", "median", "median_1", "cummax_1", "cummin_0", "cumsum_1", "sort",
                 "sort_0_descending", "topk_1_0_smallest", "nanmean", "nanmean_0", "logcumsumexp_1", "logsumexp_1"):
        f = {**ALL, **ALONG, **ORDERED, **REAL_ONLY}[name]
        case(name, f, odd, gradients=False)
    infinite = torch.tensor([[-inf, -inf, 1.0, 3.0], [-inf, -inf, -inf, -inf]], dtype=dtype)
    for name in ("logcumsumexp_1", "logsumexp_1", "logcumsumexp_0"):
        case(name, {**ALONG, **REAL_ONLY}[name], infinite, gradients=False)
    case("logsumexp_1", ALONG["logsumexp_1"], torch.tensor([[1000.0, 1001.0], [-1000.0, -1000.0]], dtype=dtype))
    case("logcumsumexp_1", REAL_ONLY["logcumsumexp_1"], torch.tensor([[1000.0, 1001.0, -5.0], [-1000.0, -1000.0, 3.0]], dtype=dtype), gradients=False)
    case("logcumsumexp_1", REAL_ONLY["logcumsumexp_1"], torch.tensor([[1.0, 4.0, -5.0], [-3.0, -3.0, 2.0]], dtype=dtype))
    ties = torch.tensor([[1.0, 2.0, 2.0, 1.0], [3.0, 3.0, 1.0, 0.0]], dtype=dtype)
    for name in ("cummax_1", "cummin_0", "sort", "sort_0_descending", "aminmax", "median"):
        case(name, {**ALL, **ALONG}[name], ties, gradients="aminmax" not in name)
    for name, f in {**ALL, "prod_0": ALONG["prod_0"], "cumsum_0": ALONG["cumsum_0"], "cumprod_0": ALONG["cumprod_0"]}.items():
        case(name, f, torch.tensor(1.5, dtype=dtype), gradients="aminmax" not in name)
    empty = torch.zeros(0, 3, dtype=dtype)
    for name in ("nansum", "prod", "count_nonzero", "median", "prod_0", "prod_last_keepdim", "logsumexp_01_keepdim", "logsumexp_1", "cumsum_0", "cumprod_1",
                 "cummax_1", "cummin_0", "sort", "sort_0_descending", "diff", "topk_2", "median_1", "nansum_1", "logcumsumexp_1"):
        f = {**ALL, **ALONG, **ORDERED, **REAL_ONLY}[name]
        case(name, f, empty, gradients=False)
    case("cumsum_transposed", lambda x: x.t().cumsum(0), torch.randn(3, 4, dtype=dtype))
    case("sort_sliced", lambda x: x.t()[:, ::2].sort(), torch.randperm(20).reshape(5, 4).to(dtype))
for dtype, values in INTEGER.items():
    x = torch.tensor(values, dtype=dtype).reshape(2, 4)
    for name, f in {**ALL, **ALONG, **({} if dtype == torch.bool else ORDERED)}.items():
        if not (name == "median" and dtype == torch.bool) and not (name == "diff_2_0"):
            case(name, f, x)

# ---- different values
UNIQUE = {
    "unique": lambda x: torch.unique(x, return_inverse=True, return_counts=True),
    "unique_0": lambda x: torch.unique(x, dim=0, return_inverse=True, return_counts=True),
    "unique_consecutive": lambda x: torch.unique_consecutive(x, return_inverse=True, return_counts=True),
    "unique_consecutive_1": lambda x: torch.unique_consecutive(x, dim=1, return_inverse=True, return_counts=True),
}
for dtype in NAMES:
    x = torch.tensor([[3, 3, 1, 1], [0, 0, 2, 2], [3, 3, 1, 1]]).to(dtype)
    for name, f in UNIQUE.items():
        case(name, f, x, gradients=False)
case("bincount", torch.bincount, torch.tensor([1, 1, 3]))
case("bincount", torch.bincount, torch.tensor([], dtype=torch.int64))
case("bincount", torch.bincount, torch.tensor([1, 0, 3], dtype=torch.uint8))
case("bincount_6", lambda x: torch.bincount(x, minlength=6), torch.tensor([1, 1, 3], dtype=torch.int32))
for weights in (torch.tensor([0.5, 1.0, 2.0]), torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64), torch.tensor([1, 2, 3])):
    case("bincount_weights", torch.bincount, torch.tensor([1, 1, 3]), weights, gradients=False)

# ---- products
real = lambda *sizes: torch.randn(sizes, dtype=torch.float64)
case("baddbmm", lambda s, a, b: torch.baddbmm(s, a, b, beta=0.5, alpha=-2), real(2, 1, 4), real(2, 3, 5), real(2, 5, 4))
case("addmv", lambda s, a, b: torch.addmv(s, a, b, beta=0.5, alpha=-2), real(3), real(3, 5), real(5))
case("addmv", lambda s, a, b: torch.addmv(s, a, b, beta=0.5, alpha=-2), real(), real(3, 5), real(5))
case("addr", lambda s, a, b: torch.addr(s, a, b, beta=0.5, alpha=-2), real(5), real(3), real(5))
case("addr_ints", torch.addr, torch.tensor([1]), torch.tensor([1, 2]), torch.tensor([3, 4]))
for a, b in [((3,), (3,)), ((2, 3), (4, 3)), ((2, 4, 3), (3,)), ((), (2, 3)), ((2, 3), (2, 2, 3))]:
    case("inner", torch.inner, real(*a), real(*b))
case("trace", torch.trace, real(3, 5))  # of a tall matrix PyTorch 1.13 gets the gradient wrong
case("trace", torch.trace, torch.tensor([[1, 2], [3, 4]], dtype=torch.int32))
case("chain_matmul", lambda *m: torch.chain_matmul(*m), real(3, 5), real(5, 2), real(2, 6), real(6, 4))
case("tensordot", lambda a, b: torch.tensordot(a, b, ([1, -1], [2, 0])), real(2, 3, 4), real(4, 5, 3))
case("tensordot_0", lambda a, b: torch.tensordot(a, b, 0), real(2, 3), real(2))
EQUATIONS = ["ii", "ii->i", "ij->ji", "ij->", "...ij->...ji", "iij->ji", "i...->...", "ij,jk", "ij,jk->ki", "bij,bjk->bik", "i,j->ij", "ij,ij->ij", "ij,ij->",
             "b...ij,b...jk->...ik", "ijk,jil->kl", "ij,k->j", "ii,ij->j", "bn,anm,bm->ba", "a b , b c -> c a", "iAb,Ab->i", "...i,...i->...", "ij,kl,mj->il"]
SHAPES = {"i": 3, "j": 4, "k": 2, "l": 3, "m": 5, "n": 4, "a": 2, "b": 3, "c": 5, "A": 4}
for equation in EQUATIONS:
    operands = [real(*(SHAPES[c] for c in term.replace("...", "kk"))) for term in equation.replace(" ", "").split("->")[0].split(",")]
    case("einsum " + equation, (lambda e: lambda *x: torch.einsum(e, *x))(equation), *operands)
case("einsum ij,jk", lambda *x: torch.einsum("ij,jk", *x), real(3, 1), real(4, 2))
case("einsum ij,ij->ij", lambda *x: torch.einsum("ij,ij->ij", *x), real(3, 1), real(1, 4))
case("einsum ...i,...i->...", lambda *x: torch.einsum("...i,...i->...", *x), real(2, 1, 4), real(3, 4))
case("einsum ij,jk", lambda *x: torch.einsum("ij,jk", *x), torch.tensor([[1, 2], [3, 4]]), torch.tensor([[5], [6]]))
case("einsum ij,jk", lambda *x: torch.einsum("ij,jk", *x), real(0, 3), real(3, 2))
case("einsum ij,jk", lambda *x: torch.einsum("ij,jk", *x), real(2, 0), real(0, 3))
case("einsum ij->", lambda *x: torch.einsum("ij->", *x), torch.tensor([[True, True]]))

# ---- sums and products next to a logarithm
for dtype in REAL:
    a = torch.tensor([0.0, 1.5, -2.0, 800.0, -800.0, inf, -inf, inf, -inf, nan, 3.0, 0.25], dtype=dtype)
    b = torch.tensor([0.0, -1.5, -2.0, 0.0, -801.0, inf, -inf, -inf, 2.0, 1.0, nan, 60.0], dtype=dtype)
    for name in ("logaddexp", "logaddexp2"):
        case(name, getattr(torch, name), a, b)
        # Away from results near 0, which cancel: there float32 has few digits.
        case(name, getattr(torch, name), 3 + real(3, 1, 4).to(dtype), 3 + real(2, 1).to(dtype))
    x = torch.tensor([0.0, 0.0, 0.0, 0.0, 0.0, 2.0, -3.0, 2.0, 1.0, inf, nan, 0.0], dtype=dtype)
    y = torch.tensor([0.0, 2.0, -1.0, inf, nan, 3.0, 0.5, 0.0, -1.0, 2.0, 2.0, -inf], dtype=dtype)
    case("xlogy", torch.xlogy, x, y)
    case("xlogy", torch.xlogy, real(3, 1, 4).to(dtype), real(2, 1).to(dtype).abs())
    case("xlogy_number", lambda x: torch.xlogy(x, 2.5), x)
    case("number_xlogy", lambda y: torch.xlogy(2, y), y)
for left in NAMES:
    for right in NAMES:
        case("xlogy", torch.xlogy, torch.tensor([2, 0]).to(left), torch.tensor([3, 1]).to(right), gradients=False)
