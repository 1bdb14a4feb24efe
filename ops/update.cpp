#include "adjoint/ops/update.h"

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/elementwise.h"

namespace adjoint {

using autograd::Grads;
using autograd::Needs;
using autograd::needs_recording;
using autograd::record;
using autograd::save;
using elementwise::save_if;

namespace {

ScalarType common_dtype(const Tensor& a, const Tensor& b, const Tensor& c) {
  return promoteTypes(result_type(a, b), result_type(a, c));
}

Dims common_shape(const Tensor& a, const Tensor& b, const Tensor& c) {
  return broadcast_shapes(a.sizes(), broadcast_shapes(b.sizes(), c.sizes()));
}

/// out = f(value, a, b, c), f computing in the dtype of `out`.
template <class F>
void with_value(F f, const Tensor& out, const Tensor& a, const Tensor& b, const Tensor& c,
                const Scalar& value) {
  const ScalarType dtype = out.scalar_type();
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    kernels::map<T, T, T, T>(
        [f, v = kernels::convert_scalar<T>(value)](T x, T y, T z) { return f(v, x, y, z); }, out,
        kernels::converted(a, dtype), kernels::converted(b, dtype), kernels::converted(c, dtype));
  });
}

constexpr auto kAddProduct = []<class T>(T value, T x, T y, T z) {
  return kernels::wrapping_sum(x,
                               kernels::wrapping_product(kernels::wrapping_product(value, y), z));
};
// Of floating-point numbers only: check_divisible comes first.
constexpr auto kAddQuotient = [](auto value, auto x, auto y, auto z) { return x + value * y / z; };

void check_value(const char* name, ScalarType dtype, const Scalar& value) {
  check(!value.isFloatingPoint() || isFloatingType(dtype),
        "{}: value is a fraction, {}, but the tensors are integers ({})", name, value.toDouble(),
        dtype);
}

void check_divisible(const char* name, ScalarType dtype) {
  check(isFloatingType(dtype), "{}: expected float32 or float64 tensors, got {}", name, dtype);
}

/// The in-place form of both: f(value, self, b, c) into self.
template <class F, class Recorded>
Tensor& update_(const char* name, F f, const Tensor& self, const Tensor& b, const Tensor& c,
                const Scalar& value, ScalarType dtype, const Recorded& recorded) {
  elementwise::check_in_place(name, self, b, dtype);
  elementwise::check_in_place(name, self, c, dtype);
  if (needs_recording({self, b, c})) {
    autograd::assign_(self, recorded());
    return const_cast<Tensor&>(self);
  }
  autograd::check_inplace(name, self);
  if (dtype == self.scalar_type()) {
    with_value(f, self, self, kernels::unaliased(b, self), kernels::unaliased(c, self), value);
  } else {
    const Tensor result = empty(self.sizes(), dtype);
    with_value(f, result, self, b, c, value);
    kernels::copy(self, result);
  }
  autograd::bump_version(self);
  return const_cast<Tensor&>(self);
}

}  // namespace

Tensor addcmul(const Tensor& self, const Tensor& tensor1, const Tensor& tensor2,
               const Scalar& value) {
  const ScalarType dtype = common_dtype(self, tensor1, tensor2);
  check_value("addcmul", dtype, value);
  Tensor y = empty(common_shape(self, tensor1, tensor2), dtype);
  with_value(kAddProduct, y, self, tensor1, tensor2, value);
  if (!needs_recording({self, tensor1, tensor2})) return y;
  return record(
      "addcmul", y, {self, tensor1, tensor2},
      [a = save_if(tensor2.requires_grad(), tensor1), b = save_if(tensor1.requires_grad(), tensor2),
       value](const Tensor& g, Needs needs) {
        return Grads{g, needs[1] ? g * (b.get() * value) : Tensor(),
                     needs[2] ? g * (a.get() * value) : Tensor()};
      });
}

Tensor addcdiv(const Tensor& self, const Tensor& tensor1, const Tensor& tensor2,
               const Scalar& value) {
  const ScalarType dtype = common_dtype(self, tensor1, tensor2);
  check_divisible("addcdiv", dtype);
  Tensor y = empty(common_shape(self, tensor1, tensor2), dtype);
  with_value(kAddQuotient, y, self, tensor1, tensor2, value);
  if (!needs_recording({self, tensor1, tensor2})) return y;
  return record("addcdiv", y, {self, tensor1, tensor2},
                [a = save_if(tensor2.requires_grad(), tensor1), b = save(tensor2), value](
                    const Tensor& g, Needs needs) {
                  Grads grads{g, Tensor(), Tensor()};
                  if (!needs[1] && !needs[2]) return grads;
                  const Tensor d = b.get();
                  const Tensor ga = g * (value / d);
                  if (needs[1]) grads[1] = ga;
                  if (needs[2]) grads[2] = -(ga * (a.get() / d));
                  return grads;
                });
}

Tensor& Tensor::addcmul_(const Tensor& tensor1, const Tensor& tensor2, const Scalar& value) const {
  const ScalarType dtype = common_dtype(*this, tensor1, tensor2);
  check_value("addcmul_", dtype, value);
  return update_("addcmul_", kAddProduct, *this, tensor1, tensor2, value, dtype,
                 [&] { return adjoint::addcmul(*this, tensor1, tensor2, value); });
}

Tensor& Tensor::addcdiv_(const Tensor& tensor1, const Tensor& tensor2, const Scalar& value) const {
  const ScalarType dtype = common_dtype(*this, tensor1, tensor2);
  check_divisible("addcdiv_", dtype);
  return update_("addcdiv_", kAddQuotient, *this, tensor1, tensor2, value, dtype,
                 [&] { return adjoint::addcdiv(*this, tensor1, tensor2, value); });
}

namespace {

/// From the nearer end, so that weight 0 and weight 1 give the ends exactly.
void interpolate(const char* name, const Tensor& out, const Tensor& a, const Tensor& b,
                 const Scalar& weight) {
  check(a.scalar_type() == b.scalar_type(), "{}: expected both ends in one dtype, got {} and {}",
        name, a.scalar_type(), b.scalar_type());
  dispatch_floating(name, a.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const T w = weight.to<T>();
    if (w < T(0.5)) {
      kernels::map<T, T, T>([w](T x, T y) { return x + w * (y - x); }, out, a, b);
    } else {
      kernels::map<T, T, T>([v = 1 - w](T x, T y) { return y - v * (y - x); }, out, a, b);
    }
  });
}

}  // namespace

Tensor lerp(const Tensor& self, const Tensor& end, const Scalar& weight) {
  Tensor y = elementwise::broadcast_result(self, end, self.scalar_type());
  interpolate("lerp", y, self, end, weight);
  return record("lerp", y, {self, end}, [w = weight.toDouble()](const Tensor& g, Needs needs) {
    return Grads{needs[0] ? g * (1 - w) : Tensor(), needs[1] ? g * w : Tensor()};
  });
}

Tensor& Tensor::lerp_(const Tensor& end, const Scalar& weight) const {
  return elementwise::in_place(
      "lerp_", *this, end, scalar_type(),
      [&](const Tensor& out, const Tensor& a, const Tensor& b) {
        interpolate("lerp_", out, a, b, weight);
      },
      [&] { return adjoint::lerp(*this, end, weight); });
}

}  // namespace adjoint
