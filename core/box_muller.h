#pragma once

// Internal: the blocks behind normal_ and randn.

#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

/// The Box-Muller transform on blocks of 16, with the roundings of PyTorch's.
///
/// In float these are the polynomials of the Cephes library (S. Moshier, netlib.org/cephes: logf,
/// sinf, cosf) as PyTorch's AVX2 code evaluates them, each multiplication that feeds an addition
/// fused with it. std::fma says so explicitly, so that the bits depend neither on the processor nor
/// on the compiler's flags. All is free of branches: the loop over a block vectorises.
namespace adjoint::random {

/// The natural logarithm of a normal x > 0.
inline float box_muller_log(float x) {
  // x = m·2^e with m in [sqrt(1/2), sqrt(2)), and log x = log(1 + f) + e·log 2 with f = m - 1.
  const auto bits = std::bit_cast<int32_t>(x);
  const float half_to_one = std::bit_cast<float>((bits & 0x007fffff) | 0x3f000000);
  const bool low = half_to_one < 0.707106781186547524f;
  const float e = static_cast<float>((bits >> 23) - 126) - (low ? 1.0f : 0.0f);
  const float f = (half_to_one - 1.0f) + (low ? half_to_one : 0.0f);

  float p = 7.0376836292e-2f;
  p = std::fma(p, f, -1.1514610310e-1f);
  p = std::fma(p, f, 1.1676998740e-1f);
  p = std::fma(p, f, -1.2420140846e-1f);
  p = std::fma(p, f, 1.4249322787e-1f);
  p = std::fma(p, f, -1.6668057665e-1f);
  p = std::fma(p, f, 2.0000714765e-1f);
  p = std::fma(p, f, -2.4999993993e-1f);
  p = std::fma(p, f, 3.3333331174e-1f);

  // log 2 comes in two parts, of which the greater has so few bits that its product is exact.
  const float square = f * f;
  const float small = std::fma(p * f, square, e * -2.12194440e-4f);
  return std::fma(e, 0.693359375f, f + std::fma(square, -0.5f, small));
}

/// The sine and cosine of an x in [0, 8192).
inline void box_muller_sincos(float x, float* sine, float* cosine) {
  // x = r + k·pi/4 with k even and |r| <= pi/4; pi/4 in three parts keeps r exact.
  const int32_t k = (static_cast<int32_t>(x * 1.27323954473516f) + 1) & ~1;
  const float multiple = static_cast<float>(k);
  float r = std::fma(multiple, -0.78515625f, x);
  r = std::fma(multiple, -2.4187564849853515625e-4f, r);
  r = std::fma(multiple, -3.77489497744594108e-8f, r);
  const float square = r * r;

  float c = 2.443315711809948e-5f;
  c = std::fma(c, square, -1.388731625493765e-3f);
  c = std::fma(c, square, 4.166664568298827e-2f);
  c = std::fma(c * square, square, -(square * 0.5f)) + 1.0f;

  float s = -1.9515295891e-4f;
  s = std::fma(s, square, 8.3321608736e-3f);
  s = std::fma(s, square, -1.6666654611e-1f);
  s = std::fma(s * square, r, r);

  // A turn by k·pi/4: sine and cosine change places for odd k/2, and then the signs.
  const bool swapped = (k & 2) != 0;
  const auto sine_bits = std::bit_cast<uint32_t>(swapped ? c : s);
  const auto cosine_bits = std::bit_cast<uint32_t>(swapped ? s : c);
  const uint32_t sine_sign = static_cast<uint32_t>(k & 4) << 29;
  const uint32_t cosine_sign = static_cast<uint32_t>((k + 2) & 4) << 29;
  *sine = std::bit_cast<float>(sine_bits ^ sine_sign);
  *cosine = std::bit_cast<float>(cosine_bits ^ cosine_sign);
}

inline double box_muller_log(double x) { return std::log(x); }

inline void box_muller_sincos(double x, double* sine, double* cosine) {
  *sine = std::sin(x);
  *cosine = std::cos(x);
}

/// Turns 16 samples that are uniform on [0, 1) into normal ones, in place: element i and i+8 make
/// the pair sqrt(-2·log(1-u))·(cos, sin)(2·pi·v).
template <class T>
void box_muller_16(T* block, T mean, T std) {
  for (int i = 0; i < 8; ++i) {
    const T radius = std::sqrt(T{-2} * box_muller_log(T{1} - block[i]));
    const T angle = static_cast<T>(2 * std::numbers::pi) * block[i + 8];
    T sine;
    T cosine;
    box_muller_sincos(angle, &sine, &cosine);
    block[i] = std::fma(radius * cosine, std, mean);
    block[i + 8] = std::fma(radius * sine, std, mean);
  }
}

}  // namespace adjoint::random
