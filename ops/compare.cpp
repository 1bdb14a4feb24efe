#include "adjoint/ops/compare.h"

#include <algorithm>
#include <cmath>

#include "adjoint/ops/creation.h"
#include "adjoint/ops/elementwise.h"

namespace adjoint {
namespace {

/// out = f(a, b), compared in the dtype that both promote to.
template <class F>
void compare_into(F f, const Tensor& out, const Tensor& a, const Tensor& b) {
  const ScalarType dtype = result_type(a, b);
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    kernels::map<bool, T, T>(f, out, kernels::converted(a, dtype), kernels::converted(b, dtype));
  });
}

/// For a relation that is another one with its sides exchanged.
template <class F>
struct Reversed {
  F f;
};
template <class F>
void compare_into(Reversed<F> reversed, const Tensor& out, const Tensor& a, const Tensor& b) {
  compare_into(reversed.f, out, b, a);
}

template <class F>
Tensor compare(const char* name, F f, const Tensor& a, const Tensor& b) {
  Tensor y = elementwise::broadcast_result(name, a, b, kBool);
  compare_into(f, y, a, b);
  return y;
}

template <class F>
Tensor compare(const char* name, F f, const Tensor& a, const Scalar& b) {
  return compare(name, f, a, elementwise::wrapped_number(b));
}

/// The answers answer(out, a, b) as numbers of a's dtype in a; they do not depend on what a was
/// made from.
template <class Answer>
Tensor& answer_in_place(const char* name, const Answer& answer, const Tensor& a, const Tensor& b) {
  return elementwise::in_place(name, a, b, kBool, answer, [&] {
    const Tensor y = empty(a.sizes(), kBool);
    answer(y, a, b);
    return autograd::record(name, y.to(a.scalar_type()), {a},
                            [](const Tensor& g) { return autograd::Grads{zeros_like(g)}; });
  });
}

template <class F>
Tensor& compare_in_place(const char* name, F f, const Tensor& a, const Tensor& b) {
  const auto answer = [f](const Tensor& out, const Tensor& x, const Tensor& y) {
    compare_into(f, out, x, y);
  };
  return answer_in_place(name, answer, a, b);
}

template <class F>
Tensor& compare_in_place(const char* name, F f, const Tensor& a, const Scalar& b) {
  return compare_in_place(name, f, a, elementwise::wrapped_number(b));
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
constexpr Reversed kGreater{kLess};
constexpr Reversed kGreaterEqual{kLessEqual};

/// A contiguous bool tensor.
bool all_true(const Tensor& t) {
  const bool* data = t.data_ptr<bool>();
  return std::all_of(data, data + t.numel(), [](bool b) { return b; });
}

constexpr auto kAnd = [](bool a, bool b) { return a && b; };
constexpr auto kOr = [](bool a, bool b) { return a || b; };
constexpr auto kXor = [](bool a, bool b) { return a != b; };
constexpr auto kNot = [](auto x) { return x == decltype(x)(0); };

template <class F>
void logical_into(F f, const Tensor& out, const Tensor& a, const Tensor& b) {
  kernels::map<bool, bool, bool>(f, out, kernels::converted(a, kBool),
                                 kernels::converted(b, kBool));
}

template <class F>
Tensor logical(const char* name, F f, const Tensor& a, const Tensor& b) {
  Tensor y = elementwise::broadcast_result(name, a, b, kBool);
  logical_into(f, y, a, b);
  return y;
}

template <class F>
Tensor& logical_in_place(const char* name, F f, const Tensor& a, const Tensor& b) {
  const auto answer = [f](const Tensor& out, const Tensor& x, const Tensor& y) {
    logical_into(f, out, x, y);
  };
  return answer_in_place(name, answer, a, b);
}

}  // namespace

