#include "adjoint/ops/kernels/gemm.h"

#include <algorithm>
#include <climits>
#include <type_traits>

#include <cblas.h>

#include "adjoint/core/error.h"
#include "adjoint/core/parallel.h"
#include "adjoint/ops/kernels/avx512.h"
#include "adjoint/ops/kernels/avx512_gemm.h"
#include "adjoint/ops/kernels/ceil_div.h"

namespace adjoint::kernels {
namespace {

void blas_gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, blasint m, blasint n, blasint k,
               const float* a, blasint lda, const float* b, blasint ldb, float beta, float* c,
               blasint ldc) {
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}

void blas_gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, blasint m, blasint n, blasint k,
               const double* a, blasint lda, const double* b, blasint ldb, double beta, double* c,
               blasint ldc) {
  cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, ldc);
}

void blas_gemv(CBLAS_TRANSPOSE ta, blasint m, blasint n, const float* a, blasint lda,
               const float* x, blasint incx, float beta, float* y) {
  cblas_sgemv(CblasRowMajor, ta, m, n, 1, a, lda, x, incx, beta, y, 1);
}

void blas_gemv(CBLAS_TRANSPOSE ta, blasint m, blasint n, const double* a, blasint lda,
               const double* x, blasint incx, double beta, double* y) {
  cblas_dgemv(CblasRowMajor, ta, m, n, 1, a, lda, x, incx, beta, y, 1);
}

/// C = a b + beta C for a column a and a row b.
template <class T>
void outer_product(int64_t m, int64_t n, Matrix<T> a, Matrix<T> b, T beta, T* c, int64_t c_stride) {
  const int64_t a_step = a.transposed ? 1 : a.stride, b_step = b.transposed ? b.stride : 1;
  for (int64_t i = 0; i < m; ++i) {
    const T scale = a.data[i * a_step];
    T* row = c + i * c_stride;
    if (b_step != 1 || (beta != T(0) && beta != T(1))) {
      for (int64_t j = 0; j < n; ++j) {
        row[j] = scale * b.data[j * b_step] + (beta == T(0) ? T(0) : beta * row[j]);
      }
    } else if (beta == T(0)) {
      for (int64_t j = 0; j < n; ++j) row[j] = scale * b.data[j];
    } else {
      for (int64_t j = 0; j < n; ++j) row[j] += scale * b.data[j];
    }
  }
}

/// BLAS wants strides of at least a row, also where there is no second row.
template <class T>
blasint leading_dimension(const Matrix<T>& matrix, int64_t rows, int64_t cols) {
  return static_cast<blasint>(std::max(matrix.stride, matrix.transposed ? rows : cols));
}

CBLAS_TRANSPOSE transpose_flag(bool transposed) { return transposed ? CblasTrans : CblasNoTrans; }

/// The part of a matrix that starts at (row, col).
template <class T>
Matrix<T> from(Matrix<T> matrix, int64_t row, int64_t col) {
  matrix.data += matrix.transposed ? col * matrix.stride + row : row * matrix.stride + col;
  return matrix;
}

}  // namespace

template <class T>
void gemm(int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, T beta, T* c,
          int64_t c_stride) {
  static const bool threads_off = (openblas_set_num_threads(1), true);
  static_cast<void>(threads_off);
  if (m == 0 || n == 0) return;
  if (k == 0) {
    if (beta == T(1)) return;
    for (int64_t i = 0; i < m; ++i) {
      T* row = c + i * c_stride;
      for (int64_t j = 0; j < n; ++j) row[j] = beta == T(0) ? T(0) : beta * row[j];
    }
    return;
  }
  check(std::max({m, n, k, a.stride, b.stride, c_stride}) <= INT_MAX,
        "matrix product: BLAS takes sizes up to {}, but these are {} x {} x {} with rows {}, {} "
        "and {} "
        "elements apart",
        INT_MAX, m, k, n, a.stride, b.stride, c_stride);
  // A depthwise convolution is made of such products, and sgemm takes 3 to 10 times as long for
  // them.
  if (k == 1) return outer_product(m, n, a, b, beta, c, c_stride);
  if (m == 1) {
    const auto rows = static_cast<blasint>(b.transposed ? n : k);
    const auto cols = static_cast<blasint>(b.transposed ? k : n);
    return blas_gemv(transpose_flag(!b.transposed), rows, cols, b.data, leading_dimension(b, k, n),
                     a.data, a.transposed ? static_cast<blasint>(a.stride) : 1, beta, c);
  }
  if constexpr (std::is_same_v<T, float>) {
    if (has_avx512()) return avx512_gemm(m, n, k, a, b, beta, c, c_stride);
  }
  blas_gemm(transpose_flag(a.transposed), transpose_flag(b.transposed), static_cast<blasint>(m),
            static_cast<blasint>(n), static_cast<blasint>(k), a.data, leading_dimension(a, m, k),
            b.data, leading_dimension(b, k, n), beta, c,
            static_cast<blasint>(std::max(c_stride, n)));
}

template <class T>
void parallel_gemm(int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, T beta, T* c,
                   int64_t c_stride) {
  // A piece is large enough to be worth packing its operands again (the products are 64 deep or
  // more in each direction) and there are enough pieces for many threads to share.
  constexpr int64_t kPieces = 16;
  constexpr int64_t kSmallestSide = 64;
  constexpr int64_t kPanel = 48;  // of avx512_gemm: narrower ones are a tenth slower
  const auto piece_size = [=](int64_t size, int64_t pieces) {
    return std::max(kSmallestSide, ceil_div(ceil_div(size, pieces), kPanel) * kPanel);
  };
  const int64_t rows = m >= n ? piece_size(m, kPieces) : std::max(m, int64_t{1});
  const int64_t row_pieces = ceil_div(m, rows);
  const int64_t cols =
      piece_size(n, std::max(int64_t{1}, kPieces / std::max(row_pieces, int64_t{1})));
  const int64_t col_pieces = ceil_div(n, cols);
  parallel_for(0, row_pieces * col_pieces, 1, [&](int64_t piece, int64_t) {
    const int64_t i = piece / col_pieces * rows;
    const int64_t j = piece % col_pieces * cols;
    gemm(std::min(rows, m - i), std::min(cols, n - j), k, from(a, i, 0), from(b, 0, j), beta,
         c + i * c_stride + j, c_stride);
  });
}

template void gemm(int64_t, int64_t, int64_t, Matrix<float>, Matrix<float>, float, float*, int64_t);
template void gemm(int64_t, int64_t, int64_t, Matrix<double>, Matrix<double>, double, double*,
                   int64_t);
template void parallel_gemm(int64_t, int64_t, int64_t, Matrix<float>, Matrix<float>, float, float*,
                            int64_t);
template void parallel_gemm(int64_t, int64_t, int64_t, Matrix<double>, Matrix<double>, double,
                            double*, int64_t);

}  // namespace adjoint::kernels
