// Single elements at indices: along one dimension (gather, scatter), or of the flattened tensor.

#include <atomic>

#include <fmt/ranges.h>

#include "adjoint/core/parallel.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/index.h"
#include "adjoint/ops/indices.h"

namespace adjoint {
namespace {

using autograd::Grads;
using autograd::Needs;
using autograd::needs_recording;
using autograd::record;
using autograd::save;
using indices::Negative;

constexpr int64_t kGrain = 32768;  // elements that a thread takes at a time

/// Throws Error unless an index of this shape stays inside of self in all dimensions but `dim`.
void check_grid(const char* name, const Tensor& self, int64_t dim, const Tensor& index) {
  bool fits = std::max<int64_t>(index.dim(), 1) == std::max<int64_t>(self.dim(), 1);
  for (int64_t d = 0; fits && d < std::min(index.dim(), self.dim()); ++d) {
    fits = d == dim || index.size(d) <= self.size(d);
  }
  check(fits || index.numel() == 0,
        "{}: index [{}] does not fit self [{}]: it needs as many dimensions, none larger but "
        "dimension {}",
        name, fmt::join(index.sizes(), ", "), fmt::join(self.sizes(), ", "), dim);
}

/// An index tensor for dimension `dim` of self. Its indices are checked as they are used: a pass of
/// its own over 4 million of them took 15 to 25% of an operation.
struct Grid {
  Grid(const char* name, const Tensor& self, int64_t dimension, const Tensor& index)
      : name(name),
        dim(wrap_dim(name, dimension, self.dim())),
        size(indices::Around(self.sizes(), dim).n) {
    check_grid(name, self, dim, index);
    at = indices::readable(indices::as_int64(name, index), self);
  }

  /// Throws IndexError if an index is out of range.
  void check_range() const { indices::checked(name, at, size); }

  /// src, cut to the index's shape. Throws Error unless it is of self's dtype and large enough.
  Tensor part_of(const char* name, const Tensor& self, const Tensor& src) const {
    indices::check_same_dtype(name, self, src);
    bool fits = std::max<int64_t>(at.dim(), 1) == std::max<int64_t>(src.dim(), 1);
    for (int64_t d = 0; fits && d < std::min(at.dim(), src.dim()); ++d) {
      fits = at.size(d) <= src.size(d);
    }
    check(fits || at.numel() == 0, "{}: index [{}] does not fit into src [{}]", name,
          fmt::join(at.sizes(), ", "), fmt::join(src.sizes(), ", "));
    if (src.sizes() == at.sizes()) return src;
    if (at.numel() == 0) return src.reshape(-1).narrow(0, 0, 0).view(at.sizes());
    Tensor part = src;
    for (int64_t d = 0; d < std::min(at.dim(), src.dim()); ++d) {
      part = part.narrow(d, 0, at.size(d));
    }
    return part.reshape(at.sizes());
  }

