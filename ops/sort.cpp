#include "adjoint/ops/sort.h"

#include <algorithm>
#include <limits>

#include <fmt/ranges.h>

#include "adjoint/autograd/record.h"
#include "adjoint/core/allocator.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/index.h"
#include "adjoint/ops/kernels/lines.h"

namespace adjoint {

using autograd::Grads;

namespace {

/// An element with the index that it had along its line.
template <class T>
struct Entry {
  T value;
  int64_t index;
};

/// The order of a stable sort: NaN above all numbers, equals by their index.
struct Before {
  bool descending;

  template <class T>
  bool operator()(const Entry<T>& a, const Entry<T>& b) const {
    const T x = descending ? b.value : a.value, y = descending ? a.value : b.value;
    if (x < y || (y != y && x == x)) return true;
    if (y < x || (x != x && y == y)) return false;
    return a.index < b.index;
  }
};

/// Values and indices of the m elements along dim that arrange(begin, end) brings to the beginning
/// of each line's entries. Gradients go where the values came from.
template <class Arrange>
std::tuple<Tensor, Tensor> arranged(const char* name, const Tensor& x, int64_t dim, int64_t m,
                                    Arrange arrange) {
  if (x.dim() == 0) {
    const auto [values, indices] = arranged(name, x.view(Dims{1}), 0, m, arrange);
    return {values.view(m == 1 ? IntArrayRef() : IntArrayRef(m)),
            indices.view(m == 1 ? IntArrayRef() : IntArrayRef(m))};
  }
  Dims shape(x.sizes());
  shape[static_cast<std::size_t>(dim)] = m;
  Tensor values = empty(shape, x.scalar_type()), indices = empty(shape, kInt64);
  if (values.numel() > 0) {
    const NoGradGuard unrecorded;
    const Tensor in = x.contiguous();
    const kernels::Lines from(in.sizes(), dim), to(shape, dim);
    dispatch(x.scalar_type(), [&]<class T>(std::type_identity<T>) {
      const T* const source = in.data_ptr<T>();
      T* const value = values.data_ptr<T>();
      int64_t* const index = indices.data_ptr<int64_t>();
      const int64_t grain = std::max<int64_t>(1, kernels::kLineGrain / 8 / from.n);
      parallel_for(0, from.count(), grain, [&](int64_t begin, int64_t end) {
        const Scratch<Entry<T>> entries(static_cast<std::size_t>(from.n));
        for (int64_t line = begin; line < end; ++line) {
          const T* const first = source + from.begin(line);
          for (int64_t i = 0; i < from.n; ++i) {
            entries[static_cast<std::size_t>(i)] = {first[i * from.inner], i};
          }
          arrange(entries.get(), entries.get() + from.n);
          for (int64_t i = 0; i < m; ++i) {
            const int64_t at = to.begin(line) + i * to.inner;
            value[at] = entries[static_cast<std::size_t>(i)].value;
            index[at] = entries[static_cast<std::size_t>(i)].index;
          }
        }
      });
    });
  }
  values = autograd::record(
      name, values, {x},
      [dim, sizes = Dims(x.sizes()), index = autograd::save(indices)](const Tensor& g) {
        return Grads{scatter_add(zeros(sizes, g.options()), dim, index.get(), g)};
      });
  return {values, indices};
}

/// Both without the dimension of size 1 that was reduced, unless it is kept.
std::tuple<Tensor, Tensor> reduced(const std::tuple<Tensor, Tensor>& both, int64_t dim,
                                   bool keepdim) {
  const auto& [values, indices] = both;
  if (keepdim || values.dim() == 0) return both;
  return {values.squeeze(dim), indices.squeeze(dim)};
}

int64_t size_along(const Tensor& x, int64_t dim) { return x.dim() == 0 ? 1 : x.size(dim); }

void check_ordered(const char* name, const Tensor& x) {
  check(x.scalar_type() != kBool, "{}: bools have no order; convert them with x.to(torch::kUInt8)",
        name);
}

}  // namespace

std::tuple<Tensor, Tensor> sort(const Tensor& x, std::optional<bool> /*stable*/, int64_t dim,
                                bool descending) {
  dim = wrap_dim("sort", dim, x.dim());
  return arranged("sort", x, dim, size_along(x, dim), [descending](auto* begin, auto* end) {
    std::sort(begin, end, Before{descending});
  });
}

std::tuple<Tensor, Tensor> sort(const Tensor& x, int64_t dim, bool descending) {
  return sort(x, std::optional<bool>(), dim, descending);
}

Tensor argsort(const Tensor& x, int64_t dim, bool descending) {
  return std::get<1>(sort(x.detach(), wrap_dim("argsort", dim, x.dim()), descending));
}

Tensor argsort(const Tensor& x, bool /*stable*/, int64_t dim, bool descending) {
  return argsort(x, dim, descending);
}

Tensor msort(const Tensor& x) { return std::get<0>(sort(x, 0)); }

std::tuple<Tensor, Tensor> topk(const Tensor& x, int64_t k, int64_t dim, bool largest,
                                bool /*sorted*/) {
  check_ordered("topk", x);
  dim = wrap_dim("topk", dim, x.dim());
  const int64_t n = size_along(x, dim);
  check(k >= 0 && k <= n, "topk: there are not {} elements along dimension {} of [{}]", k, dim,
        fmt::join(x.sizes(), ", "));
  return arranged("topk", x, dim, k, [k, largest](auto* begin, auto* end) {
    std::partial_sort(begin, begin + k, end, Before{largest});
  });
}

std::tuple<Tensor, Tensor> kthvalue(const Tensor& x, int64_t k, int64_t dim, bool keepdim) {
  check_ordered("kthvalue", x);
  dim = wrap_dim("kthvalue", dim, x.dim());
  const int64_t n = size_along(x, dim);
  check(k >= 1 && k <= n, "kthvalue: there is no element number {} (from 1) among the {} of [{}]",
        k, n, fmt::join(x.sizes(), ", "));
  const auto arrange = [k](auto* begin, auto* end) {
    std::nth_element(begin, begin + (k - 1), end, Before{false});
    *begin = begin[k - 1];
  };
  return reduced(arranged("kthvalue", x, dim, 1, arrange), dim, keepdim);
}

std::tuple<Tensor, Tensor> median(const Tensor& x, int64_t dim, bool keepdim) {
  check_ordered("median", x);
  dim = wrap_dim("median", dim, x.dim());
  check(size_along(x, dim) > 0, "median: no element is in the middle of none: [{}] along {}",
        fmt::join(x.sizes(), ", "), dim);
  const auto arrange = [](auto* begin, auto* end) {
    auto* middle = std::find_if(begin, end, [](const auto& e) { return e.value != e.value; });
    if (middle == end) {
      middle = begin + (end - begin - 1) / 2;
      std::nth_element(begin, middle, end, Before{false});
    }
    *begin = *middle;
  };
  return reduced(arranged("median", x, dim, 1, arrange), dim, keepdim);
}

Tensor median(const Tensor& x) {
  check_ordered("median", x);
  const Tensor y = [&] {
    const NoGradGuard unrecorded;
    if (x.numel() > 0) return std::get<0>(median(x.reshape(-1), 0));
    if (x.is_floating_point())
      return full({}, std::numeric_limits<double>::quiet_NaN(), x.options());
    return dispatch(x.scalar_type(), [&]<class T>(std::type_identity<T>) {
      return full({}, std::numeric_limits<T>::lowest(), x.options());
    });
  }();
  return autograd::record(
      "median", y, {x}, [x = autograd::save(x), y = autograd::save_output(y)](const Tensor& g) {
        const Tensor in = x.get(), middle = y.get();
        const Tensor hits = in.eq(middle).logical_or(in.isnan().logical_and(middle.isnan()));
        const Tensor weights = hits.to(g.scalar_type());
        return Grads{weights * (g / weights.sum())};
      });
}

// ---- the methods --------------------------------------------------------------------------------

std::tuple<Tensor, Tensor> Tensor::sort(int64_t dim, bool descending) const {
  return adjoint::sort(*this, dim, descending);
}
std::tuple<Tensor, Tensor> Tensor::sort(std::optional<bool> stable, int64_t dim,
                                        bool descending) const {
  return adjoint::sort(*this, stable, dim, descending);
}
Tensor Tensor::msort() const { return adjoint::msort(*this); }
Tensor Tensor::argsort(int64_t dim, bool descending) const {
  return adjoint::argsort(*this, dim, descending);
}
std::tuple<Tensor, Tensor> Tensor::topk(int64_t k, int64_t dim, bool largest, bool sorted) const {
  return adjoint::topk(*this, k, dim, largest, sorted);
}
std::tuple<Tensor, Tensor> Tensor::kthvalue(int64_t k, int64_t dim, bool keepdim) const {
  return adjoint::kthvalue(*this, k, dim, keepdim);
}
Tensor Tensor::median() const { return adjoint::median(*this); }
std::tuple<Tensor, Tensor> Tensor::median(int64_t dim, bool keepdim) const {
  return adjoint::median(*this, dim, keepdim);
}

}  // namespace adjoint
