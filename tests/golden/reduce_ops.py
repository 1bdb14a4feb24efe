"""Writes reduce.txt, matmul.txt, loss.txt and index.txt: what PyTorch computes, in values and
gradients, for the tests of the same names in tests/ops.

    python3 tests/golden/reduce_ops.py        (made with PyTorch 1.13.1)

For each case: inputs x0, x1, ..., the result y, a random upstream gradient g, and the gradients
d0, d1, ... of the inputs that are floating-point.
"""

import math

import torch
import torch.nn.functional as F

import golden

torch.manual_seed(20)
written = {}


def randn(*sizes):
    return torch.randn(*sizes, dtype=torch.float64)


def case(name, function, *inputs):
    inputs = [x.requires_grad_() if x.is_floating_point() else x for x in inputs]
    y = function(*inputs)
    g = torch.randn_like(y)
    y.backward(g)
    written.update(golden.differentiated(name, inputs, y, g))


def write(file):
    golden.write(file, written)
    written.clear()


x = lambda: randn(3, 4, 5)
ties = lambda: torch.randint(-2, 3, (3, 4, 5)).double()
case("sum", lambda a: a.sum(), x())
case("sum_last", lambda a: a.sum(-1), x())
case("sum_middle_keepdim", lambda a: a.sum(1, keepdim=True), x())
case("sum_outer_two", lambda a: a.sum((2, 0)), x())
case("sum_permuted", lambda a: a.permute(2, 0, 1).sum((0, 2)), x())
case("mean", lambda a: a.mean(), x())
case("mean_first_last", lambda a: a.mean((0, -1), keepdim=True), x())
case("sum_to_size", lambda a: a.sum_to_size(4, 1), x())
case("max", lambda a: a.max(), ties())
case("min", lambda a: a.min(), ties())
case("max_dim", lambda a: a.max(1)[0], ties())
case("min_dim_keepdim", lambda a: a.min(-1, keepdim=True)[0], ties())
case("amax", lambda a: a.amax((0, 2)), ties())
case("amin_keepdim", lambda a: a.amin(1, keepdim=True), ties())
case("norm", lambda a: a.norm(), x())
case("norm_zero", lambda a: a.norm(), torch.zeros(3, dtype=torch.float64))
for label, p in [("half", 0.5), ("1", 1), ("1_5", 1.5), ("3", 3), ("inf", math.inf), ("minus_inf", -math.inf)]:
    case("norm_p_" + label, lambda a: a.norm(p, (0, 2)), x())
case("norm_p_inf_ties", lambda a: a.norm(math.inf, 1, keepdim=True), ties())
case("norm_p_3_zeros", lambda a: a.norm(3, 1), ties())
case("var", lambda a: a.var(), x())
case("var_dims_biased", lambda a: a.var((0, 2), unbiased=False, keepdim=True), x())
case("std", lambda a: a.std(), x())
case("std_dim", lambda a: a.std(1), x())
case("std_zero", lambda a: a.std(0), torch.ones(3, 2, dtype=torch.float64))
case("softmax", lambda a: a.softmax(1), 50 * x())
case("log_softmax", lambda a: a.log_softmax(-1), 50 * x())
write("reduce.txt")

case("mm", lambda a, b: a.mm(b), randn(3, 4), randn(4, 5))
case("mm_transposed", lambda a, b: a.t().mm(b.t()), randn(4, 3), randn(5, 4))
case("bmm", lambda a, b: a.bmm(b), randn(2, 3, 4), randn(2, 4, 5))
case("bmm_transposed", lambda a, b: a.transpose(1, 2).bmm(b.permute(1, 2, 0)), randn(2, 4, 3), randn(5, 2, 4))
case("mv", lambda a, b: a.mv(b), randn(3, 4), randn(4))
case("dot", lambda a, b: a.dot(b), randn(7), randn(7))
case("outer", lambda a, b: torch.outer(a, b), randn(3), randn(4))
case("addmm", lambda s, a, b: torch.addmm(s, a, b), randn(5), randn(3, 4), randn(4, 5))
case("addmm_beta", lambda s, a, b: torch.addmm(s, a, b, beta=0.5), randn(3, 1), randn(3, 4), randn(4, 5))
case("addmm_alpha", lambda s, a, b: torch.addmm(s, a, b, beta=-2, alpha=3), randn(3, 5), randn(3, 4), randn(4, 5))
for a, b in [((4,), (4,)), ((3, 4), (4,)), ((4,), (4, 5)), ((3, 4), (4, 5)), ((2, 3, 4), (4,)), ((4,), (2, 4, 5)),
             ((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5)), ((2, 3, 4), (2, 4, 5)), ((6, 1, 3, 4), (2, 4, 5)), ((1, 3, 4), (6, 2, 4, 1))]:
    label = "matmul_" + "x".join(map(str, a)) + "_" + "x".join(map(str, b))
    case(label, lambda a, b: a.matmul(b), randn(*a), randn(*b))
