"""Writes what PyTorch computes for indexing and for what moves elements about, in values and
gradients:

    python3 tests/golden/indexing.py        (made with PyTorch 1.13.1)

- indexing.txt: random index lists, which mix everything that an index list can hold. A case is one line,

      get|put sizes ; index list ; sizes of the result : values ; gradient of x (; gradient of the value)

  where x is 0, 1, 2, ... as float64, the value that is put -1, -2, ... in the shape of the result (or of its last
  dimensions), and the upstream gradient runs through -3, -2, ..., 3 and again. An entry of the list is
  `i-2` (integer), `s1:3:2` (slice; a bound can be left out), `n` (None), `e` (Ellipsis), `b1` (bool),
  `l2,1:0,-1` (list of indices, with its sizes) or `m3:1,0,1` (mask).
- index_ops.txt, rearrange.txt: one operation a case, as golden_case.h reads them.
"""

import pathlib
import random

import torch

import golden

torch.manual_seed(4)
random.seed(4)
written = {}


def numbers(*sizes):
    return torch.randint(-9, 10, sizes).double()


def case(name, function, *inputs):
    assert name + ".y" not in written, name
    leaves = [x.clone().requires_grad_() if x.is_floating_point() else x for x in inputs]
    y = function(*leaves).double()
    g = torch.randint(-9, 10, y.shape).double()
    if y.requires_grad:
        y.backward(g)
    written.update(golden.differentiated(name, leaves, y, g))


def write(file):
    golden.write(file, written)
    written.clear()


# ---- random index lists ----------------------------------------------------------------------------


def broadcastable(shape):
    """A shape that broadcasts to `shape`, perhaps of fewer dimensions."""
    part = list(shape[random.randint(0, len(shape) - 1):]) if random.random() < 0.4 else list(shape)
    return [1 if random.random() < 0.25 else n for n in part]


def random_index(sizes):
    """A list of (text, index) for a tensor of these sizes."""
    entries, d = [], 0
    lists_shape = [random.choice([1, 2, 3]) for _ in range(random.choice([1, 1, 2]))]
    if random.random() < 0.05:
        lists_shape[0] = 0
    trues = None  # masks have to be as long as each other and as the lists
    while d < len(sizes) and random.random() < 0.9:
        kind = random.choice("isssnelllm b".replace(" ", ""))
        n = sizes[d]
        if kind == "i" and n > 0:
            i = random.randint(-n, n - 1)
            entries.append((f"i{i}", i))
            d += 1
        elif kind == "s":
            start, stop = (random.choice([None, random.randint(-n - 1, n + 1)]) for _ in range(2))
            step = random.choice([1, 1, 2, 3])
            text = lambda b: "" if b is None else str(b)
            entries.append((f"s{text(start)}:{text(stop)}:{step}", slice(start, stop, step)))
            d += 1
        elif kind == "n" and len(entries) < 5:
            entries.append(("n", None))
        elif kind == "b" and random.random() < 0.3:
            value = random.random() < 0.8
            entries.append((f"b{int(value)}", value))
        elif kind == "l" and n > 0:
            shape = broadcastable(lists_shape)
            t = torch.randint(-n, n, shape)
            entries.append((f"l{','.join(map(str, shape))}:{','.join(map(str, t.flatten().tolist()))}", t))
            d += 1
        elif kind == "m":
            k = random.randint(1, min(2, len(sizes) - d))
            shape = sizes[d:d + k]
            t = torch.rand(shape) < 0.5
            if int(t.sum()) not in (1, lists_shape[-1] if trues is None else trues):
                continue
            trues = int(t.sum()) if trues in (None, 1) else trues
            entries.append((f"m{','.join(map(str, shape))}:{','.join(str(int(v)) for v in t.flatten())}", t))
            d += k
    if random.random() < 0.4:
        entries.insert(random.randint(0, len(entries)), ("e", ...))
        # An ellipsis moves what follows it to the last dimensions: that has to fit there.
    return entries


def for_pytorch(entries):
    """PyTorch 1.13 miscounts the dimensions after a mask of several: give it the mask's lists of indices instead."""
    index = []
    for _, i in entries:
        if isinstance(i, torch.Tensor) and i.dtype == torch.bool and i.dim() > 1:
            index += i.nonzero(as_tuple=True)
        else:
            index.append(i)
    return tuple(index)


def upstream(shape):
    return (torch.arange(torch.Size(shape).numel()) % 7 - 3).double().view(shape)


