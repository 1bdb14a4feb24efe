#include "adjoint/ops/unique.h"

#include <algorithm>
#include <numeric>

#include <fmt/ranges.h>

#include "adjoint/autograd/grad_mode.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/index.h"

namespace adjoint {
namespace {

using Outputs = std::tuple<Tensor, Tensor, Tensor>;

/// The rows [n, width] of a contiguous tensor, in an order.
template <class T>
struct Rows {
  const T* data;
  int64_t width;

  bool equal(int64_t i, int64_t j) const {
    return std::equal(data + i * width, data + (i + 1) * width, data + j * width);
  }
  /// Lexicographically, NaN above all numbers, and equals by their index.
  bool before(int64_t i, int64_t j) const {
    for (int64_t k = 0; k < width; ++k) {
      const T x = data[i * width + k], y = data[j * width + k];
      if (x < y || (y != y && x == x)) return true;
      if (y < x || (x != x && y == y)) return false;
    }
    return i < j;
  }
};

/// The rows of x that differ from those before them, in their order or, if `sorted`, in
/// lexicographical order: which they are, the number of each row's group, and the groups' sizes.
Outputs groups(const Tensor& x, int64_t n, int64_t width, bool sorted) {
  const Tensor in = x.contiguous();
  Tensor order = arange(n, kInt64);
  Tensor first = empty({n}, kInt64), inverse = empty({n}, kInt64), counts = empty({n}, kInt64);
  int64_t* const at = order.data_ptr<int64_t>();
  int64_t found = 0;
  dispatch(x.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const Rows<T> rows{in.data_ptr<T>(), width};
    if (sorted) {
      std::sort(at, at + n, [&](int64_t i, int64_t j) { return rows.before(i, j); });
    }
    for (int64_t i = 0; i < n; ++i) {
      if (i == 0 || !rows.equal(at[i - 1], at[i])) {
        first.data_ptr<int64_t>()[found] = at[i];
        counts.data_ptr<int64_t>()[found++] = 0;
      }
      inverse.data_ptr<int64_t>()[at[i]] = found - 1;
      ++counts.data_ptr<int64_t>()[found - 1];
    }
  });
  return {first.slice(0, 0, found), inverse, counts.slice(0, 0, found).clone()};
}

/// What was asked for, or an empty tensor.
Tensor if_asked(bool asked, const Tensor& t) { return asked ? t : empty({0}, kInt64); }

Outputs unique_elements(const Tensor& x, bool sorted, bool return_inverse, bool return_counts) {
  const NoGradGuard unrecorded;
  const Tensor flat = x.reshape(-1);
  const auto [first, inverse, counts] = groups(flat, flat.numel(), 1, sorted);
  return {index_select(flat, 0, first), if_asked(return_inverse, inverse.view(x.sizes())),
          if_asked(return_counts, counts)};
}

Outputs unique_slices(const char* name, const Tensor& x, int64_t dim, bool sorted,
                      bool return_inverse, bool return_counts) {
  const NoGradGuard unrecorded;
  check(x.dim() > 0, "{}: a tensor without dimensions has no slices", name);
  dim = wrap_dim(name, dim, x.dim());
  const int64_t n = x.size(dim), width = n == 0 ? 0 : x.numel() / n;
  check(n == 0 || width > 0, "{}: slices of no elements cannot be told apart: [{}] along {}", name,
        fmt::join(x.sizes(), ", "), dim);
  const auto [first, inverse, counts] = groups(x.transpose(0, dim), n, width, sorted);
  return {index_select(x, dim, first), if_asked(return_inverse, inverse),
          if_asked(return_counts, counts)};
}

}  // namespace

std::tuple<Tensor, Tensor> _unique(const Tensor& x, bool /*sorted*/, bool return_inverse) {
  auto [values, inverse, counts] = unique_elements(x, true, return_inverse, false);
  return {values, inverse};
}

Outputs _unique2(const Tensor& x, bool /*sorted*/, bool return_inverse, bool return_counts) {
  return unique_elements(x, true, return_inverse, return_counts);
}

Outputs unique_dim(const Tensor& x, int64_t dim, bool /*sorted*/, bool return_inverse,
                   bool return_counts) {
  return unique_slices("unique_dim", x, dim, true, return_inverse, return_counts);
}

Outputs unique_consecutive(const Tensor& x, bool return_inverse, bool return_counts,
                           std::optional<int64_t> dim) {
  if (!dim) return unique_elements(x, false, return_inverse, return_counts);
  return unique_slices("unique_consecutive", x, *dim, false, return_inverse, return_counts);
}

Tensor bincount(const Tensor& x, const std::optional<Tensor>& weights, int64_t minlength) {
  const NoGradGuard unrecorded;
  check(x.dim() == 1 && isIntegralType(x.scalar_type()),
        "bincount: expected a list of integers, got {} [{}]", x.scalar_type(),
        fmt::join(x.sizes(), ", "));
  check(minlength >= 0, "bincount: minlength cannot be negative, got {}", minlength);
  const bool weighted = weights && weights->defined();
  check(!weighted || weights->sizes() == x.sizes(),
        "bincount: expected a weight for each number, [{}], got [{}]", fmt::join(x.sizes(), ", "),
        fmt::join((weighted ? *weights : x).sizes(), ", "));
  const Tensor numbers = x.to(kInt64).contiguous();
  const int64_t* const begin = numbers.data_ptr<int64_t>();
  const int64_t* const end = begin + numbers.numel();
  int64_t length = minlength;
  if (begin != end) {
    const auto [least, greatest] = std::minmax_element(begin, end);
    check(*least >= 0, "bincount: expected numbers from 0 on, got {}", *least);
    check(*greatest < std::numeric_limits<int64_t>::max(), "bincount: the number {} is too large",
          *greatest);
    length = std::max(minlength, *greatest + 1);
  }
  if (!weighted) {
    Tensor counts = zeros({length}, kInt64);
    for (const int64_t* i = begin; i != end; ++i) ++counts.data_ptr<int64_t>()[*i];
    return counts;
  }
  const ScalarType dtype = weights->is_floating_point() ? weights->scalar_type() : kFloat64;
  return scatter_add(zeros({length}, dtype), 0, numbers, weights->to(dtype));
}

Tensor Tensor::bincount(const std::optional<Tensor>& weights, int64_t minlength) const {
  return adjoint::bincount(*this, weights, minlength);
}

}  // namespace adjoint
