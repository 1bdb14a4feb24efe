#include "adjoint/ops/reduce.h"

#include "adjoint/autograd/record.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/index.h"
#include "adjoint/ops/kernels/arg_extreme.h"

namespace adjoint {
namespace {

using autograd::Grads;

/// Which dimensions of which shape are reduced.
struct Reduced {
  Reduced(const Tensor& x, IntArrayRef dim) : sizes(x.sizes()), mask(dim_mask(dim, x.dim())) {}

  bool covers(std::size_t d) const { return (mask >> d & 1) != 0; }
  /// The shape of the result.
  Dims result(bool keepdim) const {
    Dims shape;
    for (std::size_t d = 0; d < sizes.size(); ++d) {
      if (!covers(d)) shape.push_back(sizes[d]);
      if (covers(d) && keepdim) shape.push_back(1);
    }
    return shape;
  }
  /// The number of elements that each result is made of.
  int64_t count() const {
    int64_t product = 1;
    for (std::size_t d = 0; d < sizes.size(); ++d) {
      if (covers(d)) product *= sizes[d];
    }
    return product;
  }
  /// A result, or its gradient, with size 1 where dimensions were reduced: it broadcasts to x.
  Tensor restore(const Tensor& t, bool keepdim) const {
    return keepdim || sizes.empty() ? t : t.view(result(true));
  }
  /// The same, repeated to x's shape.
  Tensor expand(const Tensor& t, bool keepdim) const { return restore(t, keepdim).expand(sizes); }

  Dims sizes;
  uint32_t mask;
};

/// The values of a reduction of x: Fold over the elements, then finish.
template <class Fold, class T, class Out, class Finish>
Tensor fold(const Tensor& x, const Reduced& dims, bool keepdim, const Finish& finish) {
  Tensor y = empty(dims.result(keepdim), scalar_type_of<Out>);
  const auto plan = kernels::plan_reduction(x.sizes(), x.strides(), dims.mask);
  kernels::reduce<Fold>(plan, static_cast<const T*>(x.data_ptr()), y.data_ptr<Out>(), finish);
  return y;
}

/// Sums, divided by `divisor` before they are rounded; integers in int64.
Tensor sum_values(const Tensor& x, const Reduced& dims, bool keepdim, double divisor = 1) {
  return dispatch(x.scalar_type(), [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_floating_point_v<T>) {
      return fold<kernels::Sum<T>, T, T>(x, dims, keepdim,
                                         [=](double sum) { return sum / divisor; });
    } else {
      return fold<kernels::Sum<T>, T, int64_t>(x, dims, keepdim, [](int64_t sum) { return sum; });
    }
  });
}

/// Throws Error if something is asked of no elements that has no answer for none.
void check_not_empty(const char* name, const Tensor& x, const Reduced& dims) {
  check(dims.count() > 0 || numel(dims.result(false)) == 0,
        "{}: there is no extreme element where a reduced dimension has size 0: {}", name,
        x.describe());
}

template <template <class> class Fold>
Tensor extreme(const char* name, const Tensor& x, IntArrayRef dim, bool keepdim) {
  const Reduced dims(x, dim);
  check_not_empty(name, x, dims);
  Tensor y = dispatch(x.scalar_type(), [&]<class T>(std::type_identity<T>) {
    return fold<Fold<T>, T, T>(x, dims, keepdim, [](T best) { return best; });
  });
  return autograd::record(
      name, y, {x},
      [dims, keepdim, x = autograd::save(x), y = autograd::save_output(y)](const Tensor& g) {
        const Tensor at = x.get(), best = dims.restore(y.get(), keepdim);
        const Tensor hits = at.eq(best).logical_or(at.isnan()).to(g.scalar_type());
        const Tensor each = dims.restore(g, keepdim) / sum_values(hits, dims, true);
        return Grads{hits * each};
      });
}

/// Values and indices of the extreme elements along one dimension.
template <template <class> class Fold>
std::tuple<Tensor, Tensor> arg_extreme_values(const char* name, const Tensor& x, int64_t dim,
                                              bool keepdim) {
  const int64_t d = wrap_dim(dim, x.dim());
  const Reduced dims(x, d);
  check_not_empty(name, x, dims);
  const Tensor in = x.contiguous();
  Tensor values = empty(dims.result(keepdim), x.options());
  Tensor indices = empty(dims.result(keepdim), kInt64);
  if (values.numel() > 0) {
    const IntArrayRef sizes = x.sizes();
    const auto axis = static_cast<std::size_t>(d);
    const int64_t inner = sizes.empty() ? 1 : numel(sizes.slice(axis + 1));
    const int64_t outer = sizes.empty() ? 1 : numel(sizes.slice(0, axis));
    dispatch(x.scalar_type(), [&]<class T>(std::type_identity<T>) {
      kernels::arg_extreme<Fold<T>>(in.data_ptr<T>(), outer, dims.count(), inner,
                                    values.data_ptr<T>(), indices.data_ptr<int64_t>());
    });
  }
  return {values, indices};
}

template <template <class> class Fold>
std::tuple<Tensor, Tensor> extreme_along(const char* name, const Tensor& x, int64_t dim,
                                         bool keepdim) {
  auto [values, indices] = [&] {
    const NoGradGuard unrecorded;
    return arg_extreme_values<Fold>(name, x, dim, keepdim);
  }();
  values = autograd::record(
      name, values, {x},
      [dims = Reduced(x, dim), dim, keepdim, index = autograd::save(indices)](const Tensor& g) {
        const Tensor at = dims.restore(index.get(), keepdim);
        return Grads{
            scatter_add(zeros(dims.sizes, g.options()), dim, at, dims.restore(g, keepdim))};
      });
  return {values, indices};
}

template <template <class> class Fold>
Tensor arg_extreme(const char* name, const Tensor& x, std::optional<int64_t> dim, bool keepdim) {
  const NoGradGuard unrecorded;
  if (dim) return std::get<1>(arg_extreme_values<Fold>(name, x, *dim, keepdim));
  const Tensor index = std::get<1>(arg_extreme_values<Fold>(name, x.reshape(-1), 0, false));
  return keepdim ? index.view(Dims(static_cast<std::size_t>(x.dim()), 1)) : index;
}

template <template <class> class Fold>
Tensor test(const Tensor& x, IntArrayRef dim, bool keepdim) {
  const auto same = [](bool found) { return found; };
  const Reduced dims(x, dim);
  return dispatch(x.scalar_type(), [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_same_v<T, uint8_t>) {
      return fold<Fold<T>, T, uint8_t>(x, dims, keepdim, same);
    } else {
      return fold<Fold<T>, T, bool>(x, dims, keepdim, same);
    }
  });
}

}  // namespace

