#include "adjoint/ops/index.h"

#include <fmt/ranges.h>

#include "adjoint/core/parallel.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/indices.h"

// A list of indices along one dimension: what is read, written or added are slices of self.

namespace adjoint {
namespace {

using autograd::Grads;
using autograd::Needs;
using autograd::needs_recording;
using autograd::record;
using autograd::save;
using indices::Around;
using indices::Negative;

constexpr int64_t kGrain = 32768;  // elements that a thread takes at a time

/// The slices of a tensor along `dim` that a list of indices names.
struct Slices {
  Slices(const char* name, const Tensor& self, int64_t dimension, const Tensor& index,
         Negative negative = Negative::kRefused)
      : dim(wrap_dim(name, dimension, self.dim())), whole(self.sizes(), dim), shape(self.sizes()) {
    check(index.dim() <= 1, "{}: expected a list of indices, got shape [{}]", name,
          fmt::join(index.sizes(), ", "));
    check(self.dim() > 0 || index.numel() == 1,
          "{}: a tensor without dimensions takes one index, got {}", name, index.numel());
    at = indices::readable(indices::checked(name, index, whole.n, negative), self);
    if (!shape.empty()) shape[static_cast<std::size_t>(dim)] = at.numel();
  }

  /// Throws Error unless `source` holds as many slices of self; one slice of one element may come
  /// without dimensions.
  void check_source(const char* name, const Tensor& self, const Tensor& source) const {
    indices::check_same_dtype(name, self, source);
    check(source.sizes() == IntArrayRef(shape) || (self.dim() == 0 && source.numel() == 1) ||
              (source.dim() == 0 && numel(shape) == 1),
          "{}: {} indices into dimension {} of [{}] expect a source of shape [{}], got [{}]", name,
          at.numel(), dim, fmt::join(self.sizes(), ", "), fmt::join(IntArrayRef(shape), ", "),
          fmt::join(source.sizes(), ", "));
  }

  int64_t dim;
  Around whole;
  Tensor at;
  Dims shape;  ///< self's, with as many slices as there are indices
};

/// Calls visit(slice, i) for each slice that is named, in order, where i counts the slices of the
/// source. In parallel over what no two indices share.
template <class T, class Visit>
void for_each_slice(const Tensor& contiguous, const Slices& slices, const Visit& visit) {
  T* const first = contiguous.data_ptr<T>();
  const int64_t* const at = slices.at.data_ptr<int64_t>();
  const auto [outer, n, inner] = slices.whole;
  const int64_t count = slices.at.numel();
  if (count * inner == 0) return;
  parallel_for(0, outer, std::max<int64_t>(1, kGrain / (count * inner)),
               [=, &visit, n = n, inner = inner](int64_t begin, int64_t end) {
                 for (int64_t o = begin; o < end; ++o) {
                   for (int64_t i = 0; i < count; ++i) {
                     visit(first + (o * n + at[i]) * inner, o * count + i);
                   }
                 }
               });
}

/// target's slices = f(target's, source's), element by element.
template <class F>
void combine_slices(const Tensor& target, const Slices& slices, const Tensor& source, F f) {
  const Tensor added = indices::readable(source, target);
  dispatch(target.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const T* const from = added.data_ptr<T>();
    for_each_slice<T>(target, slices, [=, inner = slices.whole.inner](T* slice, int64_t i) {
      for (int64_t j = 0; j < inner; ++j) slice[j] = f(slice[j], from[i * inner + j]);
    });
  });
}

void add_slices(const Tensor& target, const Slices& slices, const Tensor& source) {
  combine_slices(target, slices, source,
                 []<class T>(T a, T b) { return kernels::wrapping_sum(a, b); });
}

void copy_slices(const Tensor& target, const Slices& slices, const Tensor& source) {
  combine_slices(target, slices, source, []<class T>(T, T b) { return b; });
}

void fill_slices(const Tensor& target, const Slices& slices, const Scalar& value) {
  dispatch(target.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const T filling = kernels::stored_scalar<T>(value);
    for_each_slice<T>(target, slices, [=, inner = slices.whole.inner](T* slice, int64_t) {
      std::fill_n(slice, inner, filling);
    });
  });
}

}  // namespace

Tensor index_select(const Tensor& self, int64_t dim, const Tensor& index) {
  const Slices slices("index_select", self, dim, index);
  const Tensor x = self.detach().contiguous();
  Tensor y = empty(slices.shape, self.scalar_type());
  dispatch(self.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const T* const from = x.data_ptr<T>();
    T* const to = y.data_ptr<T>();
    const int64_t* const at = slices.at.data_ptr<int64_t>();
    const auto [outer, n, inner] = slices.whole;
    const int64_t count = slices.at.numel();
    if (count * inner == 0) return;
    if (inner == 1) {
      parallel_for(0, outer, std::max<int64_t>(1, kGrain / count),
                   [=, n = n](int64_t begin, int64_t end) {
                     for (int64_t o = begin; o < end; ++o) {
                       for (int64_t k = 0; k < count; ++k) to[o * count + k] = from[o * n + at[k]];
                     }
                   });
      return;
    }
    parallel_for(0, outer * count, std::max<int64_t>(1, kGrain / inner),
                 [=, n = n, inner = inner](int64_t begin, int64_t end) {
                   for (int64_t i = begin; i < end; ++i) {
                     const int64_t slice = i / count * n + at[i % count];
                     std::copy_n(from + slice * inner, inner, to + i * inner);
                   }
                 });
  });
  if (!needs_recording({self})) return y;
  return record(
      "index_select", y, {self},
      [dim = slices.dim, sizes = Dims(self.sizes()), at = save(slices.at)](const Tensor& g) {
        return Grads{index_add(zeros(sizes, g.options()), dim, at.get(), g)};
      });
}

