#include "adjoint/ops/reduce.h"

#include <cmath>

#include <fmt/ranges.h>

#include "adjoint/autograd/record.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/elementwise.h"
#include "adjoint/ops/kernels/moments.h"
#include "adjoint/ops/kernels/reduce.h"
#include "adjoint/ops/kernels/vector_math.h"
#include "adjoint/ops/reduced.h"

namespace adjoint {
namespace {

using autograd::Grads;

/// Sums, divided by `divisor` before they are rounded; integers in int64.
Tensor sum_values(const Tensor& x, const Reduced& dims, bool keepdim, double divisor = 1) {
  const bool real = x.is_floating_point();
  Tensor y = empty(dims.result(keepdim), real ? x.scalar_type() : kInt64);
  const auto plan = kernels::plan_reduction(x.sizes(), x.strides(), dims.mask);
  dispatch(x.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const T* const in = x.data_ptr<T>();
    if constexpr (std::is_floating_point_v<T>) {
      const Scratch<double> sums(static_cast<std::size_t>(plan.outputs));
      kernels::reduce<kernels::Sum<T>>(plan, in, sums.get());
      std::transform(sums.get(), sums.get() + plan.outputs, y.data_ptr<T>(),
                     [divisor](double sum) { return static_cast<T>(sum / divisor); });
    } else {
      kernels::reduce<kernels::Sum<T>>(plan, in, y.data_ptr<int64_t>());
    }
  });
  return y;
}

}  // namespace

// ---- sums --------------------------------------------------------------------------------------

Tensor sum(const Tensor& x, IntArrayRef dim, bool keepdim, std::optional<ScalarType> dtype) {
  if (dtype && *dtype != x.scalar_type()) return sum(x.to(*dtype), dim, keepdim, dtype);
  const Reduced dims("sum", x, dim);
  Tensor y = sum_values(x, dims, keepdim);
  if (dtype) y = y.to(*dtype);
  return autograd::record(
      "sum", y, {x}, [dims, keepdim](const Tensor& g) { return Grads{dims.expand(g, keepdim)}; });
}

Tensor mean(const Tensor& x, IntArrayRef dim, bool keepdim, std::optional<ScalarType> dtype) {
  if (dtype && *dtype != x.scalar_type()) return mean(x.to(*dtype), dim, keepdim, dtype);
  check(x.is_floating_point(),
        "mean: expected float32 or float64, got {}; name the dtype to compute in, as "
        "x.mean(torch::kFloat32)",
        x.scalar_type());
  const Reduced dims("mean", x, dim);
  const auto count = static_cast<double>(dims.count());
  Tensor y = sum_values(x, dims, keepdim, count);
  return autograd::record("mean", y, {x}, [dims, keepdim, count](const Tensor& g) {
    return Grads{dims.expand(g / count, keepdim)};
  });
}

Tensor nansum(const Tensor& x, IntArrayRef dim, bool keepdim, std::optional<ScalarType> dtype) {
  dim_mask("nansum", dim, x.dim());  // throws in this name
  return sum(x.is_floating_point() ? x.masked_fill(x.isnan(), 0) : x, dim, keepdim, dtype);
}

Tensor nanmean(const Tensor& x, IntArrayRef dim, bool keepdim, std::optional<ScalarType> dtype) {
  dim_mask("nanmean", dim, x.dim());
  check(x.is_floating_point(), "nanmean: expected float32 or float64, got {}", x.scalar_type());
  return nansum(x, dim, keepdim, dtype) / sum(x.isnan().logical_not(), dim, keepdim);
}

Tensor count_nonzero(const Tensor& x, IntArrayRef dim) {
  dim_mask("count_nonzero", dim, x.dim());
  return sum(x.ne(0), dim);
}

