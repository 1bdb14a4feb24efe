#include "adjoint/ops/functions.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/choose.h"
#include "adjoint/ops/compare.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/elementwise.h"
#include "adjoint/ops/guarded.h"
#include "adjoint/ops/kernels/float_math.h"
#include "adjoint/ops/kernels/vector_math.h"

namespace adjoint {

using autograd::Grads;
using autograd::Needs;
using autograd::needs_recording;
using autograd::record;
using autograd::save;
using autograd::save_output;
using elementwise::in_place;
using elementwise::real_function;
using elementwise::real_function_;
using elementwise::save_if;

namespace {

using kernels::FloatFunction;
namespace wide = kernels::float_math;

constexpr auto kExp = [](auto x) { return kernels::exp(x); };
constexpr FloatFunction<wide::exp2, std::exp2> kExp2;
constexpr FloatFunction<wide::expm1, std::expm1> kExpm1;
constexpr auto kLog = [](auto x) { return kernels::log(x); };
constexpr FloatFunction<wide::log2, std::log2> kLog2;
constexpr FloatFunction<wide::log10, std::log10> kLog10;
constexpr FloatFunction<wide::log1p, std::log1p> kLog1p;
constexpr auto kSqrt = [](auto x) { return std::sqrt(x); };
constexpr auto kRsqrt = [](auto x) { return 1 / std::sqrt(x); };
constexpr auto kReciprocal = [](auto x) { return 1 / x; };
constexpr FloatFunction<wide::erf, std::erf> kErf;
constexpr FloatFunction<wide::erfc, std::erfc> kErfc;
constexpr auto kSign = []<class T>(T x) { return static_cast<T>((T(0) < x) - (x < T(0))); };

// Unsigned, so that the lowest integer, which has no negative, stays itself as in PyTorch.
constexpr auto kAbs = []<class T>(T x) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::abs(x);
  } else if constexpr (std::is_signed_v<T>) {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(x < 0 ? U{0} - static_cast<U>(x) : static_cast<U>(x));
  } else {
    return x;
  }
};

}  // namespace

// ---- exponentials and logarithms ----------------------------------------------------------------

Tensor Tensor::exp() const {
  Tensor y = real_function("exp", kExp, *this);
  if (!needs_recording({*this})) return y;
  return record("exp", y, {*this},
                [y = save_output(y)](const Tensor& g) { return Grads{g * y.get()}; });
}

Tensor& Tensor::exp_() const {
  return real_function_("exp_", kExp, *this, [&] { return exp(); });
}

Tensor Tensor::exp2() const {
  Tensor y = real_function("exp2", kExp2, *this);
  if (!needs_recording({*this})) return y;
  return record("exp2", y, {*this}, [y = save_output(y)](const Tensor& g) {
    return Grads{g * (y.get() * std::numbers::ln2)};
  });
}

Tensor& Tensor::exp2_() const {
  return real_function_("exp2_", kExp2, *this, [&] { return exp2(); });
}

Tensor Tensor::expm1() const {
  Tensor y = real_function("expm1", kExpm1, *this);
  if (!needs_recording({*this})) return y;
  return record("expm1", y, {*this},
                [y = save_output(y)](const Tensor& g) { return Grads{g * (y.get() + 1)}; });
}

Tensor& Tensor::expm1_() const {
  return real_function_("expm1_", kExpm1, *this, [&] { return expm1(); });
}

Tensor Tensor::log() const {
  Tensor y = real_function("log", kLog, *this);
  if (!needs_recording({*this})) return y;
  return record("log", y, {*this},
                [x = save(*this)](const Tensor& g) { return Grads{g / x.get()}; });
}

Tensor& Tensor::log_() const {
  return real_function_("log_", kLog, *this, [&] { return clone().log(); });
}

Tensor Tensor::log2() const {
  Tensor y = real_function("log2", kLog2, *this);
  if (!needs_recording({*this})) return y;
  return record("log2", y, {*this}, [x = save(*this)](const Tensor& g) {
    return Grads{g / (x.get() * std::numbers::ln2)};
  });
}

Tensor& Tensor::log2_() const {
  return real_function_("log2_", kLog2, *this, [&] { return clone().log2(); });
}

Tensor Tensor::log10() const {
  Tensor y = real_function("log10", kLog10, *this);
  if (!needs_recording({*this})) return y;
  return record("log10", y, {*this}, [x = save(*this)](const Tensor& g) {
    return Grads{g / (x.get() * std::numbers::ln10)};
  });
}

Tensor& Tensor::log10_() const {
  return real_function_("log10_", kLog10, *this, [&] { return clone().log10(); });
}

Tensor Tensor::log1p() const {
  Tensor y = real_function("log1p", kLog1p, *this);
  if (!needs_recording({*this})) return y;
  return record("log1p", y, {*this},
                [x = save(*this)](const Tensor& g) { return Grads{g / (x.get() + 1)}; });
}