def show(t):
    return ",".join(map(str, t.shape)) + " : " + " ".join(format(v, "g") for v in t.detach().flatten().tolist())


lines = []
kinds = {"views": 0, "lists": 0, "empty": 0}
while len(lines) < 400:
    sizes = [random.choice([1, 2, 2, 3, 3, 4]) for _ in range(random.randint(1, 4))]
    if random.random() < 0.06:
        sizes[random.randrange(len(sizes))] = 0
    x = torch.arange(torch.Size(sizes).numel()).double().view(sizes).requires_grad_()
    entries = random_index(sizes)
    index = for_pytorch(entries)
    try:
        y = (x * 1)[index]
    except (IndexError, RuntimeError):
        continue
    if y.dim() > 6 or y.numel() > 64:
        continue
    views_only = not any(isinstance(i, (bool, torch.Tensor)) for i in index)
    if views_only and kinds["views"] > 60 or y.numel() == 0 and kinds["empty"] > 25:
        continue
    kinds["views" if views_only else "lists"] += 1
    kinds["empty"] += y.numel() == 0
    text = f"{','.join(map(str, sizes))} ; {' '.join(t for t, _ in entries)} ; "
    y.backward(upstream(y.shape))
    lines.append(f"get {text}{show(y)} ; {show(x.grad)}")
    # The same places written to, where none is named twice (PyTorch's gradients are wrong where one is).
    if len(set(y.flatten().tolist())) < y.numel() or random.random() < 0.4:
        continue
    shape = list(y.shape)[random.choice([0, 0, 1, 2]):]
    value = (-1 - torch.arange(torch.Size(shape).numel()).double()).view(shape).requires_grad_()
    x = x.detach().requires_grad_()
    z = x * 1
    z[index] = value
    z.backward(upstream(z.shape))
    gradients = [torch.zeros_like(t) if t.grad is None else t.grad for t in (x, value)]
    lines.append(f"put {text}{show(z)} ; {show(gradients[0])} ; {show(gradients[1])}")
(pathlib.Path(__file__).parent / "indexing.txt").write_text("\n".join(lines) + "\n")

# ---- operations on indices ---------------------------------------------------------------------------