// ---- sums --------------------------------------------------------------------------------------

Tensor sum(const Tensor& x, IntArrayRef dim, bool keepdim, std::optional<ScalarType> dtype) {
  if (dtype && *dtype != x.scalar_type()) return sum(x.to(*dtype), dim, keepdim, dtype);
  const Reduced dims(x, dim);
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
  const Reduced dims(x, dim);
  const auto count = static_cast<double>(dims.count());
  Tensor y = sum_values(x, dims, keepdim, count);
  return autograd::record("mean", y, {x}, [dims, keepdim, count](const Tensor& g) {
    return Grads{dims.expand(g / count, keepdim)};
  });
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
  Tensor y = sum_values(x, Reduced(x, dim), true).view(size);
  return autograd::record("sum_to_size", y, {x}, [sizes = Dims(x.sizes())](const Tensor& g) {
    return Grads{g.expand(sizes)};
  });
}

// ---- norm and variance -------------------------------------------------------------------------

namespace {

Tensor norm_values(const Tensor& x, double p, const Reduced& dims, bool keepdim) {
  constexpr auto square = [](double v) { return v * v; };
  constexpr auto absolute = [](double v) { return std::abs(v); };
  return dispatch_floating("norm", x.scalar_type(), [&]<class T>(std::type_identity<T>) {
    if (p == 2) {
      return fold<kernels::SumOf<T, square>, T, T>(x, dims, keepdim,
                                                   [](double sum) { return std::sqrt(sum); });
    }
    if (p == 1) {
      return fold<kernels::SumOf<T, absolute>, T, T>(x, dims, keepdim,
                                                     [](double sum) { return sum; });
    }
    const NoGradGuard unrecorded;
    const Tensor size = x.abs();
    const auto same = [](T v) { return v; };
    if (p == std::numeric_limits<double>::infinity()) {
      // The largest of no absolute values is 0.
      const auto largest = [](T v) { return std::max(v, T(0)); };
      return fold<kernels::Max<T>, T, T>(size, dims, keepdim, largest);
    }
    if (p == -std::numeric_limits<double>::infinity()) {
      return fold<kernels::Min<T>, T, T>(size, dims, keepdim, same);
    }
    if (p == 0) return sum_values(x.ne(0).to(x.scalar_type()), dims, keepdim);
    return sum_values(size.pow(p), dims, keepdim).pow(1 / p);
  });
}

}  // namespace

