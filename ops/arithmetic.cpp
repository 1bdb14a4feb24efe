#include "adjoint/ops/arithmetic.h"

#include "adjoint/ops/elementwise.h"

namespace adjoint {

using autograd::Grads;
using autograd::Needs;
using autograd::needs_recording;
using autograd::record;
using autograd::save;
using elementwise::broadcast_result;
using elementwise::in_place;
using elementwise::real_dtype;
using elementwise::save_if;
using kernels::convert_scalar;

namespace {

struct Plus {
  template <class T>
  T operator()(T a, T b) const {
    return kernels::wrapping_sum(a, b);
  }
};
struct Minus {
  template <class T>
  T operator()(T a, T b) const {
    return kernels::wrapping_difference(a, b);
  }
};
struct Times {
  template <class T>
  T operator()(T a, T b) const {
    return kernels::wrapping_product(a, b);
  }
};

void check_alpha(const char* name, ScalarType dtype, const Scalar& alpha) {
  check(!alpha.isBoolean() || dtype == kBool, "{}: a bool alpha needs bool tensors, got {}", name,
        dtype);
  check(!alpha.isFloatingPoint() || isFloatingType(dtype),
        "{}: alpha is a fraction, {}, but the tensors are integers ({})", name, alpha.toDouble(),
        dtype);
}

void check_subtractable(const char* name, ScalarType a, ScalarType b) {
  check(a != kBool && b != kBool,
        "{}: a bool cannot be subtracted or negated; use logical_not or ne, or convert it with "
        "x.to(torch::kInt64)",
        name);
}

/// out = a ± alpha b
template <class Sum>
void add_scaled(Sum sum, const Tensor& out, const Tensor& a, const Tensor& b, const Scalar& alpha) {
  if (alpha == Scalar(1)) return elementwise::map(sum, out, a, b);
  dispatch(out.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const auto f = [sum, s = convert_scalar<T>(alpha)](T x, T y) { return sum(x, Times()(s, y)); };
    kernels::map<T, T, T>(f, out, kernels::converted(a, out.scalar_type()),
                          kernels::converted(b, out.scalar_type()));
  });
}

/// out = f(a, alpha b) with a number b
template <class F>
void with_number(F f, const Tensor& out, const Tensor& a, const Scalar& b,
                 const Scalar& alpha = 1) {
  dispatch(out.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const T s = Times()(convert_scalar<T>(alpha), convert_scalar<T>(b));
    kernels::map<T, T>([f, s](T x) { return f(x, s); }, out,
                       kernels::converted(a, out.scalar_type()));
  });
}

}  // namespace

// ---- add, sub -----------------------------------------------------------------------------------

Tensor Tensor::add(const Tensor& other, const Scalar& alpha) const {
  const ScalarType dtype = result_type(*this, other);
  check_alpha("add", dtype, alpha);
  Tensor y = broadcast_result("add", *this, other, dtype);
  add_scaled(Plus(), y, *this, other, alpha);
  return record("add", y, {*this, other}, [alpha](const Tensor& g, Needs needs) {
    return Grads{g, needs[1] ? (alpha == Scalar(1) ? g : g * alpha) : Tensor()};
  });
}

Tensor Tensor::add(const Scalar& other, const Scalar& alpha) const {
  const ScalarType dtype = result_type(*this, other);
  check_alpha("add", dtype, alpha);
  Tensor y = empty(sizes(), dtype);
  with_number(Plus(), y, *this, other, alpha);
  return record("add", y, {*this}, [](const Tensor& g) { return Grads{g}; });
}

Tensor& Tensor::add_(const Tensor& other, const Scalar& alpha) const {
  const ScalarType dtype = result_type(*this, other);
  check_alpha("add_", dtype, alpha);
  return in_place(
      "add_", *this, other, dtype,
      [&](const Tensor& out, const Tensor& a, const Tensor& b) {
        add_scaled(Plus(), out, a, b, alpha);
      },
      [&] { return add(other, alpha); });
}

Tensor& Tensor::add_(const Scalar& other, const Scalar& alpha) const {
  const ScalarType dtype = result_type(*this, other);
  check_alpha("add_", dtype, alpha);
  return in_place(
      "add_", *this, dtype,
      [&](const Tensor& out, const Tensor& x) { with_number(Plus(), out, x, other, alpha); },
      [&] { return add(other, alpha); });
}

Tensor Tensor::sub(const Tensor& other, const Scalar& alpha) const {
  check_subtractable("sub", scalar_type(), other.scalar_type());
  const ScalarType dtype = result_type(*this, other);
  check_alpha("sub", dtype, alpha);
  Tensor y = broadcast_result("sub", *this, other, dtype);
  add_scaled(Minus(), y, *this, other, alpha);
  return record("sub", y, {*this, other}, [alpha](const Tensor& g, Needs needs) {
    return Grads{g, needs[1] ? (alpha == Scalar(1) ? -g : g * -alpha) : Tensor()};
  });
}

Tensor Tensor::sub(const Scalar& other, const Scalar& alpha) const {
  check_subtractable("sub", scalar_type(), other.type());
  const ScalarType dtype = result_type(*this, other);
  check_alpha("sub", dtype, alpha);
  Tensor y = empty(sizes(), dtype);
  with_number(Minus(), y, *this, other, alpha);
  return record("sub", y, {*this}, [](const Tensor& g) { return Grads{g}; });
}

