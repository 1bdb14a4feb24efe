#include "adjoint/ops/cumulative.h"

#include <cmath>

#include <fmt/ranges.h>

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/choose.h"
#include "adjoint/ops/compare.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/elementwise.h"
#include "adjoint/ops/functions.h"
#include "adjoint/ops/index.h"
#include "adjoint/ops/join.h"
#include "adjoint/ops/kernels/lines.h"
#include "adjoint/ops/kernels/reduce.h"
#include "adjoint/ops/reduce.h"
#include "adjoint/ops/reduced.h"

namespace adjoint {

using autograd::Grads;
using autograd::Needs;
using autograd::record;
using autograd::save;
using autograd::save_output;
using kernels::Lines;
using kernels::scan;

namespace {

/// What running sums and products of T are held in: integers wrap around there.
template <class T>
using Wide = std::conditional_t<std::is_floating_point_v<T>, double, int64_t>;

/// x, or it converted to the dtype in which its elements add up.
Tensor summand(const Tensor& x, std::optional<ScalarType> dtype) {
  return x.to(dtype.value_or(x.is_floating_point() ? x.scalar_type() : kInt64));
}

/// f(x, 0) for a tensor without dimensions, as if it had one.
template <class F>
Tensor as_list(const Tensor& x, const F& f) {
  return f(x.view(Dims{1}), int64_t{0}).view({});
}

/// t moved on by one along `dim`, towards its end or its beginning; `fill` comes in.
Tensor shifted(const Tensor& t, int64_t dim, bool to_end, const Scalar& fill) {
  const int64_t n = t.size(dim);
  if (n == 0) return t;
  Dims edge_shape(t.sizes());
  edge_shape[static_cast<std::size_t>(dim)] = 1;
  const Tensor edge = full(edge_shape, fill, t.options());
  const Tensor rest = t.narrow(dim, to_end ? 0 : 1, n - 1);
  return to_end ? cat({edge, rest}, dim) : cat({rest, edge}, dim);
}

/// The running results of x along dim: step(state, element) changes the state, which is the result.
template <class Step>
Tensor running(const Tensor& x, int64_t dim, bool reverse, int64_t start, Step step) {
  const Tensor in = x.contiguous();
  Tensor y = empty(x.sizes(), x.scalar_type());
  dispatch(x.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const T* const from = in.data_ptr<T>();
    T* const to = y.data_ptr<T>();
    scan(Lines(x.sizes(), dim), reverse, static_cast<Wide<T>>(start),
         [=](Wide<T>& state, int64_t, int64_t at) {
           state = step(state, static_cast<Wide<T>>(from[at]));
           to[at] = static_cast<T>(state);
         });
  });
  return y;
}

void check_own_dtype(const char* name, const Tensor& self, std::optional<ScalarType> dtype) {
  check(!dtype || *dtype == self.scalar_type(),
        "{}: the result replaces a tensor of {} and cannot be {}", name, self.scalar_type(),
        dtype.value_or(kBool));
}

}  // namespace

// ---- sums ---------------------------------------------------------------------------------------

namespace {

/// The adjoint of adding up from one end is adding up from the other.
Tensor running_sum(const Tensor& x, int64_t dim, bool reverse) {
  const Tensor y = [&] {
    const NoGradGuard unrecorded;
    return running(x, dim, reverse, 0,
                   [](auto sum, auto v) { return kernels::wrapping_sum(sum, v); });
  }();
  return record("cumsum", y, {x},
                [dim, reverse](const Tensor& g) { return Grads{running_sum(g, dim, !reverse)}; });
}

}  // namespace

Tensor cumsum(const Tensor& x, int64_t dim, std::optional<ScalarType> dtype) {
  dim = wrap_dim("cumsum", dim, x.dim());
  const Tensor in = summand(x, dtype);
  if (x.dim() > 0) return running_sum(in, dim, false);
  return as_list(in, [](const Tensor& list, int64_t d) { return running_sum(list, d, false); });
}

// ---- recurrences --------------------------------------------------------------------------------

