#include "adjoint/ops/kernels/avx512_gemm.h"

#include <algorithm>

#include "adjoint/core/allocator.h"

#if defined(__x86_64__)
#include <immintrin.h>

// C is computed in blocks of 8 rows and 3 vectors of 16 columns, whose 24 sums stay in registers
// while the depth k passes by: for each step, 3 vectors of B are read, and 8 elements of A, of
// which each is multiplied with the 3 vectors. Only B has to be contiguous along a row, so A can be
// read as its transpose. If B is the transposed one, the product is computed as C^T = B^T A^T,
// which has it on the other side.

namespace adjoint::kernels {
namespace {

constexpr int64_t kLanes = 16;
constexpr int64_t kRows = 8;
constexpr int kVectors = 3;
/// How far to go along k at once: a panel of B, kVectors wide, then stays in the first-level cache.
constexpr int64_t kDepth = 192;
/// The same where A^T is copied into panels first: these are read in the order of their addresses,
/// and the sums cost more to store.
constexpr int64_t kCopiedDepth = 1024;
/// From so many rows on, a panel of B is copied before it is used: 10% faster from there on, 25%
/// slower for 16 rows.
constexpr int64_t kRowsWorthACopy = 128;
/// Steps along k by which the rows of B are asked for before they are needed: the processor
/// foresees no access beyond the page, and each row has pages of its own. 20% at k = 576.
constexpr int64_t kPrefetch = 12;

/// The operand that is read an element at a time: (i, p) is data[i * row + p * depth].
struct Scalars {
  const float* data;
  int64_t row, depth;
};

/// The operand that is read in vectors: (p, j) is data[p * depth + j].
struct Vectors {
  const float* data;
  int64_t depth;
};

/// What is computed: (i, j) is data[i * row + j * col], of which either step is 1.
struct Sums {
  float* data;
  int64_t row, col;
  float beta;
};

/// Sums of kBlockRows x kBlockVectors; `last` has a bit for each lane of the last vector that
/// exists.
template <int kBlockRows, int kBlockVectors>
[[gnu::target("avx512f"), gnu::noinline]] void block(int64_t depth, Scalars a, Vectors b,
                                                     __mmask16 last, Sums c) {
  __m512 sums[kBlockRows][kBlockVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kBlockRows; ++i) {
#pragma GCC unroll 3
    for (int j = 0; j < kBlockVectors; ++j) sums[i][j] = _mm512_setzero_ps();
  }
  for (int64_t p = 0; p < depth; ++p) {
    __m512 columns[kBlockVectors];
#pragma GCC unroll 3
    for (int j = 0; j < kBlockVectors; ++j) {
      const float* from = b.data + j * kLanes;
      columns[j] =
          j < kBlockVectors - 1 ? _mm512_loadu_ps(from) : _mm512_maskz_loadu_ps(last, from);
      _mm_prefetch(reinterpret_cast<const char*>(from + kPrefetch * b.depth), _MM_HINT_T0);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kBlockRows; ++i) {
      const __m512 scalar = _mm512_set1_ps(a.data[i * a.row]);
#pragma GCC unroll 3
      for (int j = 0; j < kBlockVectors; ++j) {
        sums[i][j] = _mm512_fmadd_ps(scalar, columns[j], sums[i][j]);
      }
    }
    a.data += a.depth;
    b.data += b.depth;
  }

  const __m512 beta = _mm512_set1_ps(c.beta);
  if (c.col == 1) {
#pragma GCC unroll 8
    for (int i = 0; i < kBlockRows; ++i) {
#pragma GCC unroll 3
      for (int j = 0; j < kBlockVectors; ++j) {
        const __mmask16 lanes = j < kBlockVectors - 1 ? __mmask16(-1) : last;
        float* to = c.data + i * c.row + j * kLanes;
        if (c.beta != 0) {
          sums[i][j] = _mm512_fmadd_ps(beta, _mm512_maskz_loadu_ps(lanes, to), sums[i][j]);
        }
        _mm512_mask_storeu_ps(to, lanes, sums[i][j]);
      }
    }
    return;
  }
  alignas(64) float transposed[kBlockRows][kBlockVectors * kLanes];
#pragma GCC unroll 8
  for (int i = 0; i < kBlockRows; ++i) {
#pragma GCC unroll 3
    for (int j = 0; j < kBlockVectors; ++j) _mm512_store_ps(transposed[i] + j * kLanes, sums[i][j]);
  }
  const int cols = (kBlockVectors - 1) * kLanes + __builtin_popcount(last);
  for (int j = 0; j < cols; ++j) {
    float* to = c.data + j * c.col;
#pragma GCC unroll 8
    for (int i = 0; i < kBlockRows; ++i) {
      to[i] = c.beta == 0 ? transposed[i][j] : transposed[i][j] + c.beta * to[i];
    }
  }
}

/// All rows of a panel of columns.
template <int kPanelVectors>
[[gnu::target("avx512f")]] void panel(int64_t rows, int64_t depth, Scalars a, Vectors b,
                                      __mmask16 last, Sums c) {
  const auto advance = [&](int64_t count) {
    a.data += count * a.row;
    c.data += count * c.row;
    rows -= count;
  };
  for (; rows >= kRows; advance(kRows)) block<kRows, kPanelVectors>(depth, a, b, last, c);
  if (rows >= 4) {
    block<4, kPanelVectors>(depth, a, b, last, c);
    advance(4);
  }
  if (rows >= 2) {
    block<2, kPanelVectors>(depth, a, b, last, c);
    advance(2);
  }
  if (rows >= 1) block<1, kPanelVectors>(depth, a, b, last, c);
}

/// Transposes 16 vectors of 16, of which those from `count` on are 0: exchanges the halves that lie
/// off the diagonal, then those of the halves, and so on.
[[gnu::target("avx512f")]] void transpose(__m512 (&rows)[kLanes]) {
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

/// Copies (p, j) to to[p * width + j], where width is cols rounded up to whole vectors.
[[gnu::target("avx512f")]] void copy_panel(int64_t depth, int64_t cols, Scalars from, int64_t width,
                                           float* to) {
  for (int64_t j = 0; j < cols; j += kLanes) {
    const int64_t count = std::min(kLanes, cols - j);
    const float* column = from.data + j * from.row;
    if (from.row == 1) {
      const auto lanes = static_cast<__mmask16>(0xffff >> (kLanes - count));
      for (int64_t p = 0; p < depth; ++p) {
        _mm512_store_ps(to + p * width + j, _mm512_maskz_loadu_ps(lanes, column + p * from.depth));
      }
      continue;
    }
    for (int64_t p = 0; p < depth; p += kLanes) {
      const int64_t steps = std::min(kLanes, depth - p);
      const auto lanes = static_cast<__mmask16>(0xffff >> (kLanes - steps));
      __m512 rows[kLanes];
#pragma GCC unroll 16
      for (int64_t i = 0; i < kLanes; ++i) {
        rows[i] = i < count ? _mm512_maskz_loadu_ps(lanes, column + i * from.row + p)
                            : _mm512_setzero_ps();
      }
      transpose(rows);
#pragma GCC unroll 16
      for (int64_t i = 0; i < kLanes; ++i) {
        if (i < steps) _mm512_store_ps(to + (p + i) * width + j, rows[i]);
      }
    }
  }
}

[[gnu::target("avx512f")]] void multiply(int64_t rows, int64_t cols, int64_t k, Scalars a,
                                         Scalars b, Sums c) {
  const bool copied = b.row != 1 || rows >= kRowsWorthACopy;
  const int64_t vectors = (cols + kLanes - 1) / kLanes;
  const int64_t panels = (vectors + kVectors - 1) / kVectors;
  const int64_t parts =
      (k + (b.row != 1 ? kCopiedDepth : kDepth) - 1) / (b.row != 1 ? kCopiedDepth : kDepth);
  const int64_t part = (k + parts - 1) / parts;
  const Scratch<float> space(copied ? part * kVectors * kLanes : 0);
  for (int64_t p = 0; p < k; p += part) {
    const int64_t depth = std::min(part, k - p);
    const Scalars ap{a.data + p * a.depth, a.row, a.depth};
    for (int64_t i = 0; i < panels; ++i) {
      const int64_t first = i * vectors / panels, end = (i + 1) * vectors / panels;
      const int64_t col = first * kLanes, width = (end - first) * kLanes;
      const int64_t count = std::min(width, cols - col);
      const Scalars from{b.data + col * b.row + p * b.depth, b.row, b.depth};
      Vectors bp{from.data, from.depth};
      if (copied) {
        copy_panel(depth, count, from, width, space.get());
        bp = {space.get(), width};
      }
      const auto last = static_cast<__mmask16>(0xffff >> (width - count));
      const Sums to{c.data + col * c.col, c.row, c.col, p == 0 ? c.beta : 1};
      switch (end - first) {
        case 1:
          panel<1>(rows, depth, ap, bp, last, to);
          break;
        case 2:
          panel<2>(rows, depth, ap, bp, last, to);
          break;
        default:
          panel<3>(rows, depth, ap, bp, last, to);
      }
    }
  }
}

}  // namespace

bool has_avx512() {
  static const bool has = __builtin_cpu_supports("avx512f");
  return has;
}

void avx512_gemm(int64_t m, int64_t n, int64_t k, Matrix<float> a, Matrix<float> b, float beta,
                 float* c, int64_t c_stride) {
  // Steps along the rows and columns of the product.
  const Scalars as{a.data, a.transposed ? 1 : a.stride, a.transposed ? a.stride : 1};
  const Scalars bs{b.data, b.transposed ? b.stride : 1, b.transposed ? 1 : b.stride};
  if (b.transposed) {
    multiply(n, m, k, bs, as, {c, 1, c_stride, beta});
  } else {
    multiply(m, n, k, as, bs, {c, c_stride, 1, beta});
  }
}

}  // namespace adjoint::kernels

#else

namespace adjoint::kernels {

bool has_avx512() { return false; }
void avx512_gemm(int64_t, int64_t, int64_t, Matrix<float>, Matrix<float>, float, float*, int64_t) {}

}  // namespace adjoint::kernels

#endif