Tensor norm(const Tensor& x, const std::optional<Scalar>& p, IntArrayRef dim, bool keepdim) {
  const double power = p ? p->toDouble() : 2;
  const Reduced dims(x, dim);
  Tensor y = norm_values(x, power, dims, keepdim);
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
      : dims(x, dim),
        over(dim),
        degrees(std::max(0.0, static_cast<double>(dims.count()) - unbiased)) {
    check(x.is_floating_point(), "{}: expected float32 or float64, got {}", name, x.scalar_type());
  }
  Tensor values(const Tensor& x, bool keepdim) const {
    const NoGradGuard unrecorded;
    return sum_values((x - mean(x, over, true)).square(), dims, keepdim, degrees);
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

// ---- extreme elements --------------------------------------------------------------------------

Tensor amax(const Tensor& x, IntArrayRef dim, bool keepdim) {
  return extreme<kernels::Max>("amax", x, dim, keepdim);
}
Tensor amin(const Tensor& x, IntArrayRef dim, bool keepdim) {
  return extreme<kernels::Min>("amin", x, dim, keepdim);
}
Tensor max(const Tensor& x) { return extreme<kernels::Max>("max", x, {}, false); }
Tensor min(const Tensor& x) { return extreme<kernels::Min>("min", x, {}, false); }
std::tuple<Tensor, Tensor> max(const Tensor& x, int64_t dim, bool keepdim) {
  return extreme_along<kernels::Max>("max", x, dim, keepdim);
}
std::tuple<Tensor, Tensor> min(const Tensor& x, int64_t dim, bool keepdim) {
  return extreme_along<kernels::Min>("min", x, dim, keepdim);
}
Tensor max(const Tensor& x, const Tensor& other) { return x.maximum(other); }
Tensor min(const Tensor& x, const Tensor& other) { return x.minimum(other); }
Tensor argmax(const Tensor& x, std::optional<int64_t> dim, bool keepdim) {
  return arg_extreme<kernels::Max>("argmax", x, dim, keepdim);
}
Tensor argmin(const Tensor& x, std::optional<int64_t> dim, bool keepdim) {
  return arg_extreme<kernels::Min>("argmin", x, dim, keepdim);
}

// ---- yes or no ---------------------------------------------------------------------------------

Tensor any(const Tensor& x) { return test<kernels::Any>(x, {}, false); }
Tensor any(const Tensor& x, int64_t dim, bool keepdim) {
  return test<kernels::Any>(x, dim, keepdim);
}
Tensor all(const Tensor& x) { return test<kernels::All>(x, {}, false); }
Tensor all(const Tensor& x, int64_t dim, bool keepdim) {
  return test<kernels::All>(x, dim, keepdim);
}

// ---- all dimensions, and the methods -----------------------------------------------------------

Tensor sum(const Tensor& x, std::optional<ScalarType> dtype) { return sum(x, {}, false, dtype); }
Tensor mean(const Tensor& x, std::optional<ScalarType> dtype) { return mean(x, {}, false, dtype); }

Tensor Tensor::sum(std::optional<ScalarType> dtype) const { return adjoint::sum(*this, dtype); }
Tensor Tensor::sum(IntArrayRef dim, bool keepdim, std::optional<ScalarType> dtype) const {
  return adjoint::sum(*this, dim, keepdim, dtype);
}
Tensor Tensor::mean(std::optional<ScalarType> dtype) const { return adjoint::mean(*this, dtype); }
Tensor Tensor::mean(IntArrayRef dim, bool keepdim, std::optional<ScalarType> dtype) const {
  return adjoint::mean(*this, dim, keepdim, dtype);
}
Tensor Tensor::max() const { return adjoint::max(*this); }
std::tuple<Tensor, Tensor> Tensor::max(int64_t dim, bool keepdim) const {
  return adjoint::max(*this, dim, keepdim);
}
Tensor Tensor::min() const { return adjoint::min(*this); }
std::tuple<Tensor, Tensor> Tensor::min(int64_t dim, bool keepdim) const {
  return adjoint::min(*this, dim, keepdim);
}
Tensor Tensor::amax(IntArrayRef dim, bool keepdim) const {
  return adjoint::amax(*this, dim, keepdim);
}
Tensor Tensor::amin(IntArrayRef dim, bool keepdim) const {
  return adjoint::amin(*this, dim, keepdim);
}
Tensor Tensor::argmax(std::optional<int64_t> dim, bool keepdim) const {
  return adjoint::argmax(*this, dim, keepdim);
}
Tensor Tensor::argmin(std::optional<int64_t> dim, bool keepdim) const {
  return adjoint::argmin(*this, dim, keepdim);
}
Tensor Tensor::any() const { return adjoint::any(*this); }
Tensor Tensor::any(int64_t dim, bool keepdim) const { return adjoint::any(*this, dim, keepdim); }
Tensor Tensor::all() const { return adjoint::all(*this); }
Tensor Tensor::all(int64_t dim, bool keepdim) const { return adjoint::all(*this, dim, keepdim); }
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