Tensor index_add(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source,
                 const Scalar& alpha) {
  const Slices slices("index_add", self, dim, index);
  slices.check_source("index_add", self, source);
  if (!(alpha == 1)) return index_add(self, dim, index, source.mul(alpha));
  Tensor y = indices::changed(self, [&](const Tensor& made) { add_slices(made, slices, source); });
  if (!needs_recording({self, source})) return y;
  return record("index_add", y, {self, source},
                [dim = slices.dim, at = save(slices.at), sizes = Dims(source.sizes())](
                    const Tensor& g, Needs needs) {
                  return Grads{g, needs[1] ? index_select(g, dim, at.get()).view(sizes) : Tensor()};
                });
}

Tensor& Tensor::index_add_(int64_t dim, const Tensor& index, const Tensor& source,
                           const Scalar& alpha) const {
  const Slices slices("index_add_", *this, dim, index);
  slices.check_source("index_add_", *this, source);
  if (!(alpha == 1)) return index_add_(dim, index, source.mul(alpha));
  return indices::change(
      "index_add_", *this, source, [&](const Tensor& out) { add_slices(out, slices, source); },
      [&] { return index_add(dim, index, source); });
}

Tensor index_copy(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source) {
  const Slices slices("index_copy", self, dim, index);
  slices.check_source("index_copy", self, source);
  Tensor y = indices::changed(self, [&](const Tensor& made) { copy_slices(made, slices, source); });
  if (!needs_recording({self, source})) return y;
  // The numbers of the slices in which those that stay in the end are, if not all do.
  const Tensor lost =
      source.requires_grad() ? indices::overwritten(slices.at, slices.whole.n) : Tensor();
  return record("index_copy", y, {self, source},
                [dim = slices.dim, at = save(slices.at), lost, sizes = Dims(source.sizes())](
                    const Tensor& g, Needs needs) {
                  Grads grads(2);
                  if (needs[0]) grads[0] = index_fill(g, dim, at.get(), 0);
                  if (needs[1]) {
                    Tensor slices_of_g = index_select(g, dim, at.get());
                    if (lost.defined()) {
                      slices_of_g = index_fill(slices_of_g, dim, nonzero(lost).view(-1), 0);
                    }
                    grads[1] = slices_of_g.view(sizes);
                  }
                  return grads;
                });
}

Tensor& Tensor::index_copy_(int64_t dim, const Tensor& index, const Tensor& source) const {
  const Slices slices("index_copy_", *this, dim, index);
  slices.check_source("index_copy_", *this, source);
  return indices::change(
      "index_copy_", *this, source, [&](const Tensor& out) { copy_slices(out, slices, source); },
      [&] { return index_copy(dim, index, source); });
}

Tensor index_fill(const Tensor& self, int64_t dim, const Tensor& index, const Scalar& value) {
  const Slices slices("index_fill", self, dim, index, Negative::kFromTheEnd);
  Tensor y = indices::changed(self, [&](const Tensor& made) { fill_slices(made, slices, value); });
  if (!needs_recording({self})) return y;
  return record("index_fill", y, {self}, [dim = slices.dim, at = save(slices.at)](const Tensor& g) {
    return Grads{index_fill(g, dim, at.get(), 0)};
  });
}

Tensor& Tensor::index_fill_(int64_t dim, const Tensor& index, const Scalar& value) const {
  const Slices slices("index_fill_", *this, dim, index, Negative::kFromTheEnd);
  return indices::change(
      "index_fill_", *this, *this, [&](const Tensor& out) { fill_slices(out, slices, value); },
      [&] { return index_fill(dim, index, value); });
}

Tensor Tensor::index_select(int64_t dim, const Tensor& index) const {
  return adjoint::index_select(*this, dim, index);
}
Tensor Tensor::index_add(int64_t dim, const Tensor& index, const Tensor& source,
                         const Scalar& alpha) const {
  return adjoint::index_add(*this, dim, index, source, alpha);
}
Tensor Tensor::index_copy(int64_t dim, const Tensor& index, const Tensor& source) const {
  return adjoint::index_copy(*this, dim, index, source);
}
Tensor Tensor::index_fill(int64_t dim, const Tensor& index, const Scalar& value) const {
  return adjoint::index_fill(*this, dim, index, value);
}

}  // namespace adjoint
