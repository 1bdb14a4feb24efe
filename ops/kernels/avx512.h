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

/// All lanes. (Functions without a mask make GCC 12 warn of its own header.)
inline constexpr __mmask16 kAll = 0xffff;

/// Stores the lower halves of each four lanes of two vectors, and the upper ones a stride later.
[[gnu::target("avx512f")]] inline float* store_halves(__m512 a, __m512 b, float* to,
                                                      int64_t stride) {
  const __m512d x = _mm512_castps_pd(a), y = _mm512_castps_pd(b);
  _mm512_storeu_ps(to,
                   _mm512_castpd_ps(_mm512_maskz_unpacklo_pd(static_cast<__mmask8>(kAll), x, y)));
  _mm512_storeu_ps(to + stride,
                   _mm512_castpd_ps(_mm512_maskz_unpackhi_pd(static_cast<__mmask8>(kAll), x, y)));
  return to + 2 * stride;
}

/// to[j * to_stride + i] = from[i * from_stride + j] for i, j < 16. Four times: four columns of the
/// rows i, i + 4, i + 8 and i + 12 make a vector, and four of these are transposed lane by lane. It
/// takes two thirds of the time of the function above with loads and stores.
[[gnu::target("avx512f")]] inline void transpose_full_square(const float* from, int64_t from_stride,
                                                             float* to, int64_t to_stride) {
#pragma GCC unroll 4
  for (int64_t j = 0; j < kLanes; j += 4) {
    __m512 rows[4];
#pragma GCC unroll 4
    for (int64_t i = 0; i < 4; ++i) {
      const float* x = from + i * from_stride + j;
      __m512 row = _mm512_castps128_ps512(_mm_loadu_ps(x));
      row = _mm512_maskz_insertf32x4(kAll, row, _mm_loadu_ps(x + 4 * from_stride), 1);
      row = _mm512_maskz_insertf32x4(kAll, row, _mm_loadu_ps(x + 8 * from_stride), 2);
      row = _mm512_maskz_insertf32x4(kAll, row, _mm_loadu_ps(x + 12 * from_stride), 3);
      rows[i] = row;
    }
    const __m512 low01 = _mm512_maskz_unpacklo_ps(kAll, rows[0], rows[1]);
    const __m512 high01 = _mm512_maskz_unpackhi_ps(kAll, rows[0], rows[1]);
    const __m512 low23 = _mm512_maskz_unpacklo_ps(kAll, rows[2], rows[3]);
    const __m512 high23 = _mm512_maskz_unpackhi_ps(kAll, rows[2], rows[3]);
    to = store_halves(low01, low23, to, to_stride);
    to = store_halves(high01, high23, to, to_stride);
  }
}

/// to[j * to_stride + i] = from[i * from_stride + j] for i < rows and j < cols, both at most 16;
/// 0 for i from rows on, up to `written`.
[[gnu::target("avx512f")]] inline void transpose_square(int64_t rows, int64_t cols,
                                                        const float* from, int64_t from_stride,
                                                        float* to, int64_t to_stride,
                                                        int64_t written = kLanes) {
  if (rows == kLanes && cols == kLanes)
    return transpose_full_square(from, from_stride, to, to_stride);
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
