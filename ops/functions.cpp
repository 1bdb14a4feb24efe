#include "adjoint/ops/functions.h"

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/choose.h"
#include "adjoint/ops/compare.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/elementwise.h"
#include "adjoint/ops/kernels/vector_math.h"

namespace adjoint {

using autograd::Grads;
using autograd::Needs;
using autograd::needs_recording;
using autograd::record;
using autograd::save;
using autograd::save_output;
using elementwise::in_place;
using elementwise::real_dtype;
using elementwise::save_if;

namespace {

/// f of every element, as real numbers.
template <class F>
Tensor real_function(const char* name, F f, const Tensor& x) {
  Tensor y = empty(x.sizes(), real_dtype(x.scalar_type()));
  elementwise::map_floating(name, f, y, x);
  return y;
}

template <class F, class Recorded>
Tensor& real_function_(const char* name, F f, const Tensor& x, const Recorded& recorded) {
  return in_place(
      name, x, real_dtype(x.scalar_type()),
      [&](const Tensor& out, const Tensor& in) { elementwise::map_floating(name, f, out, in); },
      recorded);
}

constexpr auto kExp = [](auto x) { return kernels::exp(x); };
constexpr auto kLog = [](auto x) { return kernels::log(x); };
constexpr auto kSqrt = [](auto x) { return std::sqrt(x); };

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

Tensor Tensor::exp() const {
  Tensor y = real_function("exp", kExp, *this);
  if (!needs_recording({*this})) return y;
  return record("exp", y, {*this},
                [y = save_output(y)](const Tensor& g) { return Grads{g * y.get()}; });
}

Tensor& Tensor::exp_() const {
  return real_function_("exp_", kExp, *this, [&] { return exp(); });
}

Tensor Tensor::log() const {
  return record("log", real_function("log", kLog, *this), {*this},
                [x = save(*this)](const Tensor& g) { return Grads{g / x.get()}; });
}

Tensor& Tensor::log_() const {
  return real_function_("log_", kLog, *this, [&] { return clone().log(); });
}

Tensor Tensor::log1p() const {
  return record("log1p",
                real_function(
                    "log1p", [](auto x) { return std::log1p(x); }, *this),
                {*this}, [x = save(*this)](const Tensor& g) { return Grads{g / (x.get() + 1)}; });
}

Tensor Tensor::sqrt() const {
  Tensor y = real_function("sqrt", kSqrt, *this);
  return record("sqrt", y, {*this},
                [y = save_output(y)](const Tensor& g) { return Grads{g / (y.get() * 2)}; });
}

Tensor& Tensor::sqrt_() const {
  return real_function_("sqrt_", kSqrt, *this, [&] { return sqrt(); });
}

Tensor Tensor::rsqrt() const {
  Tensor y = real_function(
      "rsqrt", [](auto x) { return 1 / std::sqrt(x); }, *this);
  return record("rsqrt", y, {*this},
                [y = save_output(y)](const Tensor& g) { return Grads{g * y.get().pow(3) * -0.5}; });
}

Tensor Tensor::square() const { return pow(2); }

Tensor Tensor::reciprocal() const {
  Tensor y = real_function(
      "reciprocal", [](auto x) { return 1 / x; }, *this);
  return record("reciprocal", y, {*this},
                [y = save_output(y)](const Tensor& g) { return Grads{-g * (y.get() * y.get())}; });
}

Tensor Tensor::sin() const {
  return record("sin",
                real_function(
                    "sin", [](auto x) { return std::sin(x); }, *this),
                {*this}, [x = save(*this)](const Tensor& g) { return Grads{g * x.get().cos()}; });
}

Tensor Tensor::cos() const {
  return record("cos",
                real_function(
                    "cos", [](auto x) { return std::cos(x); }, *this),
                {*this},
                [x = save(*this)](const Tensor& g) { return Grads{-(g * x.get().sin())}; });
}

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
  elementwise::map([]<class T>(T x) { return static_cast<T>((T(0) < x) - (x < T(0))); }, y, *this);
  return record("sign", y, {*this}, [](const Tensor& g) { return Grads{zeros_like(g)}; });
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

constexpr auto kPower = []<class T>(T base, T exponent) -> T {
  if constexpr (std::is_same_v<T, bool>) {
    return base || !exponent;
  } else if constexpr (std::is_integral_v<T>) {
    return integer_power(base, exponent);
  } else {
    return std::pow(base, exponent);
  }
};

/// out = x^e; the usual exponents without pow, which costs thirty multiplications.
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
  dispatch(out.scalar_type(), [&]<class T>(std::type_identity<T>) {
    kernels::map<T, T>([s = kernels::convert_scalar<T>(exponent)](T a) { return kPower(a, s); },
                       out, kernels::converted(x, out.scalar_type()));
  });
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
  Tensor y = elementwise::broadcast_result(*this, exponent, result_type(*this, exponent));
  elementwise::map(kPower, y, *this, exponent);
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

Tensor pow(const Scalar& self, const Tensor& exponent) {
  return elementwise::wrapped_number(self).pow(exponent);
}

}  // namespace adjoint
