#include "adjoint/ops/kernels/avx512_gemm.h"

#include <algorithm>

#include "adjoint/core/allocator.h"
#include "adjoint/ops/kernels/avx512.h"
#include "adjoint/ops/kernels/ceil_div.h"

#if defined(__x86_64__)

// C is computed in blocks of 8 rows and 3 vectors of 16 columns, whose 24 sums stay in registers
// while the depth k passes by: for each step, 3 vectors of B are read, and 8 elements of A, of
// which each is multiplied with the 3 vectors. Only B has to be contiguous along a row, so A can be
// read as its transpose. If B is the transposed one, the product is computed as C^T = B^T A^T,
// which has it on the other side.

namespace adjoint::kernels {
namespace {

constexpr int64_t kPanelVectors = 3;
/// How far to go along k at once: a panel of B, kPanelVectors wide, then stays in the first-level
/// cache.
constexpr int64_t kDepth = 192;
/// The same where B is transposed first: a panel is then read in the order of its addresses, and
/// the sums cost more to store.
constexpr int64_t kTransposedDepth = 1024;
/// From so many rows on, copying A and B block by block before they are used pays: for A 10%, and
/// more where rows are a multiple of a page apart; for B 10%, but it takes 25% longer for 16 rows.
constexpr int64_t kRowsToCopyA = 64;
constexpr int64_t kColsToCopyA = 128;
constexpr int64_t kRowsToCopyB = 128;
/// Elements of A to copy, at most: 2 MB, a common size of the second-level cache.
constexpr int64_t kLargestCopyOfA = 512 * 1024;
/// Steps along k by which the rows of B are asked for before they are needed: the processor
/// foresees no access beyond the page, and each row has pages of its own. 20% at k = 576.
constexpr int64_t kPrefetch = 12;

/// An operand by the steps to the next row of it and along k: (i, p) is data[i * row + p * depth].
struct Scalars {
  const float* data;
  int64_t row, depth;
  Scalars from(int64_t i, int64_t p) const { return {data + i * row + p * depth, row, depth}; }
};

/// What is computed: (i, j) is data[i * row + j * col], of which either step is 1.
struct Sums {
  float* data;
  int64_t row, col;
  float beta;
};

/// What the blocks of a panel share. They take it by reference: as arguments of its own it would
/// be put together on the stack for each block, which took 8% of a product.
struct Panel {
  int64_t depth;
  int64_t a_row, a_depth, b_depth, c_row, c_col;  ///< steps, as in Scalars and Sums
  float beta;
  __mmask16 last;  ///< has a bit for each lane of the last vector that exists
};

/// Sums of kRows x kVectors from (0, 0) of what a, b and c point to.
template <int kRows, int kVectors>
[[gnu::target("avx512f"), gnu::noinline]] void block(const Panel& panel, const float* a,
                                                     const float* b, float* c) {
  __m512 sums[kRows][kVectors] = {};
  const __mmask16 last = panel.last;
  const int64_t a_row = panel.a_row, a_depth = panel.a_depth, b_depth = panel.b_depth;
  for (int64_t p = panel.depth; p > 0; --p) {
    __m512 columns[kVectors];
#pragma GCC unroll 3
    for (int j = 0; j < kVectors; ++j) {
      const float* from = b + j * kLanes;
      columns[j] = j < kVectors - 1 ? _mm512_loadu_ps(from) : _mm512_maskz_loadu_ps(last, from);
      __builtin_prefetch(from + kPrefetch * b_depth);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const __m512 scalar = _mm512_set1_ps(a[i * a_row]);
#pragma GCC unroll 3
      for (int j = 0; j < kVectors; ++j) {
        sums[i][j] = _mm512_fmadd_ps(scalar, columns[j], sums[i][j]);
      }
    }
    a += a_depth;
    b += b_depth;
  }

  const __m512 beta = _mm512_set1_ps(panel.beta);
  if (panel.c_col == 1) {
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
      for (int j = 0; j < kVectors; ++j) {
        const __mmask16 lanes = j < kVectors - 1 ? __mmask16(-1) : last;
        float* to = c + i * panel.c_row + j * kLanes;
        if (panel.beta != 0) {
          sums[i][j] = _mm512_fmadd_ps(beta, _mm512_maskz_loadu_ps(lanes, to), sums[i][j]);
        }
        _mm512_mask_storeu_ps(to, lanes, sums[i][j]);
      }
    }
    return;
  }
  alignas(64) float rows[kRows][kVectors * kLanes];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 3
    for (int j = 0; j < kVectors; ++j) _mm512_store_ps(rows[i] + j * kLanes, sums[i][j]);
  }
  const int cols = (kVectors - 1) * kLanes + __builtin_popcount(last);
  for (int j = 0; j < cols; ++j) {
    float* to = c + j * panel.c_col;
    for (int i = 0; i < kRows; ++i) {
      to[i] = panel.beta == 0 ? rows[i][j] : rows[i][j] + panel.beta * to[i];
    }
  }
}