Tensor linear_recurrence(const Tensor& a, const Tensor& b, int64_t dim, bool reverse) {
  check(a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type(),
        "linear_recurrence: expected a and b of one shape and dtype, got [{}], {} and [{}], {}",
        fmt::join(a.sizes(), ", "), a.scalar_type(), fmt::join(b.sizes(), ", "), b.scalar_type());
  dim = wrap_dim("linear_recurrence", dim, a.dim());
  if (a.dim() == 0) return b.clone();
  Tensor h = empty(a.sizes(), a.scalar_type());
  dispatch_floating("linear_recurrence", a.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const NoGradGuard unrecorded;
    const Tensor factors = a.contiguous(), terms = b.contiguous();
    scan(Lines(a.sizes(), dim), reverse, 0.0,
         [factor = factors.data_ptr<T>(), term = terms.data_ptr<T>(), to = h.data_ptr<T>()](
             double& state, int64_t i, int64_t at) {
           state = i == 0 ? term[at] : factor[at] * state + term[at];
           to[at] = static_cast<T>(state);
         });
  });
  // With upstream u, the gradient of b is s[i] = u[i] + a[i+1] s[i+1], and that of a is s[i]
  // h[i-1].
  return record("linear_recurrence", h, {a, b},
                [a = save(a), h = save_output(h), dim, reverse](const Tensor& u, Needs needs) {
                  const Tensor next = shifted(a.get(), dim, reverse, 0);
                  const Tensor s = linear_recurrence(next, u, dim, !reverse);
                  return Grads{needs[0] ? s * shifted(h.get(), dim, !reverse, 0) : Tensor(), s};
                });
}

// ---- products -----------------------------------------------------------------------------------

namespace {

/// The gradient of x from that of its running products y, without a division, so that zeros do no
/// harm: x[i] is a factor of y[i], y[i+1], ..., and dx[i] = y[i-1] r[i] with
/// r[i] = g[i] + x[i+1] g[i+1] + x[i+1] x[i+2] g[i+2] + ... = g[i] + x[i+1] r[i+1].
Tensor product_gradient(const Tensor& g, const Tensor& x, const Tensor& y, int64_t dim) {
  return shifted(y, dim, true, 1) * linear_recurrence(shifted(x, dim, false, 0), g, dim, true);
}

Tensor running_product(const Tensor& x, int64_t dim) {
  const Tensor y = [&] {
    const NoGradGuard unrecorded;
    return running(x, dim, false, 1,
                   [](auto product, auto v) { return kernels::wrapping_product(product, v); });
  }();
  return record("cumprod", y, {x}, [x = save(x), y = save_output(y), dim](const Tensor& g) {
    return Grads{product_gradient(g, x.get(), y.get(), dim)};
  });
}

Tensor product_values(const Tensor& x, const Reduced& dims, bool keepdim) {
  Tensor y = empty(dims.result(keepdim), x.options());
  const auto plan = kernels::plan_reduction(x.sizes(), x.strides(), dims.mask);
  dispatch(x.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const Scratch<Wide<T>> products(static_cast<std::size_t>(plan.outputs));
    kernels::reduce<kernels::Product<T>>(plan, x.data_ptr<T>(), products.get());
    std::transform(products.get(), products.get() + plan.outputs, y.data_ptr<T>(),
                   [](Wide<T> product) { return static_cast<T>(product); });
  });
  return y;
}

}  // namespace

Tensor cumprod(const Tensor& x, int64_t dim, std::optional<ScalarType> dtype) {
  dim = wrap_dim("cumprod", dim, x.dim());
  const Tensor in = summand(x, dtype);
  return x.dim() > 0 ? running_product(in, dim) : as_list(in, running_product);
}

