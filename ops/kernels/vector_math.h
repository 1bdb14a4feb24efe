#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <type_traits>

/// exp, log, tanh and sigmoid in plain arithmetic without branches or calls, so that the compiler
/// can vectorise the loops that they are used in; always inlined, for a call would prevent that. An
/// element's value is the same bits wherever it stands, since the vector loop and the remainder
/// after it are one formula.
///
/// Errors are below 3 units in the last place (the tests measure them); NaN, infinities and
/// denormal numbers are right.
namespace adjoint::kernels {

namespace detail {

template <class T>
struct FloatFormat;

template <>
struct FloatFormat<float> {
  using Bits = uint32_t;
  static constexpr int kMantissa = 23;
  static constexpr Bits kBias = 127;
  static constexpr float kExpMax = 89, kExpMin = -104;  // beyond them exp is infinite, or 0
  static constexpr float kTanhMax = 10;                 // beyond it tanh is 1
  static constexpr int kExpTerms = 7, kLogTerms = 5;    // of the series below
  // ln 2 in two parts: the first has enough zeros at its end that n times it is exact.
  static constexpr float kLn2High = 0x1.62e4p-1f, kLn2Low = 0x1.7f7d1cf79abcap-20;
};

template <>
struct FloatFormat<double> {
  using Bits = uint64_t;
  static constexpr int kMantissa = 52;
  static constexpr Bits kBias = 1023;
  static constexpr double kExpMax = 710, kExpMin = -746;
  static constexpr double kTanhMax = 20;
  static constexpr int kExpTerms = 13, kLogTerms = 11;
  static constexpr double kLn2High = 0x1.62e42fefap-1, kLn2Low = 0x1.cf79abc9e3b39p-40;
};

/// Adding and subtracting 1.5 * 2^mantissa rounds to the nearest integer; in between, the lowest
/// bits of the sum are that integer.
template <class T>
inline constexpr T kRounder = T(3) * T(uint64_t{1} << (FloatFormat<T>::kMantissa - 1));

template <class T>
[[gnu::always_inline]] inline T round_to_integer(T x) {
  return (x + kRounder<T>)-kRounder<T>;
}

/// 2^n for an integer n that is the exponent of a normal number.
template <class T>
[[gnu::always_inline]] inline T power_of_two(T n) {
  using F = FloatFormat<T>;
  using Bits = typename F::Bits;
  return std::bit_cast<T>((std::bit_cast<Bits>(n + kRounder<T>) + F::kBias) << F::kMantissa);
}

/// e^r - 1 = r + r²/2! + r³/3! + ... for |r| <= ln(2)/2, by Horner's rule.
template <class T, int terms = FloatFormat<T>::kExpTerms>
[[gnu::always_inline]] inline T expm1_series(T r) {
  constexpr auto coefficients = [] {
    std::array<T, terms + 1> c{};
    long double factorial = 1;
    for (int k = 1; k <= terms; ++k) c[k] = static_cast<T>(1 / (factorial *= k));
    return c;
  }();
  T q = coefficients[terms];
#pragma GCC unroll 16
  for (int k = terms - 1; k >= 2; --k) q = q * r + coefficients[k];
  return r + r * r * q;
}

}  // namespace detail

/// x = n ln 2 + r, so e^x = 2^n e^r.
template <class T>
[[gnu::always_inline]] inline T exp(T x) {
  using F = detail::FloatFormat<T>;
  x = x > F::kExpMax ? F::kExpMax : x;  // a NaN passes
  x = x < F::kExpMin ? F::kExpMin : x;
  const T n = detail::round_to_integer(x * std::numbers::log2e_v<T>);
  const T r = (x - n * F::kLn2High) - n * F::kLn2Low;
  // In two factors, because 2^n alone may be too large or too small for a T where e^x is not.
  const T half = detail::round_to_integer(n * T(0.5));
  return (T(1) + detail::expm1_series(r)) * detail::power_of_two(half) *
         detail::power_of_two(n - half);
}

/// e^(a - b)
struct ExpOfDifference {
  template <class T>
  [[gnu::always_inline]] T operator()(T a, T b) const {
    return exp(a - b);
  }
};

/// 1 / (1 + e^-x)
template <class T>
[[gnu::always_inline]] inline T sigmoid(T x) {
  return T(1) / (T(1) + exp(-x));
}

/// tanh |x| = -d / (2 + d) with d = e^(-2|x|) - 1, which keeps all digits where x is small.
template <class T>
[[gnu::always_inline]] inline T tanh(T x) {
  using F = detail::FloatFormat<T>;
  const T magnitude = std::abs(x);
  const T y = T(-2) * (magnitude > F::kTanhMax ? F::kTanhMax : magnitude);
  const T n = detail::round_to_integer(y * std::numbers::log2e_v<T>);
  const T r = (y - n * F::kLn2High) - n * F::kLn2Low;
  const T scale = detail::power_of_two(n);
  const T d = scale * detail::expm1_series(r) + (scale - T(1));
  return std::copysign(d / (T(2) + d), x);
}

/// x = 2^e m with m in [√½, √2); ln m = 2 artanh s = 2 (s + s³/3 + s⁵/5 + ...) with s =
/// (m-1)/(m+1).
template <class T>
[[gnu::always_inline]] inline T log(T x) {
  using F = detail::FloatFormat<T>;
  using Bits = typename F::Bits;
  constexpr T tiny = std::numeric_limits<T>::min();
  constexpr T up = T(uint64_t{1} << F::kMantissa);
  const bool denormal = x < tiny;
  const Bits bits = std::bit_cast<Bits>(denormal ? x * up : x);
  // Counting the exponent from √½ on instead of from 1: the carry out of the mantissa decides.
  constexpr Bits one = std::bit_cast<Bits>(T(1));
  constexpr Bits root = std::bit_cast<Bits>(std::numbers::sqrt2_v<T> / 2);
  const Bits shifted = bits + (one - root);
  const Bits biased = shifted >> F::kMantissa;
  const T m = std::bit_cast<T>((shifted & ((Bits{1} << F::kMantissa) - 1)) + root);
  // The biased exponent as a number, by the same trick as in power_of_two, backwards.
  const T e = std::bit_cast<T>(std::bit_cast<Bits>(detail::kRounder<T>) + biased) -
              (detail::kRounder<T> + T(F::kBias)) - (denormal ? T(F::kMantissa) : T(0));
  const T f = m - T(1);
  const T s = f / (T(2) + f);
  const T s2 = s * s;
  T q = T(2) / T(2 * F::kLogTerms + 1);
#pragma GCC unroll 16
  for (int k = F::kLogTerms - 1; k >= 1; --k) q = q * s2 + T(2) / T(2 * k + 1);
  // ln m = f - s (f - q s²): f is exact, and what is taken from it small.
  const T ln_m = f - s * (f - q * s2);
  const T y = e * F::kLn2High + (ln_m + e * F::kLn2Low);
  constexpr T inf = std::numeric_limits<T>::infinity();
  const T special = x == T(0) ? -inf : (x < T(0) ? std::numeric_limits<T>::quiet_NaN() : x);
  return x > T(0) && x < inf ? y : special;
}

}  // namespace adjoint::kernels