/// At most 16 rows of a panel.
template <int kVectors>
[[gnu::target("avx512f")]] void blocks(int64_t rows, const Panel& panel, const float* a,
                                       const float* b, float* c) {
  const auto advance = [&](int64_t count) {
    a += count * panel.a_row;
    c += count * panel.c_row;
    rows -= count;
  };
  for (; rows >= 8; advance(8)) block<8, kVectors>(panel, a, b, c);
  if (rows >= 4) {
    block<4, kVectors>(panel, a, b, c);
    advance(4);
  }
  if (rows >= 2) {
    block<2, kVectors>(panel, a, b, c);
    advance(2);
  }
  if (rows >= 1) block<1, kVectors>(panel, a, b, c);
}

/// Copies (j, p) of at most 16 rows j, which lie next to each other, to to[p * width + j].
[[gnu::target("avx512f")]] void copy_columns(int64_t depth, int64_t rows, Scalars from,
                                             int64_t width, float* to) {
  const __mmask16 lanes = first_lanes(rows);
  for (int64_t p = 0; p < depth; ++p) {
    _mm512_store_ps(to + p * width, _mm512_maskz_loadu_ps(lanes, from.data + p * from.depth));
  }
}

/// The same where the steps along k lie next to each other.
[[gnu::target("avx512f")]] void copy_transposed(int64_t depth, int64_t rows, Scalars from,
                                                int64_t width, float* to) {
  for (int64_t p = 0; p < depth; p += kLanes) {
    transpose_square(rows, std::min(kLanes, depth - p), from.data + p, from.row, to + p * width,
                     width);
  }
}

/// Copies (j, p) to to[p * width + j], where width is `rows` rounded up to whole vectors.
void copy_panel(int64_t depth, int64_t rows, Scalars from, int64_t width, float* to) {
  const auto copy = from.row == 1 ? copy_columns : copy_transposed;
  for (int64_t j = 0; j < rows; j += kLanes) {
    copy(depth, std::min(kLanes, rows - j), from.from(j, 0), width, to + j);
  }
}

/// (i, j) = sum over p of a(i, p) b(j, p), with beta.
[[gnu::target("avx512f")]] void multiply(int64_t rows, int64_t cols, int64_t k, Scalars a,
                                         Scalars b, Sums c) {
  const bool transpose_b = b.row != 1;
  const int64_t parts = ceil_div(k, transpose_b ? kTransposedDepth : kDepth);
  const int64_t part = ceil_div(k, parts);
  const bool copy_a =
      rows >= kRowsToCopyA && cols >= kColsToCopyA && rows * part <= kLargestCopyOfA;
  const bool copy_b = transpose_b || rows >= kRowsToCopyB;
  const Scratch<float> a_copy(copy_a ? ceil_div(rows, kLanes) * kLanes * part : 0);
  const Scratch<float> b_copy(copy_b ? kPanelVectors * kLanes * part : 0);
  const int64_t vectors = ceil_div(cols, kLanes), panels = ceil_div(vectors, kPanelVectors);
  for (int64_t p = 0; p < k; p += part) {
    const int64_t depth = std::min(part, k - p);
    for (int64_t i = 0; copy_a && i < rows; i += kLanes) {
      copy_panel(depth, std::min(kLanes, rows - i), a.from(i, p), kLanes, a_copy.get() + i * depth);
    }
    for (int64_t number = 0; number < panels; ++number) {
      const int64_t first = number * vectors / panels, end = (number + 1) * vectors / panels;
      const int64_t j = first * kLanes, width = (end - first) * kLanes;
      const int64_t count = std::min(width, cols - j);
      const Panel panel{.depth = depth,
                        .a_row = copy_a ? 1 : a.row,
                        .a_depth = copy_a ? kLanes : a.depth,
                        .b_depth = copy_b ? width : b.depth,
                        .c_row = c.row,
                        .c_col = c.col,
                        .beta = p == 0 ? c.beta : 1,
                        .last = first_lanes(count - (width - kLanes))};
      const float* bs = b.from(j, p).data;
      if (copy_b) {
        copy_panel(depth, count, b.from(j, p), width, b_copy.get());
        bs = b_copy.get();
      }
      for (int64_t i = 0; i < rows; i += kLanes) {
        const int64_t group = std::min(kLanes, rows - i);
        const float* as = copy_a ? a_copy.get() + i * depth : a.from(i, p).data;
        float* to = c.data + i * c.row + j * c.col;
        switch (end - first) {
          case 1:
            blocks<1>(group, panel, as, bs, to);
            break;
          case 2:
            blocks<2>(group, panel, as, bs, to);
            break;
          default:
            blocks<kPanelVectors>(group, panel, as, bs, to);
        }
      }
    }
  }
}

}  // namespace

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

void avx512_gemm(int64_t, int64_t, int64_t, Matrix<float>, Matrix<float>, float, float*, int64_t) {}

}  // namespace adjoint::kernels

#endif
