#pragma once

// Internal: what the kernels made of AVX-512 instructions have in common. Each such function has
// the target as its attribute, so that the library runs on other processors too, and is called only
// where `has_avx512()`.

#include <algorithm>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace adjoint::kernels {

/// True if this processor has AVX-512F.
inline bool has_avx512() {
#if defined(__x86_64__)
  static const bool has = __builtin_cpu_supports("avx512f");
  return has;
#else
  return false;
#endif
}

/// Floats in a vector.
inline constexpr int64_t kLanes = 16;

#if defined(__x86_64__)

/// A bit for each of the first `count` lanes.
inline __mmask16 first_lanes(int64_t count) {
  return static_cast<__mmask16>(0xffff >> (kLanes - count));
}

/// Transposes 16 vectors of 16: exchanges the halves that lie off the diagonal, then those of the
/// halves, and so on.
[[gnu::target("avx512f")]] inline void transpose(__m512 (&rows)[kLanes]) {
#pragma GCC unroll 4
  for (int half = kLanes / 2; half > 0; half /= 2) {
    const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    // Lanes of the second vector are numbered from 16 on.
    const __mmask16 upper = _mm512_test_epi32_mask(lane, _mm512_set1_epi32(half));
    const __m512i low = _mm512_mask_add_epi32(lane, upper, lane, _mm512_set1_epi32(kLanes - half));
    const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(half));
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) {
      if (i & half) continue;
      const __m512 a = rows[i], b = rows[i + half];
      rows[i] = _mm512_permutex2var_ps(a, low, b);
      rows[i + half] = _mm512_permutex2var_ps(a, high, b);
    }
  }
}

/// to[j * to_stride + i] = from[i * from_stride + j] for i < rows and j < cols, both at most 16;
/// 0 for i from rows on, up to `written`.
[[gnu::target("avx512f")]] inline void transpose_square(int64_t rows, int64_t cols,
                                                        const float* from, int64_t from_stride,
                                                        float* to, int64_t to_stride,
                                                        int64_t written = kLanes) {
  const __mmask16 lanes = first_lanes(cols);
  __m512 square[kLanes];
#pragma GCC unroll 16
  for (int64_t i = 0; i < kLanes; ++i) {
    square[i] =
        i < rows ? _mm512_maskz_loadu_ps(lanes, from + i * from_stride) : _mm512_setzero_ps();
  }
  transpose(square);
#pragma GCC unroll 16
  for (int64_t j = 0; j < kLanes; ++j) {
    if (j < cols) _mm512_mask_storeu_ps(to + j * to_stride, first_lanes(written), square[j]);
  }
}

#endif

}  // namespace adjoint::kernels
