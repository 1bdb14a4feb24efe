#include "adjoint/ops/division.h"

#include <cmath>
#include <limits>

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/compare.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/elementwise.h"
#include "adjoint/ops/guarded.h"
#include "adjoint/ops/reduce.h"

namespace adjoint {

using autograd::Grads;
using autograd::Needs;
using autograd::needs_recording;
using autograd::record;
using autograd::save;
using elementwise::save_if;
using elementwise::wrapped_number;

namespace {

// ---- one pair of elements; integers are not divided by zero -------------------------------------

/// Whether b is -1, by which the lowest integer cannot be divided: its negative does not fit.
template <class T>
bool is_minus_one(T b) {
  return std::is_signed_v<T> && b == static_cast<T>(-1);
}

constexpr auto kFmod = []<class T>(T a, T b) -> T {
  if constexpr (std::is_floating_point_v<T>) {
    return std::fmod(a, b);
  } else {
    return is_minus_one(b) ? T(0) : static_cast<T>(a % b);
  }
};

/// Whether what C++'s division leaves has the other sign than the divisor.
template <class T>
bool needs_correction(T rest, T b) {
  return rest != T(0) && (rest < T(0)) != (b < T(0));
}

/// The remainder with the divisor's sign, from that with the dividend's.
template <class T>
T with_sign_of(T rest, T b) {
  return needs_correction(rest, b) ? static_cast<T>(rest + b) : rest;
}

constexpr auto kRemainder = []<class T>(T a, T b) -> T { return with_sign_of(kFmod(a, b), b); };

constexpr auto kTruncQuotient = []<class T>(T a, T b) -> T {
  if constexpr (std::is_floating_point_v<T>) {
    return std::trunc(a / b);
  } else {
    return is_minus_one(b) ? kernels::wrapping_difference(T(0), a) : static_cast<T>(a / b);
  }
};

/// The whole quotient below a / b, for floating-point numbers with b != 0, from their fmod. Not
/// floor(a / b): a quotient just below an integer may round to it. Without its rest, a is a
/// multiple of b up to rounding; where that leaves half an integer, it is rounded down, as in
/// PyTorch.
template <class T>
T floor_quotient(T a, T b, T rest) {
  const T whole = (a - rest) / b - (needs_correction(rest, b) ? T(1) : T(0));
  const T below = std::floor(whole);
  return whole == T(0) ? std::copysign(T(0), a / b) : below + T(whole - below > T(0.5) ? 1 : 0);
}

constexpr auto kFloorQuotient = []<class T>(T a, T b) -> T {
  if constexpr (std::is_floating_point_v<T>) {
    return b == T(0) ? a / b : floor_quotient(a, b, kFmod(a, b));
  } else {
    return static_cast<T>(kTruncQuotient(a, b) - (needs_correction(kFmod(a, b), b) ? 1 : 0));
  }
};

// ---- the same of floating-point numbers, vectorised ---------------------------------------------

/// fmod where the whole quotient q fits T's digits, and b is finite. The rounded a / b is at most
/// one too large as an integer, which the sign of a - q b tells; a fused multiply-add makes no
/// rounding error, for the remainder of either is a T.
template <class T>
T short_fmod(T a, T b) {
  const T rest = std::fma(-std::trunc(a / b), b, a);
  const bool beyond = a < T(0) ? rest > T(0) : rest < T(0);
  return std::copysign(beyond ? rest + std::copysign(b, a) : rest, a);
}

constexpr auto kQuotientIsShort = []<class T>(T a, T b) {
  constexpr T limit = T(uint64_t{1} << (std::numeric_limits<T>::digits - 1));
  return std::abs(a / b) < limit && std::abs(b) < std::numeric_limits<T>::infinity();
};

constexpr elementwise::Guarded kFastFmod{[](auto a, auto b) { return short_fmod(a, b); },
                                         kQuotientIsShort, kFmod};
constexpr elementwise::Guarded kFastRemainder{
    [](auto a, auto b) { return with_sign_of(short_fmod(a, b), b); }, kQuotientIsShort, kRemainder};
constexpr elementwise::Guarded kFastFloorQuotient{
    [](auto a, auto b) { return floor_quotient(a, b, short_fmod(a, b)); }, kQuotientIsShort,
    kFloorQuotient};

// ---- all of them ------------------------------------------------------------------------------

template <class T, class F>
void map_quotient(F f, const Tensor& out, const Tensor& a, const Tensor& b) {
  kernels::map<T, T, T>(f, out, a, b);
}
template <class T, class... Parts>
void map_quotient(const elementwise::Guarded<Parts...>& f, const Tensor& out, const Tensor& a,
                  const Tensor& b) {
  if constexpr (std::is_floating_point_v<T>) {
    elementwise::map_guarded<T>(f, out, a, b);
  } else {
    kernels::map<T, T, T>(f.exact, out, a, b);
  }
}

/// out = f(a, b) in out's dtype.
template <class F>
void divide(const char* name, F f, const Tensor& out, const Tensor& a, const Tensor& b) {
  const ScalarType dtype = out.scalar_type();
  check(dtype != kBool, "{}: bools cannot be divided; convert them with x.to(torch::kInt64)", name);
  const Tensor divisor = kernels::converted(b, dtype);
  if (!isFloatingType(dtype) && out.numel() > 0) {
    check(!divisor.eq(0).any().item<bool>(),
          "{}: integers ({}) are divided by zero; convert them with x.to(torch::kFloat32) to get "
          "infinity or NaN",
          name, dtype);
  }
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (!std::is_same_v<T, bool>) {
      map_quotient<T>(f, out, kernels::converted(a, dtype), divisor);
    }
  });
}

