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
  return elementwise::in_place(
      name, self, b, c, dtype,
      [&](const Tensor& out, const Tensor& x, const Tensor& y, const Tensor& z) {
        with_value(f, out, x, y, z, value);
      },
      recorded);
}

}  // namespace

Tensor addcmul(const Tensor& self, const Tensor& tensor1, const Tensor& tensor2,
               const Scalar& value) {
  const ScalarType dtype = common_dtype(self, tensor1, tensor2);
  check_value("addcmul", dtype, value);
  Tensor y = elementwise::broadcast_result("addcmul", self, tensor1, tensor2, dtype);
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
  Tensor y = elementwise::broadcast_result("addcdiv", self, tensor1, tensor2, dtype);
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

Tensor Tensor::addcmul(const Tensor& tensor1, const Tensor& tensor2, const Scalar& value) const {
  return adjoint::addcmul(*this, tensor1, tensor2, value);
}

Tensor Tensor::addcdiv(const Tensor& tensor1, const Tensor& tensor2, const Scalar& value) const {
  return adjoint::addcdiv(*this, tensor1, tensor2, value);
}

// ---- lerp ---------------------------------------------------------------------------------------

namespace {

void check_one_dtype(const char* name, const Tensor& a, const Tensor& b, const Tensor& weight) {
  check(a.scalar_type() == b.scalar_type() && a.scalar_type() == weight.scalar_type(),
        "{}: expected one dtype, got {}, {} and, for the weight, {}", name, a.scalar_type(),
        b.scalar_type(), weight.scalar_type());
}

/// From the nearer end, so that weight 0 and weight 1 give the ends exactly.
void interpolate(const char* name, const Tensor& out, const Tensor& a, const Tensor& b,
                 const Scalar& weight) {
  check_one_dtype(name, a, b, a);
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
  Tensor y = elementwise::broadcast_result("lerp", self, end, self.scalar_type());
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

Tensor Tensor::lerp(const Tensor& end, const Scalar& weight) const {
  return adjoint::lerp(*this, end, weight);
}

namespace {

constexpr auto kInterpolate = []<class T>(T x, T y, T w) -> T {
  return w < T(0.5) ? x + w * (y - x) : y - (1 - w) * (y - x);
};

}  // namespace

Tensor lerp(const Tensor& self, const Tensor& end, const Tensor& weight) {
  check_one_dtype("lerp", self, end, weight);
  Tensor y = elementwise::broadcast_result("lerp", self, end, weight, self.scalar_type());
  elementwise::map_floating("lerp", kInterpolate, y, self, end, weight);
  if (!needs_recording({self, end, weight})) return y;
  return record(
      "lerp", y, {self, end, weight},
      [a = save_if(weight.requires_grad(), self), b = save_if(weight.requires_grad(), end),
       w = save(weight)](const Tensor& g, Needs needs) {
        return Grads{needs[0] ? g * (1 - w.get()) : Tensor(), needs[1] ? g * w.get() : Tensor(),
                     needs[2] ? g * (b.get() - a.get()) : Tensor()};
      });
}

Tensor Tensor::lerp(const Tensor& end, const Tensor& weight) const {
  return adjoint::lerp(*this, end, weight);
}

Tensor& Tensor::lerp_(const Tensor& end, const Tensor& weight) const {
  check_one_dtype("lerp_", *this, end, weight);
  return elementwise::in_place(
      "lerp_", *this, end, weight, scalar_type(),
      [](const Tensor& out, const Tensor& x, const Tensor& y, const Tensor& w) {
        elementwise::map_floating("lerp_", kInterpolate, out, x, y, w);
      },
      [&] { return adjoint::lerp(clone(), end, weight); });
}

}  // namespace adjoint
