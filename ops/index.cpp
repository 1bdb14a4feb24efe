#include "adjoint/ops/index.h"

#include "adjoint/autograd/record.h"
#include "adjoint/core/parallel.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"

namespace adjoint {
namespace {

using autograd::Grads;
using autograd::Needs;

/// A shape as [outer, n, inner] around dimension `dim`; no dimensions count as [1].
struct Around {
  Around(IntArrayRef sizes, int64_t dim) {
    const auto d = static_cast<std::size_t>(dim);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      (i < d ? outer : i == d ? n : inner) *= sizes[i];
    }
  }
  int64_t outer = 1, n = 1, inner = 1;
};

/// The indices as contiguous int64, each checked to be in [0, size).
Tensor checked_indices(const char* name, const Tensor& index, int64_t size) {
  check(index.scalar_type() == kInt64 || index.scalar_type() == kInt32,
        "{}: indices are int64 or int32, got {}", name, index.scalar_type());
  const Tensor indices = index.detach().to(kInt64).contiguous();
  const int64_t* const values = indices.data_ptr<int64_t>();
  for (int64_t i = 0; i < indices.numel(); ++i) {
    if (values[i] < 0 || values[i] >= size) [[unlikely]] {
      throw IndexError(fmt::format("{}: index {} is out of range for a dimension of size {}", name,
                                   values[i], size));
    }
  }
  return indices;
}

/// self's shape with `count` in place of the size of dimension `dim`.
Dims resized(const Tensor& self, int64_t dim, int64_t count) {
  Dims shape(self.sizes());
  if (!shape.empty()) shape[static_cast<std::size_t>(dim)] = count;
  return shape;
}

void check_index_list(const char* name, const Tensor& self, const Tensor& index) {
  check(index.dim() <= 1, "{}: expected a list of indices, got shape [{}]", name,
        fmt::join(index.sizes(), ", "));
  check(self.dim() > 0 || index.numel() == 1,
        "{}: a tensor without dimensions takes one index, got {}", name, index.numel());
}

/// Like check_index_list, for gather: index of shape `shape` must stay inside of self but in `dim`.
void check_index_grid(const char* name, const Tensor& self, int64_t dim, const Tensor& index) {
  bool fits = std::max<int64_t>(index.dim(), 1) == std::max<int64_t>(self.dim(), 1);
  for (int64_t d = 0; fits && d < std::min(index.dim(), self.dim()); ++d) {
    fits = d == dim || index.size(d) <= self.size(d);
  }
  check(fits || index.numel() == 0,
        "{}: index [{}] does not fit self [{}]: it needs as many dimensions, none larger but "
        "dimension {}",
        name, fmt::join(index.sizes(), ", "), fmt::join(self.sizes(), ", "), dim);
}

/// Calls visit(i, offset) for all elements i of a contiguous `index`, where `offset` is that of the
/// element of the contiguous `self` that it names along `dim`.
template <class F>
void for_each_named(const Tensor& self, int64_t dim, const Tensor& index, const F& visit) {
  const int64_t* const at = index.data_ptr<int64_t>();
  const Dims steps = contiguous_strides(self.sizes());
  const auto d = static_cast<std::size_t>(dim);
  const int64_t step = steps.empty() ? 1 : steps[d];
  const IntArrayRef sizes = index.sizes();
  Dims position(sizes.size(), 0);
  int64_t base = 0;  // the offset of index 0 along dim at this position
  for (int64_t i = 0; i < index.numel(); ++i) {
    visit(i, base + at[i] * step);
    for (std::size_t k = sizes.size(); k-- > 0;) {
      const int64_t stride = k == d || k >= steps.size() ? 0 : steps[k];
      base += stride;
      if (++position[k] < sizes[k]) break;
      base -= stride * sizes[k];
      position[k] = 0;
    }
  }
}

void check_same_dtype(const char* name, const Tensor& self, const Tensor& source) {
  check(self.scalar_type() == source.scalar_type(), "{}: self is {}, but what is added is {}", name,
        self.scalar_type(), source.scalar_type());
}

template <class T>
T sum_of(T a, T b) {
  if constexpr (std::is_same_v<T, bool>) {
    return a | b;
  } else {
    return static_cast<T>(a + b);
  }
}

}  // namespace

Tensor index_select(const Tensor& self, int64_t dim, const Tensor& index) {
  dim = wrap_dim(dim, self.dim());
  check_index_list("index_select", self, index);
  const Around from(self.sizes(), dim);
  const Tensor at = checked_indices("index_select", index, from.n);
  const Tensor x = self.detach().contiguous();
  Tensor y = empty(resized(self, dim, at.numel()), self.options());
  const auto bytes = static_cast<std::size_t>(from.inner * self.element_size());
  if (y.numel() > 0) {
    const auto* const source = static_cast<const std::byte*>(x.data_ptr());
    auto* const target = static_cast<std::byte*>(y.data_ptr());
    const int64_t* const indices = at.data_ptr<int64_t>();
    const int64_t count = at.numel();
    parallel_for(0, from.outer * count, std::max<int64_t>(1, 32768 / from.inner),
                 [=, n = from.n](int64_t begin, int64_t end) {
                   for (int64_t i = begin; i < end; ++i) {
                     const auto slice =
                         static_cast<std::size_t>(i / count * n + indices[i % count]);
                     std::copy_n(source + slice * bytes, bytes,
                                 target + static_cast<std::size_t>(i) * bytes);
                   }
                 });
  }
  return autograd::record(
      "index_select", y, {self},
      [dim, sizes = Dims(self.sizes()), at = autograd::save(at)](const Tensor& g) {
        return Grads{index_add(zeros(sizes, g.options()), dim, at.get(), g)};
      });
}

