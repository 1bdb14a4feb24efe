#pragma once

// Internal: what Module and Optimizer share.

#include "adjoint/core/tensor.h"

namespace adjoint {

/// Zeroes the gradient of `parameter` in place, if it has one, or with set_to_none makes it
/// undefined. The zeroed gradient is no part of a graph any more.
inline void zero_gradient(const Tensor& parameter, bool set_to_none) {
  Tensor& grad = parameter.mutable_grad();
  if (set_to_none) {
    grad.reset();
  } else if (grad.defined()) {
    grad = grad.detach();
    grad.zero_();
  }
}

}  // namespace adjoint