case("linear", F.linear, randn(3, 4), randn(5, 4), randn(5))
case("linear_no_bias", F.linear, randn(3, 4), randn(5, 4))
case("linear_rank_1", F.linear, randn(4), randn(5, 4), randn(5))
case("linear_rank_4", F.linear, randn(2, 3, 2, 4), randn(5, 4), randn(5))
write("matmul.txt")

probability = lambda: torch.rand(3, 4, dtype=torch.float64)
for reduction in ["none", "mean", "sum"]:
    case("mse_" + reduction, lambda a, b: F.mse_loss(a, b, reduction=reduction), randn(3, 4), randn(3, 4))
    case("l1_" + reduction, lambda a, b: F.l1_loss(a, b, reduction=reduction), randn(3, 4), randn(3, 4))
    case("bce_" + reduction, lambda a, b: F.binary_cross_entropy(a, b, reduction=reduction), probability(), probability())
    case("bce_weight_" + reduction, lambda a, b, w: F.binary_cross_entropy(a, b, w.detach(), reduction=reduction), probability(), probability(), randn(4))
    case("logits_" + reduction, lambda a, b: F.binary_cross_entropy_with_logits(a, b, reduction=reduction), 20 * randn(3, 4), probability())
    case("logits_weights_" + reduction, lambda a, b, w, p: F.binary_cross_entropy_with_logits(a, b, w.detach(), pos_weight=p.detach(), reduction=reduction),
         randn(3, 4), probability(), randn(3, 1), randn(4))
    case("nll_" + reduction, lambda a, t: F.nll_loss(a, t, reduction=reduction), randn(3, 4), torch.tensor([1, 3, 1]))
    case("nll_weight_ignore_" + reduction, lambda a, t, w: F.nll_loss(a, t, w.detach(), ignore_index=2, reduction=reduction),
         randn(3, 4, 2), torch.tensor([[1, 2], [0, 3], [2, 1]]), randn(4).abs())
    case("cross_entropy_" + reduction, lambda a, t: F.cross_entropy(a, t, reduction=reduction), 3 * randn(3, 4), torch.tensor([1, -100, 2]))
case("mse_broadcast", lambda a, b: F.mse_loss(a, b), randn(3, 1), randn(4))
case("bce_certain", lambda a: F.binary_cross_entropy(a, torch.tensor([0.25, 0, 1, 0, 1], dtype=torch.float64)), torch.tensor([0.5, 0, 0, 1, 1], dtype=torch.float64))
case("cross_entropy_rank_1", lambda a, t: F.cross_entropy(a, t), randn(4), torch.tensor(2))
write("loss.txt")

case("index_select", lambda a, i: a.index_select(1, i), randn(2, 4, 3), torch.tensor([3, 0, 3, 1, 3]))
case("index_add", lambda a, i, s: a.index_add(1, i, s), randn(2, 4, 3), torch.tensor([3, 0, 3]), randn(2, 3, 3))
case("index_add_alpha", lambda a, i, s: a.index_add(-1, i, s, alpha=-0.5), randn(2, 4), torch.tensor([1, 1]), randn(2, 2))
case("gather", lambda a, i: a.gather(1, i), randn(2, 4, 3), torch.tensor([[[3, 1], [0, 0], [3, 2]]]))
case("gather_first", lambda a, i: a.gather(0, i), randn(2, 4), torch.tensor([[1, 0, 1], [0, 0, 1], [1, 1, 1]]))
case("scatter_add", lambda a, i, s: a.scatter_add(1, i, s), randn(2, 4, 3), torch.tensor([[[3, 1], [0, 0], [3, 2]]]), randn(1, 3, 2))
case("cat", lambda a, b, c: torch.cat([a, b, c], 1), randn(2, 3, 2), randn(2, 1, 2), randn(2, 4, 2))
case("cat_last", lambda a, b: torch.cat([a.t(), b], -1), randn(3, 2), randn(2, 3))
case("stack", lambda a, b: torch.stack([a, b], 1), randn(2, 3), randn(2, 3))
case("stack_last", lambda a, b: torch.stack([a, b], -1), randn(2, 3), randn(2, 3))
write("index.txt")
