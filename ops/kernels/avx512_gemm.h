#pragma once

#include <cstdint>

#include "adjoint/ops/kernels/gemm.h"

namespace adjoint::kernels {

/// True if this processor has the instructions that `avx512_gemm` is made of (AVX-512F).
bool has_avx512();

/// C = A B + beta C as `gemm` computes it, for float, on the calling thread, on a processor with
/// AVX-512. Sizes are 1 or more.
///
/// BLAS is made for large matrices: it copies both operands into an order of its own before it
/// multiplies. A convolution's products are flat (16 to 64 rows) and small enough for the cache, so
/// that the copies cost a third of the time. This one reads the operands where they are. Measured
/// beside OpenBLAS 0.3.21 on a Sapphire Rapids core, in GF/s (m x n x k):
///   32 x 800 x 144: 103 against 44 with OpenBLAS's AVX2 kernels and 57 with its AVX-512 ones,
///   64 x 800 x 576: 94 against 45 and 69;  32 x 144 x 800 with B transposed: 107 against 44.
/// On processors without AVX-512, OpenBLAS is near the processor's limit, and stays in use.
void avx512_gemm(int64_t m, int64_t n, int64_t k, Matrix<float> a, Matrix<float> b, float beta,
                 float* c, int64_t c_stride);

}  // namespace adjoint::kernels
