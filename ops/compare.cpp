#include "adjoint/ops/compare.h"

#include <algorithm>
#include <cmath>

#include "adjoint/ops/elementwise.h"

namespace adjoint {
namespace {

template <class F>
Tensor compare(F f, const Tensor& a, const Tensor& b) {
  const ScalarType dtype = result_type(a, b);
  Tensor y = elementwise::broadcast_result(a, b, kBool);
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    kernels::map<bool, T, T>(f, y, kernels::converted(a, dtype), kernels::converted(b, dtype));
  });
  return y;
}

template <class F>
Tensor compare(F f, const Tensor& a, const Scalar& b) {
  const ScalarType dtype = result_type(a, b);
  Tensor y = empty(a.sizes(), kBool);
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    kernels::map<bool, T>([f, s = kernels::convert_scalar<T>(b)](T x) { return f(x, s); }, y,
                          kernels::converted(a, dtype));
  });
  return y;
}

/// f of every element in its own dtype.
template <class F>
Tensor test(F f, const Tensor& x) {
  Tensor y = empty(x.sizes(), kBool);
  dispatch(x.scalar_type(),
           [&]<class T>(std::type_identity<T>) { kernels::map<bool, T>(f, y, x); });
  return y;
}

/// f of every element as a floating-point number; `whole` is its value for integers.
template <class F>
Tensor test_real(F f, const Tensor& x, bool whole) {
  return test(
      [f, whole]<class T>(T v) -> bool {
        if constexpr (std::is_floating_point_v<T>) {
          return f(v);
        } else {
          return whole;
        }
      },
      x);
}

constexpr auto kEqual = [](auto a, auto b) { return a == b; };
constexpr auto kNotEqual = [](auto a, auto b) { return a != b; };
constexpr auto kLess = [](auto a, auto b) { return a < b; };
constexpr auto kLessEqual = [](auto a, auto b) { return a <= b; };
constexpr auto kGreater = [](auto a, auto b) { return a > b; };
constexpr auto kGreaterEqual = [](auto a, auto b) { return a >= b; };

/// A contiguous bool tensor.
bool all_true(const Tensor& t) {
  const bool* data = t.data_ptr<bool>();
  return std::all_of(data, data + t.numel(), [](bool b) { return b; });
}

template <class F>
Tensor logical(F f, const Tensor& a, const Tensor& b) {
  Tensor y = elementwise::broadcast_result(a, b, kBool);
  kernels::map<bool, bool, bool>(f, y, kernels::converted(a, kBool), kernels::converted(b, kBool));
  return y;
}

}  // namespace

Tensor Tensor::eq(const Tensor& other) const { return compare(kEqual, *this, other); }
Tensor Tensor::eq(const Scalar& other) const { return compare(kEqual, *this, other); }
Tensor Tensor::ne(const Tensor& other) const { return compare(kNotEqual, *this, other); }
Tensor Tensor::ne(const Scalar& other) const { return compare(kNotEqual, *this, other); }
Tensor Tensor::lt(const Tensor& other) const { return compare(kLess, *this, other); }
Tensor Tensor::lt(const Scalar& other) const { return compare(kLess, *this, other); }
Tensor Tensor::le(const Tensor& other) const { return compare(kLessEqual, *this, other); }
Tensor Tensor::le(const Scalar& other) const { return compare(kLessEqual, *this, other); }
Tensor Tensor::gt(const Tensor& other) const { return compare(kGreater, *this, other); }
Tensor Tensor::gt(const Scalar& other) const { return compare(kGreater, *this, other); }
Tensor Tensor::ge(const Tensor& other) const { return compare(kGreaterEqual, *this, other); }
Tensor Tensor::ge(const Scalar& other) const { return compare(kGreaterEqual, *this, other); }

Tensor Tensor::logical_and(const Tensor& other) const {
  return logical([](bool a, bool b) { return a && b; }, *this, other);
}

Tensor Tensor::logical_or(const Tensor& other) const {
  return logical([](bool a, bool b) { return a || b; }, *this, other);
}

Tensor Tensor::logical_not() const {
  return test([](auto x) { return x == decltype(x)(0); }, *this);
}

Tensor Tensor::isnan() const {
  return test_real([](auto x) { return x != x; }, *this, false);
}

Tensor Tensor::isinf() const {
  return test_real(
      [](auto x) { return std::abs(x) == std::numeric_limits<decltype(x)>::infinity(); }, *this,
      false);
}

Tensor Tensor::isfinite() const {
  return test_real(
      [](auto x) { return std::abs(x) < std::numeric_limits<decltype(x)>::infinity(); }, *this,
      true);
}

bool Tensor::equal(const Tensor& other) const {
  check(scalar_type() == other.scalar_type(), "equal: expected one dtype, got {} and {}",
        scalar_type(), other.scalar_type());
  return sizes() == other.sizes() && all_true(eq(other));
}

Tensor Tensor::isclose(const Tensor& other, double rtol, double atol, bool equal_nan) const {
  check(scalar_type() == other.scalar_type(), "isclose: expected one dtype, got {} and {}",
        scalar_type(), other.scalar_type());
  check(rtol >= 0 && atol >= 0, "isclose: tolerances cannot be negative, got rtol {}, atol {}",
        rtol, atol);
  const auto close = [rtol, atol, equal_nan](auto x, auto y) {
    const auto a = static_cast<double>(x), b = static_cast<double>(y);
    const double error = std::abs(a - b);
    return x == y || (error <= atol + std::abs(rtol * b) && error < INFINITY) ||
           (equal_nan && a != a && b != b);
  };
  return compare(close, *this, other);
}

bool Tensor::allclose(const Tensor& other, double rtol, double atol, bool equal_nan) const {
  return all_true(isclose(other, rtol, atol, equal_nan));
}

}  // namespace adjoint
