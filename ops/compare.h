#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// Yes or no, element by element, as bool tensors. Both sides broadcast and are compared in the
// dtype that they promote to; nothing equals NaN. Nothing here has a derivative. In place
// (x.lt_(y)), the answers are 1 and 0 in x's dtype.

inline Tensor eq(const Tensor& self, const Tensor& other) { return self.eq(other); }
inline Tensor eq(const Tensor& self, const Scalar& other) { return self.eq(other); }
inline Tensor ne(const Tensor& self, const Tensor& other) { return self.ne(other); }
inline Tensor ne(const Tensor& self, const Scalar& other) { return self.ne(other); }
inline Tensor lt(const Tensor& self, const Tensor& other) { return self.lt(other); }
inline Tensor lt(const Tensor& self, const Scalar& other) { return self.lt(other); }
inline Tensor le(const Tensor& self, const Tensor& other) { return self.le(other); }
inline Tensor le(const Tensor& self, const Scalar& other) { return self.le(other); }
inline Tensor gt(const Tensor& self, const Tensor& other) { return self.gt(other); }
inline Tensor gt(const Tensor& self, const Scalar& other) { return self.gt(other); }
inline Tensor ge(const Tensor& self, const Tensor& other) { return self.ge(other); }
inline Tensor ge(const Tensor& self, const Scalar& other) { return self.ge(other); }

inline Tensor operator==(const Tensor& a, const Tensor& b) { return a.eq(b); }
inline Tensor operator==(const Tensor& a, const Scalar& b) { return a.eq(b); }
inline Tensor operator==(const Scalar& a, const Tensor& b) { return b.eq(a); }
inline Tensor operator!=(const Tensor& a, const Tensor& b) { return a.ne(b); }
inline Tensor operator!=(const Tensor& a, const Scalar& b) { return a.ne(b); }
inline Tensor operator!=(const Scalar& a, const Tensor& b) { return b.ne(a); }
inline Tensor operator<(const Tensor& a, const Tensor& b) { return a.lt(b); }
inline Tensor operator<(const Tensor& a, const Scalar& b) { return a.lt(b); }
inline Tensor operator<(const Scalar& a, const Tensor& b) { return b.gt(a); }
inline Tensor operator<=(const Tensor& a, const Tensor& b) { return a.le(b); }
inline Tensor operator<=(const Tensor& a, const Scalar& b) { return a.le(b); }
inline Tensor operator<=(const Scalar& a, const Tensor& b) { return b.ge(a); }
inline Tensor operator>(const Tensor& a, const Tensor& b) { return a.gt(b); }
inline Tensor operator>(const Tensor& a, const Scalar& b) { return a.gt(b); }
inline Tensor operator>(const Scalar& a, const Tensor& b) { return b.lt(a); }
inline Tensor operator>=(const Tensor& a, const Tensor& b) { return a.ge(b); }
inline Tensor operator>=(const Tensor& a, const Scalar& b) { return a.ge(b); }
inline Tensor operator>=(const Scalar& a, const Tensor& b) { return b.le(a); }

/// A number counts as true unless it is 0; NaN is true.
inline Tensor logical_and(const Tensor& self, const Tensor& other) {
  return self.logical_and(other);
}
inline Tensor logical_or(const Tensor& self, const Tensor& other) { return self.logical_or(other); }
inline Tensor logical_xor(const Tensor& self, const Tensor& other) {
  return self.logical_xor(other);
}
inline Tensor logical_not(const Tensor& self) { return self.logical_not(); }

inline Tensor isnan(const Tensor& self) { return self.isnan(); }
inline Tensor isinf(const Tensor& self) { return self.isinf(); }
inline Tensor isfinite(const Tensor& self) { return self.isfinite(); }
inline Tensor isposinf(const Tensor& self) { return self.isposinf(); }
inline Tensor isneginf(const Tensor& self) { return self.isneginf(); }
/// Whether the number is negative or -0.
inline Tensor signbit(const Tensor& self) { return self.signbit(); }

/// One bool: same shape and all elements equal. Throws Error if the dtypes differ.
inline bool equal(const Tensor& self, const Tensor& other) { return self.equal(other); }
/// |self - other| <= atol + rtol |other|; equal infinities are close, NaNs only with equal_nan.
/// Throws Error if the dtypes differ.
inline Tensor isclose(const Tensor& self, const Tensor& other, double rtol = 1e-05,
                      double atol = 1e-08, bool equal_nan = false) {
  return self.isclose(other, rtol, atol, equal_nan);
}
/// Whether all elements are.
inline bool allclose(const Tensor& self, const Tensor& other, double rtol = 1e-05,
                     double atol = 1e-08, bool equal_nan = false) {
  return self.allclose(other, rtol, atol, equal_nan);
}

}  // namespace adjoint
