#pragma once

#include <cstdint>

namespace adjoint::kernels {

/// An operand of a matrix product: dense rows, `stride` elements apart, read as its transpose if
/// `transposed` is set. A product says its sizes; the operand knows only where its elements are.
template <class T>
struct Matrix {
  const T* data;
  int64_t stride;
  bool transposed = false;
};

/// C = A B + beta C on the calling thread, for T = float and double: A is [m, k], B is [k, n], C is
/// [m, n] with rows `c_stride` elements apart. Any size may be 0. With beta == 0, C is not read.
/// OpenBLAS computes it, with its own threads off, since ours run outside of it; or, for float on a
/// processor with AVX-512, avx512_gemm.
template <class T>
void gemm(int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, T beta, T* c,
          int64_t c_stride);

/// The same over all threads: C is cut into pieces that depend on the sizes alone.
template <class T>
void parallel_gemm(int64_t m, int64_t n, int64_t k, Matrix<T> a, Matrix<T> b, T beta, T* c,
                   int64_t c_stride);

}  // namespace adjoint::kernels
