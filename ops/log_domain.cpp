#include "adjoint/ops/log_domain.h"

#include <cmath>
#include <numbers>

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/choose.h"
#include "adjoint/ops/compare.h"
#include "adjoint/ops/elementwise.h"

namespace adjoint {
namespace {

using autograd::Grads;
using autograd::Needs;
using elementwise::broadcast_result;
using elementwise::map_floating;
using elementwise::real_dtype;
using elementwise::save_if;
using elementwise::wrapped_number;

/// The greater one, and what the other adds to it: log(1 + exp(-|a - b|)). Equal infinities have no
/// difference.
struct LogAddExp {
  template <class T>
  T operator()(T a, T b) const {
    const T greater = a > b ? a : b;
    return a == b && std::isinf(a) ? a : greater + std::log1p(std::exp(-std::abs(a - b)));
  }
};
struct LogAddExp2 {
  template <class T>
  T operator()(T a, T b) const {
    const T greater = a > b ? a : b;
    const T more = std::log1p(std::exp2(-std::abs(a - b))) * std::numbers::log2e_v<T>;
    return a == b && std::isinf(a) ? a : greater + more;
  }
};
struct XLogY {
  template <class T>
  T operator()(T x, T y) const {
    return x == 0 && !std::isnan(y) ? T(0) : x * std::log(y);
  }
};

/// The gradients of log(c^a + c^b): the shares of the two powers, sigmoid(log(c) (a - b)) and what
/// that leaves of 1.
template <class F>
Tensor log_add(const char* name, F f, const Tensor& a, const Tensor& b, double log_base) {
  Tensor y = broadcast_result(name, a, b, result_type(a, b));
  map_floating(name, f, y, a, b);
  if (!autograd::needs_recording({a, b})) return y;
  return autograd::record(
      name, y, {a, b},
      [a = autograd::save(a), b = autograd::save(b), log_base](const Tensor& g, Needs needs) {
        const Tensor difference = (a.get() - b.get()) * log_base;
        return Grads{needs[0] ? g * difference.sigmoid() : Tensor(),
                     needs[1] ? g * difference.neg().sigmoid() : Tensor()};
      });
}

}  // namespace

Tensor logaddexp(const Tensor& self, const Tensor& other) {
  return log_add("logaddexp", LogAddExp(), self, other, 1);
}

Tensor logaddexp2(const Tensor& self, const Tensor& other) {
  return log_add("logaddexp2", LogAddExp2(), self, other, std::numbers::ln2);
}

Tensor xlogy(const Tensor& self, const Tensor& other) {
  Tensor y = broadcast_result("xlogy", self, other, real_dtype(result_type(self, other)));
  map_floating("xlogy", XLogY(), y, self, other);
  if (!autograd::needs_recording({self, other})) return y;
  return autograd::record(
      "xlogy", y, {self, other},
      [x = autograd::save(self), y = autograd::save(other)](const Tensor& g, Needs needs) {
        Grads grads(2);
        if (needs[0]) {
          const Tensor flat = (x.get() == 0).logical_and(y.get() <= 0);  // 0 whatever the log is
          grads[0] = g * y.get().log().masked_fill(flat, 0);
        }
        if (needs[1]) grads[1] = g * x.get() / y.get();
        return grads;
      });
}
Tensor xlogy(const Tensor& self, const Scalar& other) { return xlogy(self, wrapped_number(other)); }
Tensor xlogy(const Scalar& self, const Tensor& other) { return xlogy(wrapped_number(self), other); }

// ---- the methods --------------------------------------------------------------------------------

Tensor Tensor::logaddexp(const Tensor& other) const { return adjoint::logaddexp(*this, other); }
Tensor Tensor::logaddexp2(const Tensor& other) const { return adjoint::logaddexp2(*this, other); }
Tensor Tensor::xlogy(const Tensor& other) const { return adjoint::xlogy(*this, other); }
Tensor Tensor::xlogy(const Scalar& other) const { return adjoint::xlogy(*this, other); }

Tensor& Tensor::xlogy_(const Tensor& other) const {
  return elementwise::in_place(
      "xlogy_", *this, other, real_dtype(result_type(*this, other)),
      [](const Tensor& out, const Tensor& x, const Tensor& y) {
        map_floating("xlogy_", XLogY(), out, x, y);
      },
      [&] { return clone().xlogy(other); });
}
Tensor& Tensor::xlogy_(const Scalar& other) const { return xlogy_(wrapped_number(other)); }

}  // namespace adjoint
