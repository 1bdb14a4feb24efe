#pragma once

#include <cstdint>

#include "adjoint/ops/kernels/gemm.h"

namespace adjoint::kernels {

/// C = A B + beta C as `gemm` computes it, for float, on the calling thread, on a processor with
/// AVX-512. Sizes are 1 or more.
///
/// BLAS copies both operands into an order of its own before it multiplies, which pays for large
/// matrices. A convolution's are flat (16 to 64 rows) and lie in the cache: here they are read
/// where they are, and copied only where they are transposed or have many rows. In GF/s on a
/// Sapphire Rapids core, beside OpenBLAS 0.3.21 with its AVX2 kernels (OPENBLAS_CORETYPE=Haswell)
/// and with its AVX-512 ones:
///
///   | m x n x k                       | this | AVX2 | AVX-512 |
///   | 32 x 800 x 144                  |  112 |   49 |      68 |
///   | 64 x 800 x 576                  |   99 |   54 |      72 |
///   | 32 x 144 x 800, B transposed    |   89 |   43 |      49 |
///   | 128 x 784 x 1152                |   76 |   56 |      69 |
///   | 16 x 800 x 9                    |   64 |   35 |      77 |
///   | 16 x 9 x 800, B transposed      |   34 |   19 |      73 |
///   | 1024 x 1024 x 1024              |   81 |   62 |     108 |
///
/// On processors without AVX-512, OpenBLAS is near the processor's limit, and stays in use.
void avx512_gemm(int64_t m, int64_t n, int64_t k, Matrix<float> a, Matrix<float> b, float beta,
                 float* c, int64_t c_stride);

}  // namespace adjoint::kernels
