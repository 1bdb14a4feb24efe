#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <type_traits>

#include "adjoint/ops/kernels/vector_math.h"

/// Functions of float32, computed in double: arguments and results are doubles that hold floats.
///
/// Rounding errors of the formulas then hardly show: with series that are cut where a float ends,
/// results are within 0.51 units in the last place of a float (the tests measure it), and textbook
/// formulas need no care. As in vector_math.h there are no branches and no calls, so that loops
/// vectorise, and NaN, infinities, denormal numbers and signed zeros are right. For float64 the
/// operations call the C library.
namespace adjoint::kernels::float_math {

namespace detail {

inline constexpr int kExpTerms = 8;
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// a b + c, fused where the processor can, which takes up to 35% off a function. The formulas hold
/// either way: a float's last bit differs only where the exact value is within 10^-9 of the middle
/// of two floats.
[[gnu::always_inline]] inline double multiply_add(double a, double b, double c) {
#ifdef __FMA__
  return std::fma(a, b, c);
#else
  return a * b + c;
#endif
}

/// c[0] + c[1] x + c[2] x² + ..., the even and the odd powers each by Horner's rule: two short
/// chains of operations, where the processor would wait for the results of one long one (10 to 25%
/// of a function).
template <std::size_t n>
[[gnu::always_inline]] inline double polynomial(const std::array<double, n>& c, double x) {
  const double square = x * x;
  double highest = c[n - 1], other = c[n - 2];
#pragma GCC unroll 32
  for (std::size_t k = 2; k < n; k += 2) {
    highest = multiply_add(highest, square, c[n - 1 - k]);
    if (k + 1 < n) other = multiply_add(other, square, c[n - 2 - k]);
  }
  return n % 2 == 1 ? multiply_add(other, x, highest) : multiply_add(highest, x, other);
}

[[gnu::always_inline]] inline double clamped(double x, double low, double high) {  // a NaN passes
  x = x > high ? high : x;
  return x < low ? low : x;
}

/// e^x = scale (1 + rest), for |x| <= 700.
struct Exponential {
  [[gnu::always_inline]] explicit Exponential(double x) {
    using F = kernels::detail::FloatFormat<double>;
    const double n = kernels::detail::round_to_integer(x * std::numbers::log2e);
    const double r = (x - n * F::kLn2High) - n * F::kLn2Low;
    scale = kernels::detail::power_of_two(n);
    rest = kernels::detail::expm1_series<double, kExpTerms>(r);
  }
  [[gnu::always_inline]] double value() const { return scale * (1 + rest); }
  [[gnu::always_inline]] double less_one() const { return scale * rest + (scale - 1); }