Tensor Tensor::eq(const Tensor& other) const { return compare("eq", kEqual, *this, other); }
Tensor Tensor::eq(const Scalar& other) const { return compare("eq", kEqual, *this, other); }
Tensor Tensor::ne(const Tensor& other) const { return compare("ne", kNotEqual, *this, other); }
Tensor Tensor::ne(const Scalar& other) const { return compare("ne", kNotEqual, *this, other); }
Tensor Tensor::lt(const Tensor& other) const { return compare("lt", kLess, *this, other); }
Tensor Tensor::lt(const Scalar& other) const { return compare("lt", kLess, *this, other); }
Tensor Tensor::le(const Tensor& other) const { return compare("le", kLessEqual, *this, other); }
Tensor Tensor::le(const Scalar& other) const { return compare("le", kLessEqual, *this, other); }
Tensor Tensor::gt(const Tensor& other) const { return compare("gt", kGreater, *this, other); }
Tensor Tensor::gt(const Scalar& other) const { return compare("gt", kGreater, *this, other); }
Tensor Tensor::ge(const Tensor& other) const { return compare("ge", kGreaterEqual, *this, other); }
Tensor Tensor::ge(const Scalar& other) const { return compare("ge", kGreaterEqual, *this, other); }

Tensor& Tensor::eq_(const Tensor& other) const {
  return compare_in_place("eq_", kEqual, *this, other);
}
Tensor& Tensor::eq_(const Scalar& other) const {
  return compare_in_place("eq_", kEqual, *this, other);
}
Tensor& Tensor::ne_(const Tensor& other) const {
  return compare_in_place("ne_", kNotEqual, *this, other);
}
Tensor& Tensor::ne_(const Scalar& other) const {
  return compare_in_place("ne_", kNotEqual, *this, other);
}
Tensor& Tensor::lt_(const Tensor& other) const {
  return compare_in_place("lt_", kLess, *this, other);
}
Tensor& Tensor::lt_(const Scalar& other) const {
  return compare_in_place("lt_", kLess, *this, other);
}
Tensor& Tensor::le_(const Tensor& other) const {
  return compare_in_place("le_", kLessEqual, *this, other);
}
Tensor& Tensor::le_(const Scalar& other) const {
  return compare_in_place("le_", kLessEqual, *this, other);
}
Tensor& Tensor::gt_(const Tensor& other) const {
  return compare_in_place("gt_", kGreater, *this, other);
}
Tensor& Tensor::gt_(const Scalar& other) const {
  return compare_in_place("gt_", kGreater, *this, other);
}
Tensor& Tensor::ge_(const Tensor& other) const {
  return compare_in_place("ge_", kGreaterEqual, *this, other);
}
Tensor& Tensor::ge_(const Scalar& other) const {
  return compare_in_place("ge_", kGreaterEqual, *this, other);
}

Tensor Tensor::logical_and(const Tensor& other) const {
  return logical("logical_and", kAnd, *this, other);
}
Tensor& Tensor::logical_and_(const Tensor& other) const {
  return logical_in_place("logical_and_", kAnd, *this, other);
}
Tensor Tensor::logical_or(const Tensor& other) const {
  return logical("logical_or", kOr, *this, other);
}
Tensor& Tensor::logical_or_(const Tensor& other) const {
  return logical_in_place("logical_or_", kOr, *this, other);
}
Tensor Tensor::logical_xor(const Tensor& other) const {
  return logical("logical_xor", kXor, *this, other);
}
Tensor& Tensor::logical_xor_(const Tensor& other) const {
  return logical_in_place("logical_xor_", kXor, *this, other);
}
Tensor Tensor::logical_not() const { return test(kNot, *this); }
Tensor& Tensor::logical_not_() const {
  const auto answer = [](const Tensor& out, const Tensor& x, const Tensor&) {
    dispatch(x.scalar_type(),
             [&]<class T>(std::type_identity<T>) { kernels::map<bool, T>(kNot, out, x); });
  };
  return answer_in_place("logical_not_", answer, *this, *this);
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

Tensor Tensor::isposinf() const {
  return test_real([](auto x) { return x == std::numeric_limits<decltype(x)>::infinity(); }, *this,
                   false);
}

Tensor Tensor::isneginf() const {
  return test_real([](auto x) { return x == -std::numeric_limits<decltype(x)>::infinity(); }, *this,
                   false);
}

Tensor Tensor::signbit() const {
  return test(
      []<class T>(T x) {
        if constexpr (std::is_floating_point_v<T>) {
          return std::signbit(x);
        } else {
          return x < T(0);
        }
      },
      *this);
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
  return compare("isclose", close, *this, other);
}

bool Tensor::allclose(const Tensor& other, double rtol, double atol, bool equal_nan) const {
  return all_true(isclose(other, rtol, atol, equal_nan));
}

}  // namespace adjoint