t = torch.tensor
x = lambda: numbers(3, 4)
case("index_add_", lambda a, i, s: a.clone().index_add_(1, i, s, alpha=2), x(), t([3, 0, 3]), numbers(3, 3))
case("index_add_0_dim", lambda a, s: (a * 2).index_add(0, t([0]), s), numbers(), numbers(1))
case("index_copy", lambda a, i, s: a.index_copy(1, i, s), x(), t([2, 0]), numbers(3, 2))
case("index_copy_rows", lambda a, i, s: a.t().index_copy(-2, i, s), x(), t([1]), numbers(1, 3))
case("index_copy_", lambda a, i, s: (a * 1)[1:].t().index_copy_(0, i, s), x(), t([2, 0]), numbers(2, 2))
case("index_copy_0_dim", lambda a, s: a.index_copy(0, t([2]), s), numbers(4), numbers())
case("index_fill", lambda a, i: a.index_fill(1, i, 7), x(), t([-1, 0, -1]))
case("index_fill_", lambda a, i: (a * 1).index_fill_(0, i, -2.5), x(), t([1]))
case("take", lambda a, i: a.t().take(i), x(), t([[0, -1, 5], [11, 5, 5]]))
case("take_0_dim", lambda a, i: a.take(i), x(), t(3))
case("put", lambda a, i, s: a.put(i, s), x(), t([[5, -1], [0, 2]]), numbers(4))
case("put_accumulate", lambda a, i, s: a.put(i, s, accumulate=True), x(), t([[5, -1], [0, 5]]), numbers(2, 2))
case("put_transposed", lambda a, i, s: (a * 1).t().put_(i, s), x(), t([1, 5, -2]), numbers(3))
case("take_along_dim", lambda a, i: torch.take_along_dim(a, i, 1), x(), t([[3, 0], [1, 1], [2, 0]]))
case("take_along_dim_broadcast", lambda a, i: torch.take_along_dim(a, i, 0), numbers(3, 1), t([[0, 2, 1, 1]]))
case("take_along_dim_flat", lambda a, i: torch.take_along_dim(a, i), x(), t([[3, 11]]))
case("gather_3d", lambda a, i: a.gather(-1, i), numbers(2, 2, 3), t([[[2, 0]], [[1, 1]]]))
case("scatter", lambda a, i, s: a.scatter(1, i, s), x(), t([[3, 0], [1, 2]]), numbers(2, 2))
case("scatter_larger_src", lambda a, i, s: a.scatter(0, i, s[:1, :3]), x(), t([[2, 0, 1]]), numbers(2, 4))
case("scatter_value", lambda a, i: a.scatter(1, i, 2.5), x(), t([[3, 3], [1, 2]]))
case("scatter_", lambda a, i, s: (a * 1).t().scatter_(0, i, s), x(), t([[3, 0], [1, 2]]), numbers(2, 2))
case("scatter_value_", lambda a, i: (a * 1).scatter_(0, i, 5), x(), t([[2, 0, 1]]))
case("scatter_add_", lambda a, i, s: (a * 1).scatter_add_(1, i, s), x(), t([[3, 3], [1, 2]]), numbers(2, 2))
case("masked_select", lambda a, m: a.masked_select(m > 0), x(), t([1, 0, 0, 1]))
case("masked_select_larger_mask", lambda a, m: a.masked_select(m > 0), numbers(4), t([[1, 0, 0, 1], [0, 0, 0, 1]]))
case("masked_select_none", lambda a, m: a.masked_select(m > 0), x(), t([0, 0, 0, 0]))
case("masked_scatter", lambda a, m, s: a.masked_scatter(m > 0, s), x(), t([1, 0, 0, 1]), numbers(2, 4))
case("masked_scatter_larger_mask", lambda a, m, s: a.masked_scatter(m > 0, s), numbers(2), t([[1, 0], [1, 1]]), numbers(3))
# Not of a transposed tensor: there PyTorch 1.13 takes the source's elements in the order of the memory.
case("masked_scatter_", lambda a, m, s: (a * 1)[:, 1:].masked_scatter_(m > 0, s), x(), t([1, 0, 1]), numbers(9))
case("nonzero", lambda a, z: a.nonzero() + z, (numbers(3, 4, 2) > 3).long(), numbers())
case("nonzero_none", lambda a, z: a.nonzero() + z, t([[0, 0]]), numbers())
case("nonzero_0_dim", lambda a, z: a.nonzero() + z, t(2), numbers())
case("repeat_interleave_list", lambda a, r: a.repeat_interleave(r, 1), x(), t([2, 0, 3, 1]))
case("repeat_interleave_one", lambda a, r: a.repeat_interleave(r, 0), x(), t([2]))
case("repeat_interleave_list_flat", lambda a, r: a.repeat_interleave(r), numbers(2, 2), t([2, 0, 0, 1]))
case("repeat_interleave_counts", lambda r, z: torch.repeat_interleave(r) + z, t([2, 0, 3, 1]), numbers())
case("one_hot", lambda i, z: torch.nn.functional.one_hot(i) + z, t([[0, 3], [2, 2]]), numbers())
case("one_hot_classes", lambda i, z: torch.nn.functional.one_hot(i, 5) + z, t([1, 0, 4]), numbers())
write("index_ops.txt")

# ---- the same elements elsewhere ---------------------------------------------------------------------

case("flip", lambda a: a.flip(0, -1), numbers(2, 3, 2))
case("fliplr", torch.fliplr, x())
case("flipud", torch.flipud, x())
case("roll", lambda a: a.roll(5), x())
case("roll_dims", lambda a: a.roll((1, -6), (0, -1)), x())
case("roll_twice", lambda a: a.roll((1, 3), (1, 1)), x())
for k in (-1, 0, 1, 2, 7):
    case(f"rot90_{k}", lambda a: a.rot90(k, (2, 0)), numbers(2, 2, 3))
case("repeat", lambda a: a.repeat(2, 1, 3), numbers(2, 2))
case("repeat_transposed", lambda a: a.t().repeat(3, 2), numbers(2, 3))
case("repeat_nothing", lambda a: a.repeat(2, 0), numbers(2, 2))
case("repeat_0_dim", lambda a: a.repeat(2, 2), numbers())
case("tile", lambda a: a.tile(2), numbers(2, 3))
case("tile_more", lambda a: a.tile((2, 1, 2)), numbers(2, 3))
case("repeat_interleave", lambda a: a.repeat_interleave(3, 1), numbers(2, 3, 2))
case("repeat_interleave_flat", lambda a: a.repeat_interleave(2), numbers(2, 3))
for k in (-5, -1, 0, 2, 9):
    case(f"tril_{k}", lambda a: a.tril(k), numbers(2, 3, 4))
    case(f"triu_{k}", lambda a: a.triu(k), numbers(2, 3, 4))
    case(f"diagonal_{k}", lambda a: a.diagonal(k, -1, 0), numbers(3, 2, 4))
