#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// Elements from here to there: Tensor's methods as functions, and what they have in common.

inline Tensor clone(const Tensor& self) { return self.clone(); }
inline Tensor& fill_(Tensor& self, const Scalar& value) { return self.fill_(value); }
inline Tensor& fill_(Tensor& self, const Tensor& value) { return self.fill_(value); }
inline Tensor& zero_(Tensor& self) { return self.zero_(); }

}  // namespace adjoint
