#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// Functions of one variable, element by element. Those whose values are real numbers turn integers
// into the default dtype.

inline Tensor abs(const Tensor& self) { return self.abs(); }
/// -1, 0 or 1; NaN gives 0, as in PyTorch.
inline Tensor sign(const Tensor& self) { return self.sign(); }
inline Tensor exp(const Tensor& self) { return self.exp(); }
inline Tensor log(const Tensor& self) { return self.log(); }
inline Tensor log1p(const Tensor& self) { return self.log1p(); }
inline Tensor sqrt(const Tensor& self) { return self.sqrt(); }
inline Tensor rsqrt(const Tensor& self) { return self.rsqrt(); }
inline Tensor square(const Tensor& self) { return self.square(); }
inline Tensor reciprocal(const Tensor& self) { return self.reciprocal(); }
inline Tensor sin(const Tensor& self) { return self.sin(); }
inline Tensor cos(const Tensor& self) { return self.cos(); }
/// Powers. Throws Error for a negative number as exponent of integers.
inline Tensor pow(const Tensor& self, const Tensor& exponent) { return self.pow(exponent); }
inline Tensor pow(const Tensor& self, const Scalar& exponent) { return self.pow(exponent); }
Tensor pow(const Scalar& self, const Tensor& exponent);

}  // namespace adjoint