  const char* name;
  int64_t dim, size;  ///< the dimension, and self's size there
  Tensor at;          ///< the indices, contiguous int64
};

/// Whether elements of the index that may name one place have to be visited in their order.
enum class Order { kAny, kKept };

/// Calls visit(i, offset) for all elements i of the index, where `offset` is that of the element
/// that it names in a contiguous tensor of these sizes. Those that may name one element come one
/// after the other, as they stand in the index, unless any order will do: it is in parallel over
/// another dimension than that of the indices. Throws IndexError if an index is out of range; some
/// elements may have been visited by then. `data` is the tensor's, if it is read or written.
template <class T, class F>
void for_each_named(Order order, IntArrayRef self_sizes, const Grid& grid, const T* data,
                    const F& visit) {
  if (grid.at.numel() == 0) return;
  const int64_t* const at = grid.at.data_ptr<int64_t>();
  const Dims steps = contiguous_strides(self_sizes);
  const auto d = static_cast<std::size_t>(grid.dim);
  const int64_t step = steps.empty() ? 1 : steps[d];
  // The position in the index moves on in self too, but not along dim; no dimensions count as [1].
  const Dims sizes = grid.at.dim() == 0 ? Dims{1} : Dims(grid.at.sizes());
  const Dims index_strides = contiguous_strides(sizes);
  Dims strides(sizes.size(), 0);
  for (std::size_t k = 0; k < std::min(sizes.size(), steps.size()); ++k) {
    if (k != d) strides[k] = steps[k];
  }
  const std::size_t last = sizes.size() - 1;

  std::size_t cut = 0;  // the dimension that is cut into pieces
  while (cut < last && (cut == d || sizes[cut] == 1)) ++cut;
  const bool whole = cut == d && order == Order::kKept;
  // A cut row makes pieces of whole cache lines.
  const int64_t each =
      std::max<int64_t>(cut == last ? 16 : 1, kGrain / (grid.at.numel() / sizes[cut]));
  // Rows that most indices of a row are for, and that fit into the first-level cache, are fetched
  // while the row before is visited: in the order of random indices the processor foresees nothing,
  // and takes 20% longer.
  constexpr int64_t kLine = 64 / sizeof(T), kLongest = 512 * kLine;
  const bool along_rows = strides[last] == 0 && step == 1;
  const bool fetched =
      data != nullptr && along_rows && grid.size <= kLongest && grid.size <= 2 * sizes[last];
  std::atomic<bool> valid = true;
  parallel_for(0, sizes[cut], whole ? sizes[cut] : each, [&](int64_t begin, int64_t end) {
    Dims part(sizes), position(sizes.size(), 0);
    part[cut] = end - begin;
    const int64_t width = part[last], next = strides[last];
    int64_t i = begin * index_strides[cut];  // where this row of the index begins
    int64_t base = begin * strides[cut];     // the offset of index 0 along dim at this position
    const int64_t count = grid.at.numel() / sizes[cut] * part[cut];

    // The part's indices are checked before it is visited; they stay in the cache.
    const int64_t run = part[cut] * index_strides[cut], period = sizes[cut] * index_strides[cut];
    for (int64_t k = 0; k < count / run; ++k) {
      if (!indices::in_range(at + i + k * period, run, grid.size)) {
        valid.store(false, std::memory_order_relaxed);
        return;
      }
    }
    for (int64_t row = 0; row < count / width; ++row) {
      const int64_t from = i, origin = base;
      for (std::size_t k = last; k-- > 0;) {
        i += index_strides[k];
        base += strides[k];
        if (++position[k] < part[k]) break;
        i -= index_strides[k] * part[k];
        base -= strides[k] * part[k];
        position[k] = 0;
      }
      if (fetched) {
        for (int64_t j = 0; j < grid.size; j += kLine) __builtin_prefetch(data + base + j);
      }
      if (along_rows) {
        for (int64_t j = from; j < from + width; ++j) visit(j, origin + at[j]);
      } else {
        for (int64_t j = 0; j < width; ++j)
          visit(from + j, origin + j * next + at[from + j] * step);
      }
    }
  });
  if (!valid) grid.check_range();
}

/// target's elements = f(target's, source's) where the index names them.
template <class F>
void combine_named(const Tensor& target, const Grid& grid, const Tensor& source, F f) {
  const Tensor values = indices::readable(source, target);
  dispatch(target.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const T* const from = values.data_ptr<T>();
    T* const to = target.data_ptr<T>();
    for_each_named(Order::kKept, target.sizes(), grid, to,
                   [=](int64_t i, int64_t offset) { to[offset] = f(to[offset], from[i]); });
  });
}

void add_named(const Tensor& target, const Grid& grid, const Tensor& source) {
  combine_named(target, grid, source,
                []<class T>(T a, T b) { return kernels::wrapping_sum(a, b); });
}

void copy_named(const Tensor& target, const Grid& grid, const Tensor& source) {
  combine_named(target, grid, source, []<class T>(T, T b) { return b; });
}

void fill_named(const Tensor& target, const Grid& grid, const Scalar& value) {
  dispatch(target.scalar_type(), [&]<class T>(std::type_identity<T>) {
    T* const to = target.data_ptr<T>();
    const T filling = kernels::stored_scalar<T>(value);
    for_each_named(Order::kKept, target.sizes(), grid, to,
                   [=](int64_t, int64_t offset) { to[offset] = filling; });
  });
}

/// Which of the elements that scatter writes another one overwrites later; undefined if none.
Tensor overwritten(IntArrayRef self_sizes, const Grid& grid) {
  const Tensor places = empty(grid.at.sizes(), kInt64);
  int64_t* const offsets = places.data_ptr<int64_t>();
  for_each_named(Order::kAny, self_sizes, grid, static_cast<const char*>(nullptr),
                 [=](int64_t i, int64_t offset) { offsets[i] = offset; });
  return indices::overwritten(places, numel(self_sizes));
}

}  // namespace

