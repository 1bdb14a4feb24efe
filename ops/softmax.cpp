#include "adjoint/ops/softmax.h"

#include <algorithm>

#include "adjoint/core/parallel.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/elementwise.h"
#include "adjoint/ops/kernels/reduce.h"
#include "adjoint/ops/kernels/vector_math.h"
#include "adjoint/ops/reduce.h"

namespace adjoint {
namespace {

constexpr auto kDifference = [](auto a, auto b) { return a - b; };
constexpr auto kProduct = [](auto a, auto b) { return a * b; };
constexpr auto kQuotient = [](auto a, auto b) { return a / b; };

// Always inlined: the loops over it would not vectorise otherwise.
struct ExpTimes {
  template <class T>
  [[gnu::always_inline]] T operator()(T a, T b) const {
    return kernels::exp(a) * b;
  }
};

using autograd::Grads;
using autograd::Needs;
using autograd::needs_recording;
using autograd::save;

Tensor input_of(const char* name, const Tensor& x, std::optional<ScalarType> dtype) {
  const Tensor input = dtype ? x.to(*dtype) : x;
  check(input.is_floating_point(),
        "{}: expected float32 or float64, got {}; name the dtype to compute in", name,
        input.scalar_type());
  return input;
}

/// Calls compute(y, dim, x...) for a new y of the shape that all x have, unrecorded. Where they are
/// large and `dim` is the last dimension, that is done for some rows at a time, so that all passes
/// but the first find them in the cache: half the time on 4 million elements.
template <class Compute, class... Inputs>
Tensor along(int64_t dim, const Compute& compute, const Tensor& first, const Inputs&... more) {
  constexpr int64_t kBlock = 32 * 1024;
  const NoGradGuard unrecorded;
  Tensor y = empty(first.sizes(), first.scalar_type());
  if (y.numel() == 0) return y;
  const bool contiguous = (first.is_contiguous() && ... && more.is_contiguous());
  if (y.numel() <= kBlock || dim != y.dim() - 1 || !contiguous) {
    compute(y, dim, first, more...);
    return y;
  }
  const int64_t size = y.size(dim), rows = y.numel() / size;
  parallel_for(0, rows, std::max<int64_t>(1, kBlock / size), [&](int64_t begin, int64_t end) {
    const NoGradGuard unrecorded_here;  // it is the thread's
    const auto part = [&](const Tensor& t) {
      return t.alias({end - begin, size}, {size, 1}, t.storage_offset() + begin * size);
    };
    compute(part(y), 1, part(first), part(more)...);
  });
  return y;
}

/// softmax_backward of contiguous rows one by one, which stay in the first-level cache: a fifth
/// less time on 4 million elements than by whole tensors, and the same bits while a row is one
/// segment of a sum.
void softmax_backward_of_rows(const Tensor& dx, const Tensor& grad_output, const Tensor& output) {
  dispatch_floating("softmax_backward", dx.scalar_type(), [&]<class T>(std::type_identity<T>) {
    using namespace kernels::reduce_detail;
    const int64_t n = dx.sizes().back();
    T* const to = dx.data_ptr<T>();
    const T *const g = grad_output.data_ptr<T>(), *const y = output.data_ptr<T>();
    for (int64_t row = 0; row < dx.numel(); row += n) {
      for (int64_t i = row; i < row + n; ++i) to[i] = g[i] * y[i];
      const auto total =
          static_cast<T>(fold_elements<kernels::Sum<T>>(to + row, n, 1, 1, Steps({}, 0)));
      for (int64_t i = row; i < row + n; ++i) to[i] = (g[i] - total) * y[i];
    }
  });
}

int64_t dim_of_gradient(const char* name, const Tensor& grad_output, const Tensor& output,
                        int64_t dim) {
  if (grad_output.sizes() != output.sizes() || grad_output.scalar_type() != output.scalar_type()) {
    fail("{}: expected a gradient of the output's shape and dtype, {}, got {}", name,
         output.describe(), grad_output.describe());
  }
  return wrap_dim(name, dim, output.dim());
}

}  // namespace

Tensor softmax(const Tensor& x, int64_t dim, std::optional<ScalarType> dtype) {
  const Tensor input = input_of("softmax", x, dtype);
  const int64_t d = wrap_dim("softmax", dim, input.dim());
  const auto compute = [](const Tensor& y, int64_t dim, const Tensor& x) {
    elementwise::map_floating("softmax", kernels::ExpOfDifference(), y, x, amax(x, dim, true));
    elementwise::map_floating("softmax", kQuotient, y, y, sum(y, dim, true));
  };
  const Tensor y = along(d, compute, input);
  return autograd::record("softmax", y, {input},
                          [d, y = autograd::save_output(y)](const Tensor& g) {
                            return Grads{softmax_backward(g, y.get(), d)};
                          });
}

Tensor log_softmax(const Tensor& x, int64_t dim, std::optional<ScalarType> dtype) {
  const Tensor input = input_of("log_softmax", x, dtype);
  const int64_t d = wrap_dim("log_softmax", dim, input.dim());
  const auto compute = [](const Tensor& y, int64_t dim, const Tensor& x) {
    elementwise::map_floating("log_softmax", kDifference, y, x, amax(x, dim, true));
    const Tensor log_total = sum(y.exp(), dim, true).log();
    elementwise::map_floating("log_softmax", kDifference, y, y, log_total);
  };
  const Tensor y = along(d, compute, input);
  return autograd::record("log_softmax", y, {input},
                          [d, y = autograd::save_output(y)](const Tensor& g) {
                            return Grads{log_softmax_backward(g, y.get(), d)};
                          });
}

Tensor softmax_backward(const Tensor& grad_output, const Tensor& output, int64_t dim) {
  dim = dim_of_gradient("softmax_backward", grad_output, output, dim);
  const auto compute = [](const Tensor& dx, int64_t dim, const Tensor& g, const Tensor& y) {
    const bool rows = dim == dx.dim() - 1 && g.is_contiguous() && y.is_contiguous();
    if (rows && dx.size(dim) <= kernels::reduce_detail::kSegment) {
      return softmax_backward_of_rows(dx, g, y);
    }
    elementwise::map_floating("softmax_backward", kProduct, dx, g, y);
    const Tensor total = sum(dx, dim, true);
    elementwise::map_floating("softmax_backward", kDifference, dx, g, total);
    elementwise::map_floating("softmax_backward", kProduct, dx, dx, y);
  };
  const Tensor dx = along(dim, compute, grad_output, output);
  if (!needs_recording({grad_output, output})) return dx;
  return autograd::record(
      "softmax_backward", dx, {grad_output, output},
      [dim, g = save(grad_output), y = save(output)](const Tensor& gg, Needs needs) {
        Grads grads(2);
        const Tensor p = y.get();
        if (needs[0]) grads[0] = softmax_backward(gg, p, dim);
        if (needs[1]) {  // of y (g - Σ g y)
          const Tensor upstream = g.get();
          grads[1] =
              gg * (upstream - sum(upstream * p, dim, true)) - upstream * sum(gg * p, dim, true);
        }
        return grads;
      });
}

Tensor log_softmax_backward(const Tensor& grad_output, const Tensor& output, int64_t dim) {
  dim = dim_of_gradient("log_softmax_backward", grad_output, output, dim);
  const auto compute = [](const Tensor& dx, int64_t dim, const Tensor& g, const Tensor& y) {
    elementwise::map_floating("log_softmax_backward", ExpTimes(), dx, y, sum(g, dim, true));
    elementwise::map_floating("log_softmax_backward", kDifference, dx, g, dx);
  };
  const Tensor dx = along(dim, compute, grad_output, output);
  if (!needs_recording({grad_output, output})) return dx;
  return autograd::record(
      "log_softmax_backward", dx, {grad_output, output},
      [dim, g = save(grad_output), y = save(output)](const Tensor& gg, Needs needs) {
        Grads grads(2);
        const Tensor weighted = gg * y.get().exp();
        if (needs[0]) grads[0] = gg - sum(weighted, dim, true);
        if (needs[1]) grads[1] = -(weighted * sum(g.get(), dim, true));
        return grads;
      });
}

Tensor Tensor::softmax(int64_t dim, std::optional<ScalarType> dtype) const {
  return adjoint::softmax(*this, dim, dtype);
}
Tensor Tensor::log_softmax(int64_t dim, std::optional<ScalarType> dtype) const {
  return adjoint::log_softmax(*this, dim, dtype);
}

}  // namespace adjoint
