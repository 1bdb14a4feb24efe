#include "adjoint/ops/softmax.h"

#include "adjoint/autograd/record.h"
#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/reduce.h"

namespace adjoint {
namespace {

using autograd::Grads;

Tensor input_of(const char* name, const Tensor& x, std::optional<ScalarType> dtype) {
  const Tensor input = dtype ? x.to(*dtype) : x;
  check(input.is_floating_point(),
        "{}: expected float32 or float64, got {}; name the dtype to compute in", name,
        input.scalar_type());
  return input;
}

/// x minus its largest value along dim; unknown to autograd, since it cancels out.
Tensor shifted(const Tensor& x, int64_t dim) { return x.numel() == 0 ? x : x - amax(x, dim, true); }

}  // namespace

Tensor softmax(const Tensor& x, int64_t dim, std::optional<ScalarType> dtype) {
  const Tensor input = input_of("softmax", x, dtype);
  const int64_t d = wrap_dim(dim, input.dim());
  Tensor y = [&] {
    const NoGradGuard unrecorded;
    const Tensor e = shifted(input, d).exp();
    return e / sum(e, d, true);
  }();
  return autograd::record("softmax", y, {input},
                          [d, y = autograd::save_output(y)](const Tensor& g) {
                            const Tensor p = y.get(), weighted = g * p;
                            return Grads{weighted - p * sum(weighted, d, true)};
                          });
}

Tensor log_softmax(const Tensor& x, int64_t dim, std::optional<ScalarType> dtype) {
  const Tensor input = input_of("log_softmax", x, dtype);
  const int64_t d = wrap_dim(dim, input.dim());
  Tensor y = [&] {
    const NoGradGuard unrecorded;
    const Tensor z = shifted(input, d);
    return z - sum(z.exp(), d, true).log();
  }();
  return autograd::record("log_softmax", y, {input},
                          [d, y = autograd::save_output(y)](const Tensor& g) {
                            return Grads{g - y.get().exp() * sum(g, d, true)};
                          });
}

Tensor Tensor::softmax(int64_t dim, std::optional<ScalarType> dtype) const {
  return adjoint::softmax(*this, dim, dtype);
}
Tensor Tensor::log_softmax(int64_t dim, std::optional<ScalarType> dtype) const {
  return adjoint::log_softmax(*this, dim, dtype);
}

}  // namespace adjoint
