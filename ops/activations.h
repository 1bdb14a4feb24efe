#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// The nonlinearities of neural networks. Each one's backward pass is one fused loop, which is an
// operation with a rule of its own.

/// max(x, 0); a NaN stays one. The derivative at 0 is 0.
inline Tensor relu(const Tensor& self) { return self.relu(); }
inline Tensor& relu_(Tensor& self) { return self.relu_(); }
/// 1 / (1 + e^-x)
inline Tensor sigmoid(const Tensor& self) { return self.sigmoid(); }
inline Tensor& sigmoid_(Tensor& self) { return self.sigmoid_(); }
inline Tensor tanh(const Tensor& self) { return self.tanh(); }
inline Tensor& tanh_(Tensor& self) { return self.tanh_(); }

/// grad where self > threshold (or NaN), else 0: the rule of relu, with threshold 0.
Tensor threshold_backward(const Tensor& grad_output, const Tensor& self, const Scalar& threshold);
/// grad * output * (1 - output)
Tensor sigmoid_backward(const Tensor& grad_output, const Tensor& output);
/// grad * (1 - output²)
Tensor tanh_backward(const Tensor& grad_output, const Tensor& output);

}  // namespace adjoint