template <class F>
Tensor divided(const char* name, F f, const Tensor& a, const Tensor& b) {
  Tensor y = elementwise::broadcast_result(name, a, b, result_type(a, b));
  divide(name, f, y, a, b);
  return y;
}

template <class F, class Recorded>
Tensor& divide_in_place(const char* name, F f, const Tensor& a, const Tensor& b,
                        const Recorded& recorded) {
  return elementwise::in_place(
      name, a, b, result_type(a, b),
      [&](const Tensor& out, const Tensor& x, const Tensor& y) { divide(name, f, out, x, y); },
      recorded);
}

/// A quotient that is rounded does not change with its operands, but where it jumps.
constexpr auto kNoSlope = [](const Tensor& g) { return Grads{zeros_like(g), zeros_like(g)}; };

enum class Rounding { kNone, kTrunc, kFloor };

Rounding rounding_of(const char* name, std::optional<std::string_view> mode) {
  if (!mode) return Rounding::kNone;
  check(*mode == "trunc" || *mode == "floor",
        "{}: rounding_mode has to be \"trunc\", \"floor\" or none, got \"{}\"", name, *mode);
  return *mode == "trunc" ? Rounding::kTrunc : Rounding::kFloor;
}

}  // namespace

// ---- quotients ----------------------------------------------------------------------------------

Tensor Tensor::div(const Tensor& other, std::optional<std::string_view> rounding_mode) const {
  switch (rounding_of("div", rounding_mode)) {
    case Rounding::kNone:
      return div(other);
    case Rounding::kTrunc:
      return record("div_trunc", divided("div", kTruncQuotient, *this, other), {*this, other},
                    kNoSlope);
    case Rounding::kFloor:
      return floor_divide(other);
  }
  return {};
}

Tensor& Tensor::div_(const Tensor& other, std::optional<std::string_view> rounding_mode) const {
  switch (rounding_of("div_", rounding_mode)) {
    case Rounding::kNone:
      return div_(other);
    case Rounding::kTrunc:
      return divide_in_place("div_", kTruncQuotient, *this, other,
                             [&] { return div(other, rounding_mode); });
    case Rounding::kFloor:
      break;
  }
  return floor_divide_(other);
}

Tensor Tensor::div(const Scalar& other, std::optional<std::string_view> rounding_mode) const {
  return div(wrapped_number(other), rounding_mode);
}

Tensor& Tensor::div_(const Scalar& other, std::optional<std::string_view> rounding_mode) const {
  return div_(wrapped_number(other), rounding_mode);
}

Tensor Tensor::floor_divide(const Tensor& other) const {
  return record("floor_divide", divided("floor_divide", kFastFloorQuotient, *this, other),
                {*this, other}, kNoSlope);
}

Tensor& Tensor::floor_divide_(const Tensor& other) const {
  return divide_in_place("floor_divide_", kFastFloorQuotient, *this, other,
                         [&] { return floor_divide(other); });
}

Tensor Tensor::floor_divide(const Scalar& other) const {
  return floor_divide(wrapped_number(other));
}

Tensor& Tensor::floor_divide_(const Scalar& other) const {
  return floor_divide_(wrapped_number(other));
}

// ---- what they leave: a - b q, with the whole quotient q ----------------------------------------

Tensor Tensor::fmod(const Tensor& other) const {
  Tensor y = divided("fmod", kFastFmod, *this, other);
  if (!needs_recording({*this, other})) return y;
  return record("fmod", y, {*this, other},
                [a = save_if(other.requires_grad(), *this),
                 b = save_if(other.requires_grad(), other)](const Tensor& g, Needs needs) {
                  return Grads{g, needs[1] ? -(g * a.get().div(b.get(), "trunc")) : Tensor()};
                });
}

Tensor& Tensor::fmod_(const Tensor& other) const {
  return divide_in_place("fmod_", kFastFmod, *this, other, [&] { return clone().fmod(other); });
}

Tensor Tensor::fmod(const Scalar& other) const { return fmod(wrapped_number(other)); }
Tensor& Tensor::fmod_(const Scalar& other) const { return fmod_(wrapped_number(other)); }

Tensor Tensor::remainder(const Tensor& other) const {
  Tensor y = divided("remainder", kFastRemainder, *this, other);
  if (!needs_recording({*this, other})) return y;
  return record("remainder", y, {*this, other},
                [a = save_if(other.requires_grad(), *this),
                 b = save_if(other.requires_grad(), other)](const Tensor& g, Needs needs) {
                  return Grads{g, needs[1] ? -(g * a.get().div(b.get(), "floor")) : Tensor()};
                });
}

Tensor& Tensor::remainder_(const Tensor& other) const {
  return divide_in_place("remainder_", kFastRemainder, *this, other,
                         [&] { return clone().remainder(other); });
}

Tensor Tensor::remainder(const Scalar& other) const { return remainder(wrapped_number(other)); }
Tensor& Tensor::remainder_(const Scalar& other) const { return remainder_(wrapped_number(other)); }

Tensor remainder(const Scalar& self, const Tensor& other) {
  return wrapped_number(self).remainder(other);
}

}  // namespace adjoint