// ---- along a dimension --------------------------------------------------------------------------

Tensor gather(const Tensor& self, int64_t dim, const Tensor& index) {
  const Grid grid("gather", self, dim, index);
  const Tensor x = self.detach().contiguous();
  Tensor y = empty(index.sizes(), self.scalar_type());
  dispatch(self.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const T* const from = x.data_ptr<T>();
    T* const to = y.data_ptr<T>();
    for_each_named(Order::kAny, x.sizes(), grid, from,
                   [=](int64_t i, int64_t offset) { to[i] = from[offset]; });
  });
  if (!needs_recording({self})) return y;
  return record("gather", y, {self},
                [dim = grid.dim, sizes = Dims(self.sizes()), at = save(grid.at)](const Tensor& g) {
                  return Grads{scatter_add(zeros(sizes, g.options()), dim, at.get(), g)};
                });
}

Tensor take_along_dim(const Tensor& self, const Tensor& indices, std::optional<int64_t> dim) {
  if (!dim.has_value()) return gather(self.reshape(-1), 0, indices.reshape(-1));
  check(self.dim() == indices.dim(),
        "take_along_dim: expected indices of as many dimensions as self, [{}], got [{}]",
        fmt::join(self.sizes(), ", "), fmt::join(indices.sizes(), ", "));
  const int64_t d = wrap_dim("take_along_dim", *dim, self.dim());
  if (self.dim() == 0) return gather(self, 0, indices);
  Dims of_self(self.sizes()), of_indices(indices.sizes());
  of_self[static_cast<std::size_t>(d)] = of_indices[static_cast<std::size_t>(d)] = 1;
  Dims common = broadcast_shapes(of_self, of_indices, "take_along_dim");
  common[static_cast<std::size_t>(d)] = self.size(d);
  const Tensor x = self.expand(common);
  common[static_cast<std::size_t>(d)] = indices.size(d);
  return gather(x, d, indices.expand(common));
}

Tensor scatter(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src) {
  const Grid grid("scatter", self, dim, index);
  const Tensor part = grid.part_of("scatter", self, src);
  Tensor y = indices::changed(self, [&](const Tensor& made) { copy_named(made, grid, part); });
  if (!needs_recording({self, part})) return y;
  const Tensor lost = part.requires_grad() ? overwritten(self.sizes(), grid) : Tensor();
  return record("scatter", y, {self, part},
                [dim = grid.dim, at = save(grid.at), lost](const Tensor& g, Needs needs) {
                  Grads grads(2);
                  if (needs[0]) grads[0] = scatter(g, dim, at.get(), 0);
                  if (needs[1]) grads[1] = gather(g, dim, at.get());
                  if (needs[1] && lost.defined()) grads[1] = grads[1].masked_fill(lost, 0);
                  return grads;
                });
}

Tensor scatter(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value) {
  const Grid grid("scatter", self, dim, index);
  Tensor y = indices::changed(self, [&](const Tensor& made) { fill_named(made, grid, value); });
  if (!needs_recording({self})) return y;
  return record("scatter_value", y, {self}, [dim = grid.dim, at = save(grid.at)](const Tensor& g) {
    return Grads{scatter(g, dim, at.get(), 0)};
  });
}