Tensor& Tensor::sub_(const Tensor& other, const Scalar& alpha) const {
  check_subtractable("sub_", scalar_type(), other.scalar_type());
  const ScalarType dtype = result_type(*this, other);
  check_alpha("sub_", dtype, alpha);
  return in_place(
      "sub_", *this, other, dtype,
      [&](const Tensor& out, const Tensor& a, const Tensor& b) {
        add_scaled(Minus(), out, a, b, alpha);
      },
      [&] { return sub(other, alpha); });
}

Tensor& Tensor::sub_(const Scalar& other, const Scalar& alpha) const {
  check_subtractable("sub_", scalar_type(), other.type());
  const ScalarType dtype = result_type(*this, other);
  check_alpha("sub_", dtype, alpha);
  return in_place(
      "sub_", *this, dtype,
      [&](const Tensor& out, const Tensor& x) { with_number(Minus(), out, x, other, alpha); },
      [&] { return sub(other, alpha); });
}

Tensor rsub(const Tensor& self, const Scalar& other, const Scalar& alpha) {
  check_subtractable("rsub", self.scalar_type(), other.type());
  const ScalarType dtype = result_type(self, other);
  check_alpha("rsub", dtype, alpha);
  Tensor y = empty(self.sizes(), dtype);
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    kernels::map<T, T>([s = convert_scalar<T>(other),
                        a = convert_scalar<T>(alpha)](T x) { return Minus()(s, Times()(a, x)); },
                       y, kernels::converted(self, dtype));
  });
  return record("rsub", y, {self}, [alpha](const Tensor& g) { return Grads{g * -alpha}; });
}

Tensor Tensor::neg() const {
  check_subtractable("neg", scalar_type(), scalar_type());
  Tensor y = empty(sizes(), scalar_type());
  elementwise::map([](auto x) { return Times()(x, static_cast<decltype(x)>(-1)); }, y, *this);
  return record("neg", y, {*this}, [](const Tensor& g) { return Grads{-g}; });
}

Tensor& Tensor::neg_() const {
  check_subtractable("neg_", scalar_type(), scalar_type());
  return mul_(-1);
}

// ---- mul, div -----------------------------------------------------------------------------------

Tensor Tensor::mul(const Tensor& other) const {
  Tensor y = broadcast_result("mul", *this, other, result_type(*this, other));
  elementwise::map(Times(), y, *this, other);
  if (!needs_recording({*this, other})) return y;  // nothing to save
  return record(
      "mul", y, {*this, other},
      [a = save_if(other.requires_grad(), *this), b = save_if(requires_grad(), other)](
          const Tensor& g, Needs needs) {
        return Grads{needs[0] ? g * b.get() : Tensor(), needs[1] ? g * a.get() : Tensor()};
      });
}

Tensor Tensor::mul(const Scalar& other) const {
  Tensor y = empty(sizes(), result_type(*this, other));
  with_number(Times(), y, *this, other);
  return record("mul", y, {*this}, [other](const Tensor& g) { return Grads{g * other}; });
}

Tensor& Tensor::mul_(const Tensor& other) const {
  return in_place(
      "mul_", *this, other, result_type(*this, other),
      [](const Tensor& out, const Tensor& a, const Tensor& b) {
        elementwise::map(Times(), out, a, b);
      },
      [&] { return clone().mul(other); });
}

Tensor& Tensor::mul_(const Scalar& other) const {
  return in_place(
      "mul_", *this, result_type(*this, other),
      [&](const Tensor& out, const Tensor& x) { with_number(Times(), out, x, other); },
      [&] { return mul(other); });
}

namespace {

void quotient(const Tensor& out, const Tensor& a, const Tensor& b) {
  elementwise::map_floating(
      "div", [](auto x, auto y) { return x / y; }, out, a, b);
}

void quotient(const Tensor& out, const Tensor& a, const Scalar& b) {
  dispatch_floating("div", out.scalar_type(), [&]<class T>(std::type_identity<T>) {
    kernels::map<T, T>([s = b.to<T>()](T x) { return x / s; }, out,
                       kernels::converted(a, out.scalar_type()));
  });
}

}  // namespace

Tensor Tensor::div(const Tensor& other) const {
  Tensor y = broadcast_result("div", *this, other, real_dtype(result_type(*this, other)));
  quotient(y, *this, other);
  if (!needs_recording({*this, other})) return y;
  return record(
      "div", y, {*this, other},
      [a = save_if(other.requires_grad(), *this), b = save(other)](const Tensor& g, Needs needs) {
        const Tensor ga = g / b.get();
        return Grads{ga, needs[1] ? -(ga * (a.get() / b.get())) : Tensor()};
      });
}

Tensor Tensor::div(const Scalar& other) const {
  Tensor y = empty(sizes(), real_dtype(result_type(*this, other)));
  quotient(y, *this, other);
  return record("div", y, {*this}, [other](const Tensor& g) { return Grads{g / other}; });
}

Tensor& Tensor::div_(const Tensor& other) const {
  return in_place(
      "div_", *this, other, real_dtype(result_type(*this, other)),
      [](const Tensor& out, const Tensor& a, const Tensor& b) { quotient(out, a, b); },
      [&] { return clone().div(other); });
}

Tensor& Tensor::div_(const Scalar& other) const {
  return in_place(
      "div_", *this, real_dtype(result_type(*this, other)),
      [&](const Tensor& out, const Tensor& x) { quotient(out, x, other); },
      [&] { return div(other); });
}

Tensor operator/(const Scalar& a, const Tensor& b) { return elementwise::wrapped_number(a) / b; }

}  // namespace adjoint