Tensor& Tensor::log1p_() const {
  return real_function_("log1p_", kLog1p, *this, [&] { return clone().log1p(); });
}

namespace {

/// The derivative of erf: 2/√π e^(-x²).
Tensor bell(const Tensor& x) { return (-x.square()).exp() * (2 * std::numbers::inv_sqrtpi); }

}  // namespace

Tensor Tensor::erf() const {
  Tensor y = real_function("erf", kErf, *this);
  if (!needs_recording({*this})) return y;
  return record("erf", y, {*this},
                [x = save(*this)](const Tensor& g) { return Grads{g * bell(x.get())}; });
}

Tensor& Tensor::erf_() const {
  return real_function_("erf_", kErf, *this, [&] { return clone().erf(); });
}

Tensor Tensor::erfc() const {
  Tensor y = real_function("erfc", kErfc, *this);
  if (!needs_recording({*this})) return y;
  return record("erfc", y, {*this},
                [x = save(*this)](const Tensor& g) { return Grads{-(g * bell(x.get()))}; });
}

Tensor& Tensor::erfc_() const {
  return real_function_("erfc_", kErfc, *this, [&] { return clone().erfc(); });
}

// ---- magnitude and sign -------------------------------------------------------------------------

Tensor Tensor::abs() const {
  check(scalar_type() != kBool, "abs: bools have no sign");
  Tensor y = empty(sizes(), scalar_type());
  elementwise::map(kAbs, y, *this);
  return record("abs", y, {*this},
                [x = save(*this)](const Tensor& g) { return Grads{g * x.get().sign()}; });
}

Tensor& Tensor::abs_() const {
  check(scalar_type() != kBool, "abs_: bools have no sign");
  return in_place(
      "abs_", *this, scalar_type(),
      [](const Tensor& out, const Tensor& x) { elementwise::map(kAbs, out, x); },
      [&] { return clone().abs(); });
}

Tensor Tensor::sign() const {
  Tensor y = empty(sizes(), scalar_type());
  elementwise::map(kSign, y, *this);
  return record("sign", y, {*this}, [](const Tensor& g) { return Grads{zeros_like(g)}; });
}

Tensor& Tensor::sign_() const {
  return in_place(
      "sign_", *this, scalar_type(),
      [](const Tensor& out, const Tensor& x) { elementwise::map(kSign, out, x); },
      [&] { return sign(); });
}

// ---- roots and reciprocals ----------------------------------------------------------------------

Tensor Tensor::sqrt() const {
  Tensor y = real_function("sqrt", kSqrt, *this);
  if (!needs_recording({*this})) return y;
  return record("sqrt", y, {*this},
                [y = save_output(y)](const Tensor& g) { return Grads{g / (y.get() * 2)}; });
}

Tensor& Tensor::sqrt_() const {
  return real_function_("sqrt_", kSqrt, *this, [&] { return sqrt(); });
}

Tensor Tensor::rsqrt() const {
  Tensor y = real_function("rsqrt", kRsqrt, *this);
  if (!needs_recording({*this})) return y;
  return record("rsqrt", y, {*this}, [y = save_output(y)](const Tensor& g) {
    return Grads{g * (y.get().pow(3) * -0.5)};
  });
}

Tensor& Tensor::rsqrt_() const {
  return real_function_("rsqrt_", kRsqrt, *this, [&] { return rsqrt(); });
}

Tensor Tensor::reciprocal() const {
  Tensor y = real_function("reciprocal", kReciprocal, *this);
  if (!needs_recording({*this})) return y;
  return record("reciprocal", y, {*this},
                [y = save_output(y)](const Tensor& g) { return Grads{-g * (y.get() * y.get())}; });
}

Tensor& Tensor::reciprocal_() const {
  return real_function_("reciprocal_", kReciprocal, *this, [&] { return reciprocal(); });
}

// ---- powers -------------------------------------------------------------------------------------

namespace {

/// Integers by squaring, wrapping around; a negative exponent gives 1/x cut to an integer.
template <class T>
T integer_power(T base, T exponent) {
  if constexpr (std::is_signed_v<T>) {
    if (exponent < 0) {
      if (base == 1) return 1;
      if (base == -1) return exponent % 2 == 0 ? 1 : -1;
      return 0;
    }
  }
  using U = std::make_unsigned_t<T>;
  U result = 1, square = static_cast<U>(base);
  for (U rest = static_cast<U>(exponent); rest != 0; rest >>= 1) {
    if ((rest & 1) != 0) result *= square;
    square *= square;
  }
  return static_cast<T>(result);
}

constexpr auto kIntegerPower = []<class T>(T base, T exponent) -> T {
  if constexpr (std::is_same_v<T, bool>) {
    return base || !exponent;
  } else {
    return integer_power(base, exponent);
  }
};

/// The same of floating-point numbers.
constexpr elementwise::Guarded kRealPower{
    FloatFunction<wide::pow, std::pow>(),
    []<class T>(T base, T exponent) {
      constexpr T inf = std::numeric_limits<T>::infinity();
      return base > 0 && base < inf && std::abs(exponent) < inf;
    },
    FloatFunction<static_cast<double (*)(double, double)>(std::pow), std::pow>()};

/// out = x^e, where both broadcast to it.
void power(const Tensor& out, const Tensor& x, const Tensor& exponent) {
  const ScalarType dtype = out.scalar_type();
  if (isFloatingType(dtype)) return elementwise::map_floating("pow", kRealPower, out, x, exponent);
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_integral_v<T>) {
      kernels::map<T, T, T>(kIntegerPower, out, kernels::converted(x, dtype),
                            kernels::converted(exponent, dtype));
    }
  });
}