Tensor prod(const Tensor& x, int64_t dim, bool keepdim, std::optional<ScalarType> dtype) {
  dim = wrap_dim("prod", dim, x.dim());
  const Tensor in = summand(x, dtype);
  if (x.dim() == 0) {
    return as_list(in, [](const Tensor& list, int64_t d) { return prod(list, d, true); });
  }
  const Reduced dims("prod", in, dim);
  return record(
      "prod", product_values(in, dims, keepdim), {in},
      [x = save(in), dims, dim, keepdim](const Tensor& upstream) {
        const Tensor in = x.get();
        if (in.numel() == 0) return Grads{zeros_like(in)};
        // The product is the last one of the running products.
        Dims before(in.sizes());
        --before[static_cast<std::size_t>(dim)];
        const Tensor g = cat({zeros(before, in.options()), dims.restore(upstream, keepdim)}, dim);
        return Grads{product_gradient(g, in, cumprod(in, dim), dim)};
      });
}

Tensor prod(const Tensor& x, std::optional<ScalarType> dtype) {
  return prod(x.reshape(-1), 0, false, dtype);
}

// ---- logarithms of sums -------------------------------------------------------------------------

namespace {

/// ln(e^a + e^b)
double log_add(double a, double b) {
  if (a != a || b != b) return a + b;
  const double high = std::max(a, b), low = std::min(a, b);
  return std::isinf(high) ? high : high + std::log1p(std::exp(low - high));
}

/// e^(a - b) for a <= b, 0 where both are -∞.
Tensor ratio(const Tensor& a, const Tensor& b) {
  return (a - b).masked_fill(b.isneginf(), -std::numeric_limits<double>::infinity()).exp();
}

Tensor running_logsumexp(const Tensor& x, int64_t dim) {
  const Tensor in = x.contiguous();
  Tensor y = empty(x.sizes(), x.scalar_type());
  dispatch_floating("logcumsumexp", x.scalar_type(), [&]<class T>(std::type_identity<T>) {
    scan(Lines(x.sizes(), dim), false, -std::numeric_limits<double>::infinity(),
         [from = in.data_ptr<T>(), to = y.data_ptr<T>()](double& state, int64_t, int64_t at) {
           state = log_add(state, from[at]);
           to[at] = static_cast<T>(state);
         });
  });
  // dx[i] = Σ g[k] e^(x[i] - y[k]) over k >= i = e^(x[i] - y[i]) t[i] with
  // t[i] = g[i] + e^(y[i] - y[i+1]) t[i+1]: y never falls, so no power is above 1.
  return record("logcumsumexp", y, {x}, [x = save(x), y = save_output(y), dim](const Tensor& g) {
    const Tensor total = y.get();
    const int64_t n = total.size(dim);
    if (n == 0) return Grads{g};
    const Tensor decay = ratio(total.narrow(dim, 0, n - 1), total.narrow(dim, 1, n - 1));
    Dims edge(total.sizes());
    edge[static_cast<std::size_t>(dim)] = 1;
    const Tensor factors = cat({decay, zeros(edge, total.options())}, dim);
    return Grads{ratio(x.get(), total) * linear_recurrence(factors, g, dim, true)};
  });
}

}  // namespace

Tensor logcumsumexp(const Tensor& x, int64_t dim) {
  dim = wrap_dim("logcumsumexp", dim, x.dim());
  return x.dim() > 0 ? running_logsumexp(x, dim) : as_list(x, running_logsumexp);
}

// ---- extreme elements ---------------------------------------------------------------------------

namespace {

/// better(x, best): whether x takes the place of the best element so far, where neither is NaN.
template <class Better>
std::tuple<Tensor, Tensor> running_extreme(const char* name, const Tensor& x, int64_t dim,
                                           Better better) {
  dim = wrap_dim(name, dim, x.dim());
  if (x.dim() == 0) {
    const auto [values, indices] = running_extreme(name, x.view(Dims{1}), 0, better);
    return {values.view({}), indices.view({})};
  }
  Tensor values = empty(x.sizes(), x.scalar_type()), indices = empty(x.sizes(), kInt64);
  dispatch(x.scalar_type(), [&]<class T>(std::type_identity<T>) {
    struct Best {
      T value;
      int64_t index;
    };
    const NoGradGuard unrecorded;
    const Tensor in = x.contiguous();
    scan(Lines(x.sizes(), dim), false, Best{T(), 0},
         [from = in.data_ptr<T>(), to = values.data_ptr<T>(), index = indices.data_ptr<int64_t>(),
          better](Best& best, int64_t i, int64_t at) {
           const T v = from[at];
           if (i == 0 || v != v || (best.value == best.value && better(v, best.value))) {
             best = {v, i};
           }
           to[at] = best.value;
           index[at] = best.index;
         });
  });
  values = record(name, values, {x}, [dim, index = save(indices)](const Tensor& g) {
    return Grads{scatter_add(zeros_like(g), dim, index.get(), g)};
  });
  return {values, indices};
}

}  // namespace

