#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// Sums, differences, products and quotients, element by element. Operands broadcast; the result's
// dtype is result_type(a, b).

/// self + alpha * other. Throws Error if a fractional alpha meets integers.
inline Tensor add(const Tensor& self, const Tensor& other, const Scalar& alpha = 1) {
  return self.add(other, alpha);
}
inline Tensor add(const Tensor& self, const Scalar& other, const Scalar& alpha = 1) {
  return self.add(other, alpha);
}
/// self - alpha * other. Throws Error for bools.
inline Tensor sub(const Tensor& self, const Tensor& other, const Scalar& alpha = 1) {
  return self.sub(other, alpha);
}
inline Tensor sub(const Tensor& self, const Scalar& other, const Scalar& alpha = 1) {
  return self.sub(other, alpha);
}
/// other - alpha * self.
Tensor rsub(const Tensor& self, const Scalar& other, const Scalar& alpha = 1);
inline Tensor mul(const Tensor& self, const Tensor& other) { return self.mul(other); }
inline Tensor mul(const Tensor& self, const Scalar& other) { return self.mul(other); }
/// The true quotient: integers give floating-point numbers.
inline Tensor div(const Tensor& self, const Tensor& other) { return self.div(other); }
inline Tensor div(const Tensor& self, const Scalar& other) { return self.div(other); }
inline Tensor neg(const Tensor& self) { return self.neg(); }
inline Tensor& neg_(Tensor& self) { return self.neg_(); }

inline Tensor subtract(const Tensor& self, const Tensor& other, const Scalar& alpha = 1) {
  return self.sub(other, alpha);
}
inline Tensor subtract(const Tensor& self, const Scalar& other, const Scalar& alpha = 1) {
  return self.sub(other, alpha);
}
inline Tensor multiply(const Tensor& self, const Tensor& other) { return self.mul(other); }
inline Tensor multiply(const Tensor& self, const Scalar& other) { return self.mul(other); }
inline Tensor divide(const Tensor& self, const Tensor& other) { return self.div(other); }
inline Tensor divide(const Tensor& self, const Scalar& other) { return self.div(other); }
inline Tensor true_divide(const Tensor& self, const Tensor& other) { return self.div(other); }
inline Tensor true_divide(const Tensor& self, const Scalar& other) { return self.div(other); }
inline Tensor negative(const Tensor& self) { return self.neg(); }
inline Tensor& negative_(Tensor& self) { return self.neg_(); }

inline Tensor operator+(const Tensor& a, const Tensor& b) { return a.add(b); }
inline Tensor operator+(const Tensor& a, const Scalar& b) { return a.add(b); }
inline Tensor operator+(const Scalar& a, const Tensor& b) { return b.add(a); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return a.sub(b); }
inline Tensor operator-(const Tensor& a, const Scalar& b) { return a.sub(b); }
inline Tensor operator-(const Scalar& a, const Tensor& b) { return rsub(b, a); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return a.mul(b); }
inline Tensor operator*(const Tensor& a, const Scalar& b) { return a.mul(b); }
inline Tensor operator*(const Scalar& a, const Tensor& b) { return b.mul(a); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return a.div(b); }
inline Tensor operator/(const Tensor& a, const Scalar& b) { return a.div(b); }
Tensor operator/(const Scalar& a, const Tensor& b);

}  // namespace adjoint
