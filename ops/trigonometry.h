#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// Circular and hyperbolic functions and their inverses, element by element, in radians. Integers
// give the default dtype; outside of a function's domain the result is NaN.

inline Tensor sin(const Tensor& self) { return self.sin(); }
inline Tensor& sin_(Tensor& self) { return self.sin_(); }
inline Tensor cos(const Tensor& self) { return self.cos(); }
inline Tensor& cos_(Tensor& self) { return self.cos_(); }
inline Tensor tan(const Tensor& self) { return self.tan(); }
inline Tensor& tan_(Tensor& self) { return self.tan_(); }
inline Tensor asin(const Tensor& self) { return self.asin(); }
inline Tensor& asin_(Tensor& self) { return self.asin_(); }
inline Tensor acos(const Tensor& self) { return self.acos(); }
inline Tensor& acos_(Tensor& self) { return self.acos_(); }
inline Tensor atan(const Tensor& self) { return self.atan(); }
inline Tensor& atan_(Tensor& self) { return self.atan_(); }
inline Tensor sinh(const Tensor& self) { return self.sinh(); }
inline Tensor& sinh_(Tensor& self) { return self.sinh_(); }
inline Tensor cosh(const Tensor& self) { return self.cosh(); }
inline Tensor& cosh_(Tensor& self) { return self.cosh_(); }
inline Tensor asinh(const Tensor& self) { return self.asinh(); }
inline Tensor& asinh_(Tensor& self) { return self.asinh_(); }
inline Tensor acosh(const Tensor& self) { return self.acosh(); }
inline Tensor& acosh_(Tensor& self) { return self.acosh_(); }
inline Tensor atanh(const Tensor& self) { return self.atanh(); }
inline Tensor& atanh_(Tensor& self) { return self.atanh_(); }

// NumPy's names of the inverses.
inline Tensor arcsin(const Tensor& self) { return self.asin(); }
inline Tensor& arcsin_(Tensor& self) { return self.asin_(); }
inline Tensor arccos(const Tensor& self) { return self.acos(); }
inline Tensor& arccos_(Tensor& self) { return self.acos_(); }
inline Tensor arctan(const Tensor& self) { return self.atan(); }
inline Tensor& arctan_(Tensor& self) { return self.atan_(); }
inline Tensor arcsinh(const Tensor& self) { return self.asinh(); }
inline Tensor& arcsinh_(Tensor& self) { return self.asinh_(); }
inline Tensor arccosh(const Tensor& self) { return self.acosh(); }
inline Tensor& arccosh_(Tensor& self) { return self.acosh_(); }
inline Tensor arctanh(const Tensor& self) { return self.atanh(); }
inline Tensor& arctanh_(Tensor& self) { return self.atanh_(); }

/// The angle of the point (other, self), from -π to π. The operands broadcast.
inline Tensor atan2(const Tensor& self, const Tensor& other) { return self.atan2(other); }
inline Tensor arctan2(const Tensor& self, const Tensor& other) { return self.atan2(other); }

}  // namespace adjoint