/// The same for a number; the usual exponents without pow, which costs thirty multiplications.
void power(const Tensor& out, const Tensor& x, const Scalar& exponent) {
  check(isFloatingType(out.scalar_type()) || exponent.isBoolean() || exponent.toLong() >= 0,
        "pow: integers ({}) have no negative integer powers ({}); convert them with "
        "x.to(torch::kFloat32)",
        out.scalar_type(), exponent.toLong());
  const double e = exponent.toDouble();
  if (e == 2)
    return elementwise::map([](auto a) { return kernels::wrapping_product(a, a); }, out, x);
  if (e == 3) {
    return elementwise::map(
        [](auto a) { return kernels::wrapping_product(kernels::wrapping_product(a, a), a); }, out,
        x);
  }
  if (isFloatingType(out.scalar_type())) {
    const auto real = [&](auto f) { elementwise::map_floating("pow", f, out, x); };
    if (e == 0.5) return real([](auto a) { return std::sqrt(a); });
    if (e == -0.5) return real([](auto a) { return 1 / std::sqrt(a); });
    if (e == -1) return real([](auto a) { return 1 / a; });
    if (e == -2) return real([](auto a) { return 1 / (a * a); });
  }
  power(out, x, elementwise::wrapped_number(exponent));
}

/// The derivative of b^e in b: e b^(e-1), and 0 for e = 0 even where b = 0.
Tensor power_rule(const Tensor& g, const Tensor& base, const Scalar& exponent) {
  const double e = exponent.toDouble();
  if (e == 0) return zeros_like(g);
  if (e == 2) return g * (base * 2);
  return g * (base.pow(e - 1) * e);
}

/// The derivative of b^e in e: b^e ln b, and 0 for b = 0 (where e >= 0).
Tensor exponent_rule(const Tensor& g, const Tensor& base, const Tensor& exponent,
                     const Tensor& result) {
  const Tensor zero_base = base.eq(0).logical_and(exponent.ge(0));
  return where(zero_base, Scalar(0), g * (result * base.to(result.scalar_type()).log()));
}

}  // namespace

Tensor Tensor::pow(const Scalar& exponent) const {
  Tensor y = empty(sizes(), result_type(*this, exponent));
  power(y, *this, exponent);
  if (!needs_recording({*this})) return y;
  return record("pow", y, {*this}, [x = save(*this), exponent](const Tensor& g) {
    return Grads{power_rule(g, x.get(), exponent)};
  });
}

Tensor& Tensor::pow_(const Scalar& exponent) const {
  return in_place(
      "pow_", *this, result_type(*this, exponent),
      [&](const Tensor& out, const Tensor& x) { power(out, x, exponent); },
      [&] { return clone().pow(exponent); });
}

Tensor Tensor::pow(const Tensor& exponent) const {
  Tensor y = elementwise::broadcast_result("pow", *this, exponent, result_type(*this, exponent));
  power(y, *this, exponent);
  if (!needs_recording({*this, exponent})) return y;
  return record("pow", y, {*this, exponent},
                [b = save(*this), e = save(exponent),
                 y = exponent.requires_grad() ? save_output(y) : autograd::SavedTensor()](
                    const Tensor& g, Needs needs) {
                  Grads grads(2);
                  const Tensor base = b.get(), power = e.get();
                  if (needs[0]) {
                    grads[0] =
                        adjoint::where(power.eq(0), Scalar(0), g * (power * base.pow(power - 1)));
                  }
                  if (needs[1]) grads[1] = exponent_rule(g, base, power, y.get());
                  return grads;
                });
}

Tensor& Tensor::pow_(const Tensor& exponent) const {
  return in_place(
      "pow_", *this, exponent, result_type(*this, exponent),
      [](const Tensor& out, const Tensor& x, const Tensor& e) { power(out, x, e); },
      [&] { return clone().pow(exponent); });
}

Tensor Tensor::square() const { return pow(2); }
Tensor& Tensor::square_() const { return pow_(2); }

Tensor pow(const Scalar& self, const Tensor& exponent) {
  return elementwise::wrapped_number(self).pow(exponent);
}

}  // namespace adjoint