Tensor sum_to_size(const Tensor& x, IntArrayRef size) {
  if (x.sizes() == size) return x;
  check(is_expandable_to(size, x.sizes()),
        "sum_to_size: [{}] is no shape that broadcasts to that of x, [{}]", fmt::join(size, ", "),
        fmt::join(x.sizes(), ", "));
  Dims dim;  // what the broadcast added or repeated
  const int64_t added = x.dim() - static_cast<int64_t>(size.size());
  for (int64_t d = 0; d < x.dim(); ++d) {
    if (d < added || (size[static_cast<std::size_t>(d - added)] == 1 && x.size(d) != 1)) {
      dim.push_back(d);
    }
  }
  Tensor y = sum_values(x, Reduced("sum_to_size", x, dim), true).view(size);
  return autograd::record("sum_to_size", y, {x}, [sizes = Dims(x.sizes())](const Tensor& g) {
    return Grads{g.expand(sizes)};
  });
}

Tensor logsumexp(const Tensor& x, IntArrayRef dim, bool keepdim) {
  const Tensor in = x.is_floating_point() ? x : x.to(get_default_dtype());
  const Reduced dims("logsumexp", in, dim);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Tensor y = [&] {
    const NoGradGuard unrecorded;
    if (dims.count() == 0) return full(dims.result(keepdim), -kInfinity, in.options());
    // What is taken out of the sum, so that its largest term is 1; infinities stay in it.
    const Tensor largest = amax(in, dim, true);
    const Tensor shift = largest.masked_fill(largest.isinf(), 0);
    Tensor terms = empty(in.sizes(), in.scalar_type());
    elementwise::map_floating("logsumexp", kernels::ExpOfDifference(), terms, in, shift);
    const Tensor y = sum(terms, dim, true).log() + shift;
    return keepdim ? y : y.view(dims.result(false));
  }();
  return autograd::record(
      "logsumexp", y, {in},
      [dims, keepdim, x = autograd::save(in), y = autograd::save_output(y)](const Tensor& g) {
        // dx = g e^(x - y), which is 0 where all terms are.
        const Tensor total = dims.restore(y.get(), keepdim);
        const Tensor share = (x.get() - total).masked_fill(total.isneginf(), -kInfinity).exp();
        return Grads{dims.restore(g, keepdim) * share};
      });
}

// ---- norm and variance -------------------------------------------------------------------------

namespace {

/// of(the sum of squares), where squares and sum are in double.
template <class F>
Tensor of_sum_of_squares(const char* name, const Tensor& x, const Reduced& dims, bool keepdim,
                         const F& of) {
  Tensor y = empty(dims.result(keepdim), x.options());
  const auto plan = kernels::plan_reduction(x.sizes(), x.strides(), dims.mask);
  dispatch_floating(name, x.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const Scratch<double> sums(static_cast<std::size_t>(plan.outputs));
    kernels::reduce<kernels::SumOfSquares<T>>(plan, x.data_ptr<T>(), sums.get());
    std::transform(sums.get(), sums.get() + plan.outputs, y.data_ptr<T>(),
                   [&of](double sum) { return static_cast<T>(of(sum)); });
  });
  return y;
}

Tensor norm_values(const Tensor& x, double p, IntArrayRef dim, bool keepdim) {
  check(x.is_floating_point(), "norm: expected float32 or float64, got {}", x.scalar_type());
  const NoGradGuard unrecorded;
  const Reduced dims("norm", x, dim);
  if (p == 2) {
    return of_sum_of_squares("norm", x, dims, keepdim, [](double sum) { return std::sqrt(sum); });
  }
  if (p == 0) return sum_values(x.ne(0).to(x.scalar_type()), dims, keepdim);
  const Tensor size = x.abs();
  if (p == 1) return sum_values(size, dims, keepdim);
  if (std::isinf(p)) {
    if (dims.count() == 0) return full(dims.result(keepdim), p > 0 ? 0.0 : -p, x.options());
    return p > 0 ? amax(size, dim, keepdim) : amin(size, dim, keepdim);
  }
  return sum_values(size.pow(p), dims, keepdim).pow(1 / p);
}

}  // namespace