Tensor& Tensor::scatter_(int64_t dim, const Tensor& index, const Tensor& src) const {
  const Grid grid("scatter_", *this, dim, index);
  grid.check_range();  // before anything is written
  const Tensor part = grid.part_of("scatter_", *this, src);
  return indices::change(
      "scatter_", *this, part, [&](const Tensor& out) { copy_named(out, grid, part); },
      [&] { return scatter(dim, index, part); });
}

Tensor& Tensor::scatter_(int64_t dim, const Tensor& index, const Scalar& value) const {
  const Grid grid("scatter_", *this, dim, index);
  grid.check_range();  // before anything is written
  return indices::change(
      "scatter_", *this, *this, [&](const Tensor& out) { fill_named(out, grid, value); },
      [&] { return scatter(dim, index, value); });
}

Tensor scatter_add(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src) {
  const Grid grid("scatter_add", self, dim, index);
  const Tensor part = grid.part_of("scatter_add", self, src);
  Tensor y = indices::changed(self, [&](const Tensor& made) { add_named(made, grid, part); });
  if (!needs_recording({self, part})) return y;
  return record("scatter_add", y, {self, part},
                [dim = grid.dim, at = save(grid.at)](const Tensor& g, Needs needs) {
                  return Grads{g, needs[1] ? gather(g, dim, at.get()) : Tensor()};
                });
}

Tensor& Tensor::scatter_add_(int64_t dim, const Tensor& index, const Tensor& src) const {
  const Grid grid("scatter_add_", *this, dim, index);
  grid.check_range();
  const Tensor part = grid.part_of("scatter_add_", *this, src);
  return indices::change(
      "scatter_add_", *this, part, [&](const Tensor& out) { add_named(out, grid, part); },
      [&] { return scatter_add(dim, index, part); });
}

// ---- of the flattened tensor --------------------------------------------------------------------

Tensor take(const Tensor& self, const Tensor& index) {
  const Tensor at = indices::checked("take", index, self.numel(), Negative::kFromTheEnd);
  return index_select(self.reshape(-1), 0, at.view(-1)).view(index.sizes());
}

Tensor put(const Tensor& self, const Tensor& index, const Tensor& source, bool accumulate) {
  return self.clone().put_(index, source, accumulate);
}

Tensor& Tensor::put_(const Tensor& index, const Tensor& source, bool accumulate) const {
  check(index.numel() == source.numel(),
        "put_: expected as many source elements as indices, got [{}] and [{}]",
        fmt::join(source.sizes(), ", "), fmt::join(index.sizes(), ", "));
  indices::check_same_dtype("put_", *this, source);
  const Tensor at = indices::checked("put_", index, numel(), Negative::kFromTheEnd).view(-1);
  const Tensor values = source.reshape(-1);
  if (is_contiguous()) {
    const Tensor flat = view(-1);
    accumulate ? flat.index_add_(0, at, values) : flat.index_copy_(0, at, values);
  } else {
    const Tensor flat = reshape(-1);
    copy_((accumulate ? flat.index_add(0, at, values) : flat.index_copy(0, at, values))
              .view(sizes()));
  }
  return const_cast<Tensor&>(*this);
}

// ---- methods ------------------------------------------------------------------------------------

Tensor Tensor::gather(int64_t dim, const Tensor& index) const {
  return adjoint::gather(*this, dim, index);
}
Tensor Tensor::take_along_dim(const Tensor& indices, std::optional<int64_t> dim) const {
  return adjoint::take_along_dim(*this, indices, dim);
}
Tensor Tensor::scatter(int64_t dim, const Tensor& index, const Tensor& src) const {
  return adjoint::scatter(*this, dim, index, src);
}
Tensor Tensor::scatter(int64_t dim, const Tensor& index, const Scalar& value) const {
  return adjoint::scatter(*this, dim, index, value);
}
Tensor Tensor::scatter_add(int64_t dim, const Tensor& index, const Tensor& src) const {
  return adjoint::scatter_add(*this, dim, index, src);
}
Tensor Tensor::put(const Tensor& index, const Tensor& source, bool accumulate) const {
  return adjoint::put(*this, index, source, accumulate);
}
Tensor Tensor::take(const Tensor& index) const { return adjoint::take(*this, index); }

}  // namespace adjoint
