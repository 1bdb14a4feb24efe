#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

/// What a loss does with its elements' losses; the names are libtorch's.
namespace Reduction {
enum Reduction { None, Mean, Sum, END };
}  // namespace Reduction

// Losses between a prediction and its target. A reduction is Reduction::None (one loss an element),
// Mean or Sum; anything else throws Error.

/// (input - target)². The shapes broadcast.
Tensor mse_loss(const Tensor& input, const Tensor& target, int64_t reduction = Reduction::Mean);
/// The gradient of mse_loss in `input`, where `grad_output` is that of its result: an operation
/// with derivatives of its own. The shapes are equal.
Tensor mse_loss_backward(const Tensor& grad_output, const Tensor& input, const Tensor& target,
                         int64_t reduction);
/// |input - target|. The shapes broadcast.
Tensor l1_loss(const Tensor& input, const Tensor& target, int64_t reduction = Reduction::Mean);

/// -w (t log x + (1 - t) log(1 - x)) for probabilities x = input and targets t of one shape, with
/// logarithms of at least -100 so that it stays finite; `weight` w broadcasts. Throws Error for an
/// x outside [0, 1].
Tensor binary_cross_entropy(const Tensor& input, const Tensor& target, const Tensor& weight = {},
                            int64_t reduction = Reduction::Mean);
/// binary_cross_entropy(sigmoid(x), t) without overflow or loss of precision; `pos_weight`, which
/// broadcasts, multiplies the first term.
Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target,
                                        const Tensor& weight = {}, const Tensor& pos_weight = {},
                                        int64_t reduction = Reduction::Mean);

/// -w[c] x[c] for log-probabilities x = input, [n, classes, ...], and classes c = target, [n, ...]
/// (int64), or [classes] and []. Elements with c == ignore_index have loss 0 and do not count in
/// the mean, which is weighted by w = weight [classes].
Tensor nll_loss(const Tensor& input, const Tensor& target, const Tensor& weight = {},
                int64_t reduction = Reduction::Mean, int64_t ignore_index = -100);
/// nll_loss of log_softmax(input, 1): for unnormalised scores. Target: classes, as there.
Tensor cross_entropy_loss(const Tensor& input, const Tensor& target, const Tensor& weight = {},
                          int64_t reduction = Reduction::Mean, int64_t ignore_index = -100);

}  // namespace adjoint