Tensor index_add(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& source,
                 const Scalar& alpha) {
  dim = wrap_dim(dim, self.dim());
  check_index_list("index_add", self, index);
  check_same_dtype("index_add", self, source);
  const Around to(self.sizes(), dim);
  const Tensor at = checked_indices("index_add", index, to.n);
  check(source.sizes() == IntArrayRef(resized(self, dim, at.numel())) ||
            (self.dim() == 0 && source.numel() == 1),
        "index_add: {} indices into dimension {} of [{}] expect a source of shape [{}], got [{}]",
        at.numel(), dim, fmt::join(self.sizes(), ", "),
        fmt::join(IntArrayRef(resized(self, dim, at.numel())), ", "),
        fmt::join(source.sizes(), ", "));
  if (!(alpha == 1)) return index_add(self, dim, index, source * alpha);
  const Tensor added = source.detach().contiguous();
  Tensor y = empty(self.sizes(), self.options());
  y.copy_(self.detach());
  dispatch(self.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const T* const from = added.data_ptr<T>();
    T* const target = y.data_ptr<T>();
    const int64_t* const indices = at.data_ptr<int64_t>();
    const int64_t count = at.numel(), n = to.n, inner = to.inner;
    // In parallel over what no two indices share.
    parallel_for(0, to.outer, std::max<int64_t>(1, 32768 / std::max<int64_t>(1, count * inner)),
                 [=](int64_t begin, int64_t end) {
                   for (int64_t i = begin * count; i < end * count; ++i) {
                     T* const slice = target + (i / count * n + indices[i % count]) * inner;
                     for (int64_t j = 0; j < inner; ++j) {
                       slice[j] = sum_of(slice[j], from[i * inner + j]);
                     }
                   }
                 });
  });
  return autograd::record(
      "index_add", y, {self, source},
      [dim, at = autograd::save(at), sizes = Dims(source.sizes())](const Tensor& g, Needs needs) {
        return Grads{g, needs[1] ? index_select(g, dim, at.get()).view(sizes) : Tensor()};
      });
}

Tensor gather(const Tensor& self, int64_t dim, const Tensor& index) {
  dim = wrap_dim(dim, self.dim());
  check_index_grid("gather", self, dim, index);
  const Tensor at = checked_indices("gather", index, Around(self.sizes(), dim).n);
  const Tensor x = self.detach().contiguous();
  Tensor y = empty(index.sizes(), self.options());
  dispatch(self.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const T* const from = x.data_ptr<T>();
    T* const to = y.data_ptr<T>();
    for_each_named(x, dim, at, [=](int64_t i, int64_t offset) { to[i] = from[offset]; });
  });
  return autograd::record(
      "gather", y, {self},
      [dim, sizes = Dims(self.sizes()), at = autograd::save(at)](const Tensor& g) {
        return Grads{scatter_add(zeros(sizes, g.options()), dim, at.get(), g)};
      });
}

Tensor scatter_add(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src) {
  dim = wrap_dim(dim, self.dim());
  check_index_grid("scatter_add", self, dim, index);
  check_same_dtype("scatter_add", self, src);
  bool fits = std::max<int64_t>(index.dim(), 1) == std::max<int64_t>(src.dim(), 1);
  for (int64_t d = 0; fits && d < std::min(index.dim(), src.dim()); ++d) {
    fits = index.size(d) <= src.size(d);
  }
  check(fits || index.numel() == 0, "scatter_add: index [{}] does not fit into src [{}]",
        fmt::join(index.sizes(), ", "), fmt::join(src.sizes(), ", "));
  if (src.sizes() != index.sizes()) {  // only the elements that have an index are added
    Tensor part = src;
    for (int64_t d = 0; d < std::min(index.dim(), src.dim()); ++d) {
      part = part.narrow(d, 0, index.size(d));
    }
    return scatter_add(self, dim, index, part.reshape(index.sizes()));
  }
  const Tensor at = checked_indices("scatter_add", index, Around(self.sizes(), dim).n);
  const Tensor added = src.detach().contiguous();
  Tensor y = empty(self.sizes(), self.options());
  y.copy_(self.detach());
  dispatch(self.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const T* const from = added.data_ptr<T>();
    T* const to = y.data_ptr<T>();
    for_each_named(y, dim, at,
                   [=](int64_t i, int64_t offset) { to[offset] = sum_of(to[offset], from[i]); });
  });
  return autograd::record("scatter_add", y, {self, src},
                          [dim, at = autograd::save(at)](const Tensor& g, Needs needs) {
                            return Grads{g, needs[1] ? gather(g, dim, at.get()) : Tensor()};
                          });
}

Tensor Tensor::index_select(int64_t dim, const Tensor& index) const {
  return adjoint::index_select(*this, dim, index);
}
Tensor Tensor::index_add(int64_t dim, const Tensor& index, const Tensor& source,
                         const Scalar& alpha) const {
  return adjoint::index_add(*this, dim, index, source, alpha);
}
Tensor Tensor::gather(int64_t dim, const Tensor& index) const {
  return adjoint::gather(*this, dim, index);
}
Tensor Tensor::scatter_add(int64_t dim, const Tensor& index, const Tensor& src) const {
  return adjoint::scatter_add(*this, dim, index, src);
}

}  // namespace adjoint
