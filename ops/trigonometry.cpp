#include "adjoint/ops/trigonometry.h"

#include <cmath>

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/elementwise.h"
#include "adjoint/ops/guarded.h"
#include "adjoint/ops/kernels/float_math.h"

namespace adjoint {

using autograd::Grads;
using autograd::Needs;
using autograd::needs_recording;
using autograd::record;
using autograd::save;
using autograd::save_output;
using elementwise::real_function;
using elementwise::real_function_;

namespace {

using kernels::FloatFunction;
namespace wide = kernels::float_math;

/// A circular function, which in float_math holds up to a largest angle.
template <auto formula, decltype(formula) library>
constexpr elementwise::Guarded kCircular{FloatFunction<formula, library>(),
                                         [](auto x) { return std::abs(x) < wide::kAngleMax; },
                                         FloatFunction<library, library>()};

constexpr auto kSin = kCircular<wide::sin, std::sin>;
constexpr auto kCos = kCircular<wide::cos, std::cos>;
constexpr auto kTan = kCircular<wide::tan, std::tan>;
constexpr FloatFunction<wide::asin, std::asin> kAsin;
constexpr FloatFunction<wide::acos, std::acos> kAcos;
constexpr FloatFunction<wide::atan, std::atan> kAtan;
constexpr FloatFunction<wide::sinh, std::sinh> kSinh;
constexpr FloatFunction<wide::cosh, std::cosh> kCosh;
constexpr FloatFunction<wide::asinh, std::asinh> kAsinh;
constexpr FloatFunction<wide::acosh, std::acosh> kAcosh;
constexpr FloatFunction<wide::atanh, std::atanh> kAtanh;
constexpr FloatFunction<wide::atan2, std::atan2> kAtan2;

}  // namespace

// ---- circular functions -------------------------------------------------------------------------

Tensor Tensor::sin() const {
  Tensor y = real_function("sin", kSin, *this);
  if (!needs_recording({*this})) return y;
  return record("sin", y, {*this},
                [x = save(*this)](const Tensor& g) { return Grads{g * x.get().cos()}; });
}

Tensor& Tensor::sin_() const {
  return real_function_("sin_", kSin, *this, [&] { return clone().sin(); });
}

Tensor Tensor::cos() const {
  Tensor y = real_function("cos", kCos, *this);
  if (!needs_recording({*this})) return y;
  return record("cos", y, {*this},
                [x = save(*this)](const Tensor& g) { return Grads{-(g * x.get().sin())}; });
}

Tensor& Tensor::cos_() const {
  return real_function_("cos_", kCos, *this, [&] { return clone().cos(); });
}

Tensor Tensor::tan() const {
  Tensor y = real_function("tan", kTan, *this);
  if (!needs_recording({*this})) return y;
  return record("tan", y, {*this}, [y = save_output(y)](const Tensor& g) {
    return Grads{g * (y.get().square() + 1)};
  });
}

Tensor& Tensor::tan_() const {
  return real_function_("tan_", kTan, *this, [&] { return tan(); });
}

Tensor Tensor::asin() const {
  Tensor y = real_function("asin", kAsin, *this);
  if (!needs_recording({*this})) return y;
  return record("asin", y, {*this}, [x = save(*this)](const Tensor& g) {
    return Grads{g * (1 - x.get().square()).rsqrt()};
  });
}

Tensor& Tensor::asin_() const {
  return real_function_("asin_", kAsin, *this, [&] { return clone().asin(); });
}

Tensor Tensor::acos() const {
  Tensor y = real_function("acos", kAcos, *this);
  if (!needs_recording({*this})) return y;
  return record("acos", y, {*this}, [x = save(*this)](const Tensor& g) {
    return Grads{-(g * (1 - x.get().square()).rsqrt())};
  });
}

Tensor& Tensor::acos_() const {
  return real_function_("acos_", kAcos, *this, [&] { return clone().acos(); });
}

Tensor Tensor::atan() const {
  Tensor y = real_function("atan", kAtan, *this);
  if (!needs_recording({*this})) return y;
  return record("atan", y, {*this},
                [x = save(*this)](const Tensor& g) { return Grads{g / (x.get().square() + 1)}; });
}

Tensor& Tensor::atan_() const {
  return real_function_("atan_", kAtan, *this, [&] { return clone().atan(); });
}

// ---- hyperbolic functions -----------------------------------------------------------------------

Tensor Tensor::sinh() const {
  Tensor y = real_function("sinh", kSinh, *this);
  if (!needs_recording({*this})) return y;
  return record("sinh", y, {*this},
                [x = save(*this)](const Tensor& g) { return Grads{g * x.get().cosh()}; });
}

Tensor& Tensor::sinh_() const {
  return real_function_("sinh_", kSinh, *this, [&] { return clone().sinh(); });
}

Tensor Tensor::cosh() const {
  Tensor y = real_function("cosh", kCosh, *this);
  if (!needs_recording({*this})) return y;
  return record("cosh", y, {*this},
                [x = save(*this)](const Tensor& g) { return Grads{g * x.get().sinh()}; });
}

Tensor& Tensor::cosh_() const {
  return real_function_("cosh_", kCosh, *this, [&] { return clone().cosh(); });
}

Tensor Tensor::asinh() const {
  Tensor y = real_function("asinh", kAsinh, *this);
  if (!needs_recording({*this})) return y;
  return record("asinh", y, {*this}, [x = save(*this)](const Tensor& g) {
    return Grads{g * (x.get().square() + 1).rsqrt()};
  });
}

Tensor& Tensor::asinh_() const {
  return real_function_("asinh_", kAsinh, *this, [&] { return clone().asinh(); });
}

Tensor Tensor::acosh() const {
  Tensor y = real_function("acosh", kAcosh, *this);
  if (!needs_recording({*this})) return y;
  return record("acosh", y, {*this}, [x = save(*this)](const Tensor& g) {
    return Grads{g * (x.get().square() - 1).rsqrt()};
  });
}

Tensor& Tensor::acosh_() const {
  return real_function_("acosh_", kAcosh, *this, [&] { return clone().acosh(); });
}

Tensor Tensor::atanh() const {
  Tensor y = real_function("atanh", kAtanh, *this);
  if (!needs_recording({*this})) return y;
  return record("atanh", y, {*this},
                [x = save(*this)](const Tensor& g) { return Grads{g / (1 - x.get().square())}; });
}

Tensor& Tensor::atanh_() const {
  return real_function_("atanh_", kAtanh, *this, [&] { return clone().atanh(); });
}

// ---- the angle of a point -----------------------------------------------------------------------

namespace {

ScalarType angle_dtype(const Tensor& y, const Tensor& x) {
  return elementwise::real_dtype(result_type(y, x));
}

}  // namespace

Tensor Tensor::atan2(const Tensor& other) const {
  Tensor y = elementwise::broadcast_result("atan2", *this, other, angle_dtype(*this, other));
  elementwise::map_floating("atan2", kAtan2, y, *this, other);
  if (!needs_recording({*this, other})) return y;
  return record("atan2", y, {*this, other},
                [a = save(*this), b = save(other)](const Tensor& g, Needs needs) {
                  // d atan2(a, b) = (b da - a db) / (a² + b²), and 0 at the origin.
                  const Tensor y = a.get(), x = b.get();
                  const Tensor square = y * y + x * x;
                  const Tensor slope = (g / square).masked_fill(square.eq(0), 0);
                  return Grads{needs[0] ? slope * x : Tensor(), needs[1] ? -(slope * y) : Tensor()};
                });
}

Tensor& Tensor::atan2_(const Tensor& other) const {
  return elementwise::in_place(
      "atan2_", *this, other, angle_dtype(*this, other),
      [](const Tensor& out, const Tensor& y, const Tensor& x) {
        elementwise::map_floating("atan2_", kAtan2, out, y, x);
      },
      [&] { return clone().atan2(other); });
}

}  // namespace adjoint
