#pragma once

#include "adjoint/core/tensor.h"
#include "adjoint/nn/options/activation.h"
#include "adjoint/nn/options/conv.h"
#include "adjoint/nn/options/fold.h"
#include "adjoint/nn/options/loss.h"
#include "adjoint/nn/options/padding.h"

/// The layers as functions, whose parameters the caller keeps; options are passed as objects.
///
///     namespace F = adjoint::nn::functional;
///     F::conv2d(x, weight, F::Conv2dFuncOptions().bias(bias).stride(2))
///
/// Shapes and errors are those of the operations of the same names in ops/.
namespace adjoint::nn::functional {

Tensor conv1d(const Tensor& input, const Tensor& weight, const Conv1dFuncOptions& options = {});
Tensor conv2d(const Tensor& input, const Tensor& weight, const Conv2dFuncOptions& options = {});
Tensor conv_transpose1d(const Tensor& input, const Tensor& weight,
                        const ConvTranspose1dFuncOptions& options = {});
Tensor conv_transpose2d(const Tensor& input, const Tensor& weight,
                        const ConvTranspose2dFuncOptions& options = {});

/// A border around the last dimensions; see ops/pad.h.
Tensor pad(const Tensor& input, const PadFuncOptions& options);
/// im2col and its adjoint col2im; see ops/fold.h.
Tensor unfold(const Tensor& input, const UnfoldFuncOptions& options);
Tensor fold(const Tensor& input, const FoldFuncOptions& options);

/// y = x Aᵀ + b: input [..., in], weight [out, in], bias [out] or undefined, result [..., out].
Tensor linear(const Tensor& input, const Tensor& weight, const Tensor& bias = {});

Tensor relu(Tensor input, const ReLUFuncOptions& options = {});
Tensor sigmoid(const Tensor& input);
Tensor tanh(const Tensor& input);

/// (input - target)². Of two shapes it warns, and broadcasts.
Tensor mse_loss(const Tensor& input, const Tensor& target, const MSELossFuncOptions& options = {});
/// -(target log(input) + (1 - target) log(1 - input)) for input in [0, 1]. The two must have one
/// shape.
Tensor binary_cross_entropy(const Tensor& input, const Tensor& target,
                            const BinaryCrossEntropyFuncOptions& options = {});

}  // namespace adjoint::nn::functional
