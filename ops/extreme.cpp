#include "adjoint/autograd/record.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/index.h"
#include "adjoint/ops/kernels/arg_extreme.h"
#include "adjoint/ops/reduce.h"
#include "adjoint/ops/reduced.h"

namespace adjoint {
namespace {

using autograd::Grads;

/// Throws Error if something is asked of no elements that has no answer for none.
void check_not_empty(const char* name, const Tensor& x, const Reduced& dims) {
  check(dims.count() > 0 || numel(dims.result(false)) == 0,
        "{}: there is no extreme element where a reduced dimension has size 0: {}", name,
        x.describe());
}

/// Calls f with the C++ type in which elements of that dtype are compared: bools as bytes.
template <class F>
void dispatch_comparable(ScalarType dtype, const F& f) {
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    f(std::type_identity<std::conditional_t<std::is_same_v<T, bool>, uint8_t, T>>());
  });
}

template <template <class> class Fold>
Tensor extreme_values(const Tensor& x, const Reduced& dims, bool keepdim) {
  Tensor y = empty(dims.result(keepdim), x.options());
  const auto plan = kernels::plan_reduction(x.sizes(), x.strides(), dims.mask);
  dispatch_comparable(x.scalar_type(), [&]<class T>(std::type_identity<T>) {
    kernels::reduce<Fold<T>>(plan, static_cast<const T*>(x.data_ptr()),
                             static_cast<T*>(y.data_ptr()));
  });
  return y;
}

template <template <class> class Fold>
Tensor extreme(const char* name, const Tensor& x, IntArrayRef dim, bool keepdim) {
  const Reduced dims(name, x, dim);
  check_not_empty(name, x, dims);
  Tensor y = extreme_values<Fold>(x, dims, keepdim);
  return autograd::record(
      name, y, {x},
      [dims, keepdim, x = autograd::save(x), y = autograd::save_output(y)](const Tensor& g) {
        const Tensor at = x.get(), best = dims.restore(y.get(), keepdim);
        const Tensor hits = at.eq(best).logical_or(at.isnan()).to(g.scalar_type());
        const Tensor each = dims.restore(g, keepdim) / hits.sum_to_size(best.sizes());
        return Grads{hits * each};
      });
}

/// Values and indices of the extreme elements along one dimension.
template <template <class> class Fold>
std::tuple<Tensor, Tensor> arg_extreme_values(const char* name, const Tensor& x, int64_t dim,
                                              bool keepdim) {
  const int64_t d = wrap_dim(name, dim, x.dim());
  const Reduced dims(name, x, d);
  check_not_empty(name, x, dims);
  const Tensor in = x.contiguous();
  Tensor values = empty(dims.result(keepdim), x.options());
  Tensor indices = empty(dims.result(keepdim), kInt64);
  if (values.numel() > 0) {
    const IntArrayRef sizes = x.sizes();
    const auto axis = static_cast<std::size_t>(d);
    const int64_t inner = sizes.empty() ? 1 : numel(sizes.slice(axis + 1));
    const int64_t outer = sizes.empty() ? 1 : numel(sizes.slice(0, axis));
    dispatch_comparable(x.scalar_type(), [&]<class T>(std::type_identity<T>) {
      kernels::arg_extreme<Fold<T>>(static_cast<const T*>(in.data_ptr()), outer, dims.count(),
                                    inner, static_cast<T*>(values.data_ptr()),
                                    indices.data_ptr<int64_t>());
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
  values = autograd::record(name, values, {x},
                            [dims = Reduced(name, x, dim), dim, keepdim,
                             index = autograd::save(indices)](const Tensor& g) {
                              const Tensor at = dims.restore(index.get(), keepdim);
                              return Grads{scatter_add(zeros(dims.sizes, g.options()), dim, at,
                                                       dims.restore(g, keepdim))};
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

/// Whether some element of a bool tensor is true.
Tensor some(const char* name, const Tensor& x, IntArrayRef dim, bool keepdim) {
  return extreme_values<kernels::Max>(x, Reduced(name, x, dim), keepdim);
}

/// The dtype of any(x) and all(x).
ScalarType answer_dtype(const Tensor& x) { return x.scalar_type() == kUInt8 ? kUInt8 : kBool; }

Tensor any_of(const Tensor& x, IntArrayRef dim, bool keepdim) {
  return some("any", x.detach().to(kBool), dim, keepdim).to(answer_dtype(x));
}
Tensor all_of(const Tensor& x, IntArrayRef dim, bool keepdim) {
  return some("all", x.eq(0), dim, keepdim).logical_not().to(answer_dtype(x));
}

}  // namespace

// ---- extreme elements --------------------------------------------------------------------------

Tensor amax(const Tensor& x, IntArrayRef dim, bool keepdim) {
  return extreme<kernels::Max>("amax", x, dim, keepdim);
}
Tensor amin(const Tensor& x, IntArrayRef dim, bool keepdim) {
  return extreme<kernels::Min>("amin", x, dim, keepdim);
}
std::tuple<Tensor, Tensor> aminmax(const Tensor& x, std::optional<int64_t> dim, bool keepdim) {
  const IntArrayRef over = dim ? IntArrayRef(*dim) : IntArrayRef();
  dim_mask("aminmax", over, x.dim());
  return {amin(x, over, keepdim), amax(x, over, keepdim)};
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

Tensor any(const Tensor& x) { return any_of(x, {}, false); }
Tensor any(const Tensor& x, int64_t dim, bool keepdim) { return any_of(x, dim, keepdim); }
Tensor all(const Tensor& x) { return all_of(x, {}, false); }
Tensor all(const Tensor& x, int64_t dim, bool keepdim) { return all_of(x, dim, keepdim); }

// ---- the methods ------------------------------------------------------------------------------

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
std::tuple<Tensor, Tensor> Tensor::aminmax(std::optional<int64_t> dim, bool keepdim) const {
  return adjoint::aminmax(*this, dim, keepdim);
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

}  // namespace adjoint