  double scale, rest;
};

/// x - n quarters π/2: what is left of a turn; `quarters` is a constant 1 or 2. π/2 comes in two
/// parts, the first of 33 bits, so that n times it is exact and the rest keeps its digits where it
/// is small (Cody and Waite). For integers and halves n below 2^19.
[[gnu::always_inline]] inline double after_quarters(double x, double n, double quarters) {
  constexpr double high = 0x1.921fb544p0, low = 0x1.0b4611a626331p-34;
  return multiply_add(n, -quarters * low, multiply_add(n, -quarters * high, x));
}

/// `value`, negated if the lowest bit of `bits` is set.
[[gnu::always_inline]] inline double negated_if_odd(double value, double bits) {
  return std::bit_cast<double>(std::bit_cast<uint64_t>(value) ^
                               (std::bit_cast<uint64_t>(bits) << 63));
}

// sin(r) / r and cos(r) as polynomials in r²: interpolation at the Chebyshev nodes.

/// The sine for |r| <= π/2, relative error 3e-11.
[[gnu::always_inline]] inline double sin_of_half_turn(double r) {
  constexpr std::array<double, 6> c{0.9999999999829089,    -0.16666666616790812,
                                    0.008333330973271878,  -0.00019840861058037127,
                                    2.752526349541792e-06, -2.3889104032675583e-08};
  return r * polynomial(c, r * r);
}
/// The sine and cosine for |r| <= π/4, relative errors 5e-12 and 7e-11.
[[gnu::always_inline]] inline double sin_of_quarter_turn(double r) {
  constexpr std::array<double, 5> c{0.9999999999956709, -0.16666666631577168, 0.008333328781097757,
                                    -0.00019839201800436314, 2.717341870116158e-06};
  return r * polynomial(c, r * r);
}
[[gnu::always_inline]] inline double cos_of_quarter_turn(double r) {
  constexpr std::array<double, 5> c{0.9999999999524657, -0.49999999614703977, 0.04166661667759459,
                                    -0.001388661754772064, 2.4379789395383755e-05};
  return polynomial(c, r * r);
}

/// The angle of the point (x, y) with x, y >= 0, not both infinite.
[[gnu::always_inline]] inline double angle(double y, double x) {
  const bool steep = y > x;  // then it is π/2 less the angle of (y, x)
  const double far = steep ? y : x, near = steep ? x : y;
  const double z = near / (far == 0 ? 1. : far);
  // arctan(z) / z as a polynomial in z²: interpolation at the 11 Chebyshev nodes of 0 <= z² <= 1,
  // relative error 5e-10.
  constexpr std::array<double, 11> c{
      0.99999999955353762,  -0.33333322488911591,   0.19999558100363982,  -0.14278576024807984,
      0.11050771275849661,  -0.087850432823628451,  0.066852815178774237, -0.043928410733267464,
      0.021912945865448392, -0.0070306694704242131, 0.0010576074380572421};
  const double low = z * polynomial(c, z * z);
  return steep ? std::numbers::pi / 2 - low : low;
}

}  // namespace detail

// ---- exponentials and logarithms ----------------------------------------------------------------

[[gnu::always_inline]] inline double exp2(double x) {
  x = detail::clamped(x, -160, 160);
  const double n = kernels::detail::round_to_integer(x);
  const double r = (x - n) * std::numbers::ln2;
  return (1 + kernels::detail::expm1_series<double, detail::kExpTerms>(r)) *
         kernels::detail::power_of_two(n);
}

[[gnu::always_inline]] inline double expm1(double x) {
  return std::copysign(detail::Exponential(detail::clamped(x, -110, 110)).less_one(), x);
}

/// x = 2^e m with m in [√½, √2); ln m = 2 artanh s = 2 (s + s³/3 + s⁵/5 + ...), s = (m-1)/(m+1).
[[gnu::always_inline]] inline double log(double x) {
  // Counting the exponent from √½ on instead of from 1: the carry out of the mantissa decides.
  constexpr auto one = std::bit_cast<uint64_t>(1.);
  constexpr auto root = std::bit_cast<uint64_t>(std::numbers::sqrt2 / 2);
  constexpr double rounder = kernels::detail::kRounder<double>;
  const uint64_t shifted = std::bit_cast<uint64_t>(x) + (one - root);
  const double m = std::bit_cast<double>((shifted & ((uint64_t{1} << 52) - 1)) + root);
  const double e =
      std::bit_cast<double>(std::bit_cast<uint64_t>(rounder) + (shifted >> 52)) - (rounder + 1023);
  const double s = (m - 1) / (m + 1);
  constexpr std::array<double, 6> c{2., 2. / 3, 2. / 5, 2. / 7, 2. / 9, 2. / 11};
  const double y = e * std::numbers::ln2 + s * detail::polynomial(c, s * s);
  const double special = x == 0 ? -detail::kInfinity : (x < 0 ? detail::kNaN : x);
  return x > 0 && x < detail::kInfinity ? y : special;
}
[[gnu::always_inline]] inline double log2(double x) { return log(x) * std::numbers::log2e; }
[[gnu::always_inline]] inline double log10(double x) { return log(x) * std::numbers::log10e; }

/// ln(1 + x), where 1 + x would lose x's digits x - x²/2.
[[gnu::always_inline]] inline double log1p(double x) {
  const double y = log(1 + x);
  return std::abs(x) < 0x1p-20 ? x - x * x / 2 : y;
}

/// base^exponent for 0 < base < infinity and a finite exponent.
[[gnu::always_inline]] inline double pow(double base, double exponent) {
  return detail::Exponential(detail::clamped(exponent * log(base), -110, 110)).value();
}

// ---- circular functions and their inverses ------------------------------------------------------

/// Beyond it sin, cos and tan do not hold.
inline constexpr double kAngleMax = 0x1p18;

// The sum of an angle in turns and the rounder has the number of whole turns in its lowest bits.

/// x = n π + r, so sin x = ± sin r.
[[gnu::always_inline]] inline double sin(double x) {
  constexpr double rounder = kernels::detail::kRounder<double>;
  const double sum = detail::multiply_add(x, std::numbers::inv_pi, rounder);
  const double r = detail::after_quarters(x, sum - rounder, 2);
  return detail::negated_if_odd(detail::sin_of_half_turn(r), sum);
}
/// x = (n - ½) π + r, so cos x = ± sin r.
[[gnu::always_inline]] inline double cos(double x) {
  constexpr double rounder = kernels::detail::kRounder<double>;
  const double sum = detail::multiply_add(x, std::numbers::inv_pi, 0.5) + rounder;
  const double r = detail::after_quarters(x, sum - rounder - 0.5, 2);
  return detail::negated_if_odd(detail::sin_of_half_turn(r), sum);
}
/// x = n π/2 + r, so tan x = tan r, or -1 / tan r for an odd n.
[[gnu::always_inline]] inline double tan(double x) {
  constexpr double rounder = kernels::detail::kRounder<double>;
  const double sum = detail::multiply_add(x, 2 * std::numbers::inv_pi, rounder);
  const double r = detail::after_quarters(x, sum - rounder, 1);
  const double sine = detail::sin_of_quarter_turn(r), cosine = detail::cos_of_quarter_turn(r);
  const bool odd = (std::bit_cast<uint64_t>(sum) & 1) != 0;
  return (odd ? -cosine : sine) / (odd ? sine : cosine);
}

[[gnu::always_inline]] inline double atan(double x) {
  return std::copysign(detail::angle(std::abs(x), 1), x);
}

namespace detail {

/// arcsin |x| = angle, or π/2 - 2 angle if |x| is large.
struct Arcsine {
  [[gnu::always_inline]] explicit Arcsine(double x) {
    const double a = std::abs(x);
    large = a > 0.5;
    const double square = large ? (1 - a) / 2 : a * a, root = std::sqrt(square);
    // arcsin(s) / s as a polynomial in s²: interpolation at the Chebyshev nodes of 0 <= s² <= 1/4,
    // relative error 3e-10.
    constexpr std::array<double, 7> c{
        1.0000000002307783,  0.16666657639575913,  0.07500571381024686, 0.04450870949865153,
        0.03185718889411276, 0.014295256037820107, 0.0376771383418486};
    angle = (large ? root : a) * polynomial(c, square);
  }
  bool large;
  double angle;
};

}  // namespace detail

[[gnu::always_inline]] inline double asin(double x) {
  const detail::Arcsine a(x);
  return std::copysign(a.large ? std::numbers::pi / 2 - 2 * a.angle : a.angle, x);
}
/// π/2 - arcsin x; for a large |x| the two π/2 cancel, or add up.
[[gnu::always_inline]] inline double acos(double x) {
  const detail::Arcsine a(x);
  const double middle = x < 0 ? std::numbers::pi : 0;
  return a.large ? middle + std::copysign(2 * a.angle, x)
                 : std::numbers::pi / 2 - std::copysign(a.angle, x);
}

[[gnu::always_inline]] inline double atan2(double y, double x) {
  const double a = std::abs(y), b = std::abs(x);
  const bool endless = a == detail::kInfinity && b == detail::kInfinity;
  const double first = detail::angle(endless ? 1. : a, endless ? 1. : b);
  const bool left = std::copysign(1., x) < 0;
  return std::copysign(left ? std::numbers::pi - first : first, y);
}

// ---- hyperbolic functions and their inverses ----------------------------------------------------

/// (d + d / (1 + d)) / 2 with d = e^|x| - 1, which keeps all digits where x is small.
[[gnu::always_inline]] inline double sinh(double x) {
  const double d = detail::Exponential(detail::clamped(std::abs(x), 0, 110)).less_one();
  return std::copysign((d + d / (1 + d)) / 2, x);
}
[[gnu::always_inline]] inline double cosh(double x) {
  const double e = detail::Exponential(detail::clamped(std::abs(x), 0, 110)).value();
  return (e + 1 / e) / 2;
}

[[gnu::always_inline]] inline double asinh(
    double x) {  // ln(|x| + root), with root - 1 = x² / (1 + root)
  const double a = std::abs(x), root = std::sqrt(1 + a * a);
  return std::copysign(log1p(a == detail::kInfinity ? a : a + a * a / (1 + root)), x);
}
[[gnu::always_inline]] inline double acosh(double x) {
  const double t = x - 1;
  return log1p(t + std::sqrt(t < 0 ? t : t * (t + 2)));
}
[[gnu::always_inline]] inline double atanh(double x) {
  const double a = std::abs(x);
  return std::copysign(log1p(2 * a / (1 - a)) / 2, x);
}

// ---- the error function -------------------------------------------------------------------------

/// erf(x) / x as a polynomial in u = x²/8 - 1: interpolation at the 20 Chebyshev nodes of
/// 0 <= x² <= 16, relative error 7e-11. Beyond, erf is 1 to half a unit in the last place.
[[gnu::always_inline]] inline double erf(double x) {
  x = detail::clamped(x, -4, 4);
  constexpr std::array<double, 20> c{
      0.35353099561954217,   -0.17657623329328919,   0.13167512166462025,   -0.10771044414410302,
      0.09020883714494015,   -0.074727812570748412,  0.059888903555390776,  -0.045765787725826116,
      0.033047750256227792,  -0.022469199937727328,  0.014397091965097183,  -0.0086223413586865908,
      0.0047476391993702011, -0.0025422212206154075, 0.0014372159312613071, -0.00066221949664613631,
      0.0001587696196752785, -7.7758922494168756e-5, 9.7256637699241594e-5, -3.5566795785810665e-5};
  return x * detail::polynomial(c, x * x / 8 - 1);
}

/// For x >= 0, (1 + 2x) e^(x²) erfc(x) as a polynomial in t = (x - 3) / (x + 3): interpolation at
/// the 13 Chebyshev nodes of 0 <= x <= 10.25, relative error 6e-11. (The form is that of M.
/// Shepherd and J. Laframboise, Mathematics of Computation 36, 1981.) Beyond, erfc is 0 as a float.
[[gnu::always_inline]] inline double erfc(double x) {
  const double a = detail::clamped(std::abs(x), 0, 10.25);
  constexpr std::array<double, 13> c{
      1.2530080582387742,      -0.13562110677405769,   -0.04756229027792899,
      0.12964519682071829,     -0.11927373189707718,   0.068307379031542166,
      -0.023770436078517028,   0.0025338563693565972,  0.0018923145222201192,
      -0.00079204666263140603, -0.0001249350059733423, 0.00013007047947243763,
      3.4369759199052346e-5};
  const double scaled = detail::polynomial(c, (a - 3) / (a + 3)) / (1 + 2 * a);
  const double tail = detail::Exponential(-(a * a)).value() * scaled;
  return x < 0 ? 2 - tail : tail;
}

}  // namespace adjoint::kernels::float_math

namespace adjoint::kernels {

/// `formula` in doubles for floats, `library` for doubles.
template <auto formula, decltype(formula) library>
struct FloatFunction {
  template <class... X>
  [[gnu::always_inline]] auto operator()(X... x) const {
    if constexpr ((... && std::is_same_v<X, float>)) {
      return static_cast<float>(formula(static_cast<double>(x)...));
    } else {
      return library(x...);
    }
  }
};

}  // namespace adjoint::kernels
