#pragma once

#include "adjoint/core/tensor.h"

/// Matrix products. Those of float32 and float64 are kernels::gemm's; operands that are transposed
/// views are read as such, without a copy. Operands must be of one dtype (not bool); a product over
/// no elements is 0.
namespace adjoint {

/// [m, k] x [k, n] -> [m, n].
Tensor mm(const Tensor& self, const Tensor& mat2);
/// [b, m, k] x [b, k, n] -> [b, m, n].
Tensor bmm(const Tensor& self, const Tensor& mat2);
/// [m, k] x [k] -> [m].
Tensor mv(const Tensor& self, const Tensor& vec);
/// [k] x [k] -> [].
Tensor dot(const Tensor& self, const Tensor& other);
inline Tensor vdot(const Tensor& self, const Tensor& other) { return dot(self, other); }
/// [m] x [n] -> [m, n].
Tensor outer(const Tensor& self, const Tensor& vec2);
inline Tensor ger(const Tensor& self, const Tensor& vec2) { return outer(self, vec2); }
/// [..., k] x [_, k] -> [..., _]: the dot products of all rows with all rows. A tensor without
/// dimensions multiplies.
Tensor inner(const Tensor& self, const Tensor& other);
/// The sum of a matrix' diagonal; integers add up in int64.
Tensor trace(const Tensor& self);
/// beta * self + alpha * mat1 x mat2, where self broadcasts to the product's shape. With beta = 0
/// self is not read, so that a NaN in it does not spread.
Tensor addmm(const Tensor& self, const Tensor& mat1, const Tensor& mat2, const Scalar& beta = 1,
             const Scalar& alpha = 1);
/// The same for bmm, mv and outer.
Tensor baddbmm(const Tensor& self, const Tensor& batch1, const Tensor& batch2,
               const Scalar& beta = 1, const Scalar& alpha = 1);
Tensor addmv(const Tensor& self, const Tensor& mat, const Tensor& vec, const Scalar& beta = 1,
             const Scalar& alpha = 1);
Tensor addr(const Tensor& self, const Tensor& vec1, const Tensor& vec2, const Scalar& beta = 1,
            const Scalar& alpha = 1);
/// The product of matrices from the left to the right, multiplied in the order that takes the
/// fewest operations.
Tensor chain_matmul(TensorList matrices);
/// The product of tensors of any rank but 0. The last two dimensions are matrices, those before
/// them are a batch and broadcast; a vector counts as a row on the left and a column on the right,
/// and that dimension is not in the result.
Tensor matmul(const Tensor& self, const Tensor& other);

/// input [..., in] x weightᵀ + bias -> [..., out] for weight [out, in] and, if there is one, bias
/// [out]; for a weight [in] -> [...].
Tensor linear(const Tensor& input, const Tensor& weight, const Tensor& bias = {});

}  // namespace adjoint