std::tuple<Tensor, Tensor> cummax(const Tensor& x, int64_t dim) {
  return running_extreme("cummax", x, dim, [](auto v, auto best) { return v >= best; });
}

std::tuple<Tensor, Tensor> cummin(const Tensor& x, int64_t dim) {
  return running_extreme("cummin", x, dim, [](auto v, auto best) { return v <= best; });
}

// ---- differences --------------------------------------------------------------------------------

Tensor diff(const Tensor& x, int64_t n, int64_t dim, const std::optional<Tensor>& prepend,
            const std::optional<Tensor>& append) {
  check(x.dim() > 0, "diff: expected a tensor of at least one dimension");
  check(n >= 0, "diff: differences can be taken 0 or more times, not {}", n);
  dim = wrap_dim("diff", dim, x.dim());
  std::vector<Tensor> parts;
  if (prepend) parts.push_back(*prepend);
  parts.push_back(x);
  if (append) parts.push_back(*append);
  Tensor y = parts.size() == 1 ? x.clone() : cat(parts, dim);
  for (; n > 0 && y.size(dim) > 0; --n) {
    const Tensor left = y.narrow(dim, 0, y.size(dim) - 1),
                 right = y.narrow(dim, 1, y.size(dim) - 1);
    y = y.scalar_type() == kBool ? right.logical_xor(left) : right - left;
  }
  return y;
}

// ---- the methods --------------------------------------------------------------------------------

Tensor Tensor::cumsum(int64_t dim, std::optional<ScalarType> dtype) const {
  return adjoint::cumsum(*this, dim, dtype);
}

Tensor& Tensor::cumsum_(int64_t dim, std::optional<ScalarType> dtype) const {
  check_own_dtype("cumsum_", *this, dtype);
  dim = wrap_dim("cumsum_", dim, this->dim());
  const auto sums = [&] { return adjoint::cumsum(*this, dim, scalar_type()); };
  return elementwise::in_place(
      "cumsum_", *this, scalar_type(),
      [&](const Tensor& out, const Tensor&) { kernels::copy(out, sums()); }, sums);
}

Tensor Tensor::cumprod(int64_t dim, std::optional<ScalarType> dtype) const {
  return adjoint::cumprod(*this, dim, dtype);
}

Tensor& Tensor::cumprod_(int64_t dim, std::optional<ScalarType> dtype) const {
  check_own_dtype("cumprod_", *this, dtype);
  dim = wrap_dim("cumprod_", dim, this->dim());
  return elementwise::in_place(
      "cumprod_", *this, scalar_type(),
      [&](const Tensor& out, const Tensor& x) {
        kernels::copy(out, adjoint::cumprod(x, dim, scalar_type()));
      },
      [&] { return adjoint::cumprod(clone(), dim, scalar_type()); });
}

Tensor Tensor::logcumsumexp(int64_t dim) const { return adjoint::logcumsumexp(*this, dim); }
std::tuple<Tensor, Tensor> Tensor::cummax(int64_t dim) const { return adjoint::cummax(*this, dim); }
std::tuple<Tensor, Tensor> Tensor::cummin(int64_t dim) const { return adjoint::cummin(*this, dim); }
Tensor Tensor::diff(int64_t n, int64_t dim) const { return adjoint::diff(*this, n, dim); }
Tensor Tensor::prod(std::optional<ScalarType> dtype) const { return adjoint::prod(*this, dtype); }
Tensor Tensor::prod(int64_t dim, bool keepdim, std::optional<ScalarType> dtype) const {
  return adjoint::prod(*this, dim, keepdim, dtype);
}

}  // namespace adjoint