Tensor norm(const Tensor& x, const std::optional<Scalar>& p, IntArrayRef dim, bool keepdim) {
  const double power = p ? p->toDouble() : 2;
  const Reduced dims("norm", x, dim);
  Tensor y = norm_values(x, power, dim, keepdim);
  return autograd::record(
      "norm", y, {x},
      [dims, keepdim, power, x = autograd::save(x),
       y = autograd::save_output(y)](const Tensor& upstream) {
        const Tensor at = x.get(), norm = dims.restore(y.get(), keepdim);
        const Tensor g = dims.restore(upstream, keepdim);
        if (power == 0) return Grads{zeros_like(at)};
        if (power == 1) return Grads{g * at.sign()};
        if (power == 2) return Grads{at * (g / norm).masked_fill(norm.eq(0), 0)};
        if (std::isinf(power)) {
          const Tensor hits = at.abs().eq(norm).to(g.scalar_type());
          return Grads{at.sign() * hits * (g / sum_values(hits, dims, true))};
        }
        // d|x|ᵖ/dx = p sign(x) |x|ᵖ⁻¹, which is infinite at 0 for p < 1: the subgradient there is
        // 0.
        const Tensor slope = at.sign() * at.abs().masked_fill(at.eq(0), 1).pow(power - 1);
        return Grads{slope * (g / norm.pow(power - 1)).masked_fill(norm.eq(0), 0)};
      });
}

Tensor norm(const Tensor& x, const Scalar& p) { return norm(x, p, {}, false); }

namespace {

/// Σ (x - mean)² / degrees, where degrees is n or, unbiased, n - 1.
struct Variance {
  Variance(const char* name, const Tensor& x, IntArrayRef dim, bool unbiased)
      : dims(name, x, dim),
        over(dim),
        degrees(std::max(0.0, static_cast<double>(dims.count()) - unbiased)) {
    check(x.is_floating_point(), "{}: expected float32 or float64, got {}", name, x.scalar_type());
  }
  Tensor values(const Tensor& x, bool keepdim) const {
    const NoGradGuard unrecorded;
    const auto plan = kernels::plan_reduction(x.sizes(), x.strides(), dims.mask);
    if (!plan.is_rows()) {
      return of_sum_of_squares("var", x - mean(x, over, true), dims, keepdim,
                               [this](double sum) { return sum / degrees; });
    }
    Tensor y = empty(dims.result(keepdim), x.options());
    dispatch_floating("var", x.scalar_type(), [&]<class T>(std::type_identity<T>) {
      const Scratch<kernels::Moments> moments(static_cast<std::size_t>(plan.outputs));
      kernels::row_moments(x.data_ptr<T>(), plan.outputs, plan.count, moments.get());
      std::transform(
          moments.get(), moments.get() + plan.outputs, y.data_ptr<T>(),
          [this](const kernels::Moments& of) { return static_cast<T>(of.squares / degrees); });
    });
    return y;
  }
  /// The gradient of x from the variance's: the part through the mean adds up to 0.
  Tensor backward(const Tensor& g, const Tensor& x, bool keepdim) const {
    return dims.restore(g * (2 / degrees), keepdim) * (x - mean(x, over, true));
  }

  Reduced dims;
  Dims over;
  double degrees;
};

}  // namespace

Tensor var(const Tensor& x, IntArrayRef dim, bool unbiased, bool keepdim) {
  const Variance variance("var", x, dim, unbiased);
  return autograd::record("var", variance.values(x, keepdim), {x},
                          [variance, keepdim, x = autograd::save(x)](const Tensor& g) {
                            return Grads{variance.backward(g, x.get(), keepdim)};
                          });
}

Tensor var(const Tensor& x, bool unbiased) { return var(x, {}, unbiased, false); }

Tensor std(const Tensor& x, IntArrayRef dim, bool unbiased, bool keepdim) {
  const Variance variance("std", x, dim, unbiased);
  Tensor y = [&] {
    const NoGradGuard unrecorded;
    return variance.values(x, keepdim).sqrt();
  }();
  return autograd::record(
      "std", y, {x},
      [variance, keepdim, x = autograd::save(x), y = autograd::save_output(y)](const Tensor& g) {
        const Tensor root = y.get();  // where it is 0, so is the subgradient
        const Tensor of_variance = (g / (2 * root)).masked_fill(root.eq(0), 0);
        return Grads{variance.backward(of_variance, x.get(), keepdim)};
      });
}

