#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// Functions of one variable, element by element, each with its form in place. Those whose values
// are real numbers turn integers into the default dtype.

inline Tensor abs(const Tensor& self) { return self.abs(); }
inline Tensor& abs_(Tensor& self) { return self.abs_(); }
inline Tensor absolute(const Tensor& self) { return self.abs(); }
/// -1, 0 or 1; NaN gives 0, as in PyTorch.
inline Tensor sign(const Tensor& self) { return self.sign(); }
inline Tensor exp(const Tensor& self) { return self.exp(); }
inline Tensor& exp_(Tensor& self) { return self.exp_(); }
inline Tensor exp2(const Tensor& self) { return self.exp2(); }
inline Tensor& exp2_(Tensor& self) { return self.exp2_(); }
/// e^x - 1, to full precision near 0.
inline Tensor expm1(const Tensor& self) { return self.expm1(); }
inline Tensor& expm1_(Tensor& self) { return self.expm1_(); }
inline Tensor log(const Tensor& self) { return self.log(); }
inline Tensor& log_(Tensor& self) { return self.log_(); }
inline Tensor log2(const Tensor& self) { return self.log2(); }
inline Tensor& log2_(Tensor& self) { return self.log2_(); }
inline Tensor log10(const Tensor& self) { return self.log10(); }
inline Tensor& log10_(Tensor& self) { return self.log10_(); }
/// ln(1 + x), to full precision near 0.
inline Tensor log1p(const Tensor& self) { return self.log1p(); }
inline Tensor& log1p_(Tensor& self) { return self.log1p_(); }
inline Tensor sqrt(const Tensor& self) { return self.sqrt(); }
inline Tensor& sqrt_(Tensor& self) { return self.sqrt_(); }
/// 1 / √x
inline Tensor rsqrt(const Tensor& self) { return self.rsqrt(); }
inline Tensor& rsqrt_(Tensor& self) { return self.rsqrt_(); }
inline Tensor square(const Tensor& self) { return self.square(); }
inline Tensor& square_(Tensor& self) { return self.square_(); }
inline Tensor reciprocal(const Tensor& self) { return self.reciprocal(); }
inline Tensor& reciprocal_(Tensor& self) { return self.reciprocal_(); }
/// 2/√π ∫ e^(-t²) dt from 0 to x; erfc is 1 - erf, to full precision where that is small.
inline Tensor erf(const Tensor& self) { return self.erf(); }
inline Tensor& erf_(Tensor& self) { return self.erf_(); }
inline Tensor erfc(const Tensor& self) { return self.erfc(); }
inline Tensor& erfc_(Tensor& self) { return self.erfc_(); }
/// Powers. Throws Error for a negative number as exponent of integers.
inline Tensor pow(const Tensor& self, const Tensor& exponent) { return self.pow(exponent); }
inline Tensor pow(const Tensor& self, const Scalar& exponent) { return self.pow(exponent); }
Tensor pow(const Scalar& self, const Tensor& exponent);

}  // namespace adjoint