for k in (-2, 0, 1):
    case(f"diag_{k}", lambda a: a.diag(k), numbers(3))
    case(f"diag_matrix_{k}", lambda a: a.diag(k), numbers(3, 4))
    case(f"diag_embed_{k}", lambda a: a.diag_embed(k, 0, -2), numbers(2, 3))
case("tril_", lambda a: (a * 1).t().tril_(), x())
case("triu_", lambda a: (a * 1).triu_(1), x())
case("fill_diagonal_", lambda a: (a * 1).fill_diagonal_(5), x())
case("fill_diagonal_wrap", lambda a: (a * 1).fill_diagonal_(5, wrap=True), numbers(8, 3))
case("fill_diagonal_wide", lambda a: (a * 1).t().fill_diagonal_(5, wrap=True), numbers(8, 3))
case("fill_diagonal_cube", lambda a: (a * 1).fill_diagonal_(5), numbers(3, 3, 3))

case("movedim", lambda a: a.movedim((0, -1), (1, 0)) * 1, numbers(2, 3, 4))
case("numpy_T", lambda a: a.permute(2, 1, 0) * 1, numbers(2, 3, 4))
case("mT", lambda a: a.mT * 1, numbers(2, 3, 4))
case("unfold", lambda a: a.unfold(1, 3, 2), numbers(2, 6, 2))
case("unfold_overlapping", lambda a: a.unfold(-2, 3, 1), numbers(2, 5, 2))
case("unfold_apart", lambda a: a.unfold(0, 1, 3), numbers(5))
case("unfold_0_dim", lambda a: a.unfold(0, 1, 1), numbers())
case("split_sizes", lambda a: torch.cat([p * i for i, p in enumerate(a.split([1, 0, 3], 1))], 1), x())
case("tensor_split", lambda a: torch.stack([p.sum() for p in a.tensor_split(3, 1)]), numbers(2, 8))
case("tensor_split_at", lambda a: torch.stack([p.sum() for p in a.tensor_split((1, -2), 1)]), numbers(2, 8))

# In place through the views, and views read after their base has changed.
def through(view):
    """A base and another view of it after the view was multiplied and written to."""
    def changed(a, b):
        base = a * 1
        shown = view(base)
        before = base.flatten()[1:] if base.is_contiguous() else base
        shown.mul_(b)
        base.add_(1)
        return torch.cat([(base * base).flatten(), (shown * shown).flatten(), before.flatten()])
    return changed


case("through_diagonal", through(lambda a: a.diagonal(1, 0, 2)), numbers(3, 2, 4), numbers(2, 3))
case("through_unfold", through(lambda a: a.unfold(0, 2, 2)), numbers(5, 2), numbers(2))
case("through_index", through(lambda a: a[1:, None, ..., -1]), numbers(3, 2, 4), numbers(2))
case("through_movedim", through(lambda a: a.movedim((0, 1), (1, 2))), numbers(2, 3, 2), numbers(3))
case("through_split", through(lambda a: a.narrow(1, 1, 2)), numbers(2, 3), numbers(2, 2))  # PyTorch refuses split here


def overlapping(a):
    base = a * 1
    windows = base.unfold(0, 3, 1)
    base.mul_(3)
    return windows * windows


case("base_of_unfold", overlapping, numbers(5))

case("hstack", lambda a, b: torch.hstack([a, b]), numbers(2, 3), numbers(2, 1))
case("hstack_1d", lambda a, b: torch.hstack([a, b]), numbers(2), numbers())
case("vstack", lambda a, b: torch.vstack([a, b]), numbers(3), numbers(2, 3))
case("dstack", lambda a, b: torch.dstack([a, b]), numbers(2, 3), numbers(2, 3))
case("dstack_1d", lambda a, b: torch.dstack([a, b]), numbers(3), numbers(1, 3, 2))
case("column_stack", lambda a, b, c: torch.column_stack([a, b, c]), numbers(3), numbers(3, 2), numbers(3))
case("column_stack_0_dim", lambda a, b: torch.column_stack([a, b]), numbers(), numbers(1))
case("meshgrid_ij", lambda a, b: torch.cat(torch.meshgrid(a, b, indexing="ij")), numbers(2), numbers(3))
case("meshgrid_xy", lambda a, b, c: torch.cat(torch.meshgrid(a, b, c, indexing="xy")), numbers(2), numbers(3), numbers())
write("rearrange.txt")