Tensor std(const Tensor& x, bool unbiased) { return std(x, {}, unbiased, false); }

std::tuple<Tensor, Tensor> var_mean(const Tensor& x, IntArrayRef dim, bool unbiased, bool keepdim) {
  dim_mask("var_mean", dim, x.dim());
  return {var(x, dim, unbiased, keepdim), mean(x, dim, keepdim)};
}
std::tuple<Tensor, Tensor> var_mean(const Tensor& x, bool unbiased) {
  return var_mean(x, IntArrayRef(), unbiased);
}
std::tuple<Tensor, Tensor> std_mean(const Tensor& x, IntArrayRef dim, bool unbiased, bool keepdim) {
  dim_mask("std_mean", dim, x.dim());
  return {std(x, dim, unbiased, keepdim), mean(x, dim, keepdim)};
}
std::tuple<Tensor, Tensor> std_mean(const Tensor& x, bool unbiased) {
  return std_mean(x, IntArrayRef(), unbiased);
}

// ---- all dimensions, and the methods -----------------------------------------------------------

Tensor sum(const Tensor& x, std::optional<ScalarType> dtype) { return sum(x, {}, false, dtype); }
Tensor mean(const Tensor& x, std::optional<ScalarType> dtype) { return mean(x, {}, false, dtype); }
Tensor nansum(const Tensor& x, std::optional<ScalarType> dtype) {
  return nansum(x, {}, false, dtype);
}
Tensor count_nonzero(const Tensor& x, std::optional<int64_t> dim) {
  return dim ? count_nonzero(x, IntArrayRef(*dim)) : count_nonzero(x, IntArrayRef());
}

Tensor Tensor::sum(std::optional<ScalarType> dtype) const { return adjoint::sum(*this, dtype); }
Tensor Tensor::sum(IntArrayRef dim, bool keepdim, std::optional<ScalarType> dtype) const {
  return adjoint::sum(*this, dim, keepdim, dtype);
}
Tensor Tensor::mean(std::optional<ScalarType> dtype) const { return adjoint::mean(*this, dtype); }
Tensor Tensor::mean(IntArrayRef dim, bool keepdim, std::optional<ScalarType> dtype) const {
  return adjoint::mean(*this, dim, keepdim, dtype);
}
Tensor Tensor::nansum(std::optional<ScalarType> dtype) const {
  return adjoint::nansum(*this, dtype);
}
Tensor Tensor::nansum(IntArrayRef dim, bool keepdim, std::optional<ScalarType> dtype) const {
  return adjoint::nansum(*this, dim, keepdim, dtype);
}
Tensor Tensor::nanmean(IntArrayRef dim, bool keepdim, std::optional<ScalarType> dtype) const {
  return adjoint::nanmean(*this, dim, keepdim, dtype);
}
Tensor Tensor::logsumexp(IntArrayRef dim, bool keepdim) const {
  return adjoint::logsumexp(*this, dim, keepdim);
}
Tensor Tensor::count_nonzero(std::optional<int64_t> dim) const {
  return adjoint::count_nonzero(*this, dim);
}
Tensor Tensor::count_nonzero(IntArrayRef dim) const { return adjoint::count_nonzero(*this, dim); }
Tensor Tensor::norm(const Scalar& p) const { return adjoint::norm(*this, p); }
Tensor Tensor::norm(const std::optional<Scalar>& p, IntArrayRef dim, bool keepdim) const {
  return adjoint::norm(*this, p, dim, keepdim);
}
Tensor Tensor::var(bool unbiased) const { return adjoint::var(*this, unbiased); }
Tensor Tensor::var(IntArrayRef dim, bool unbiased, bool keepdim) const {
  return adjoint::var(*this, dim, unbiased, keepdim);
}
Tensor Tensor::std(bool unbiased) const { return adjoint::std(*this, unbiased); }
Tensor Tensor::std(IntArrayRef dim, bool unbiased, bool keepdim) const {
  return adjoint::std(*this, dim, unbiased, keepdim);
}
Tensor Tensor::sum_to_size(IntArrayRef size) const { return adjoint::sum_to_size(*this, size); }

}  // namespace adjoint
