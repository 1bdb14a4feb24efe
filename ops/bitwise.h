#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// Integers bit by bit, and bools as logic. Operands broadcast; the result's dtype is
// result_type(a, b). Throws Error for floating-point numbers. Nothing here has a derivative.

inline Tensor bitwise_and(const Tensor& self, const Tensor& other) {
  return self.bitwise_and(other);
}
inline Tensor bitwise_and(const Tensor& self, const Scalar& other) {
  return self.bitwise_and(other);
}
inline Tensor bitwise_and(const Scalar& self, const Tensor& other) {
  return other.bitwise_and(self);
}
inline Tensor bitwise_or(const Tensor& self, const Tensor& other) { return self.bitwise_or(other); }
inline Tensor bitwise_or(const Tensor& self, const Scalar& other) { return self.bitwise_or(other); }
inline Tensor bitwise_or(const Scalar& self, const Tensor& other) { return other.bitwise_or(self); }
inline Tensor bitwise_xor(const Tensor& self, const Tensor& other) {
  return self.bitwise_xor(other);
}
inline Tensor bitwise_xor(const Tensor& self, const Scalar& other) {
  return self.bitwise_xor(other);
}
inline Tensor bitwise_xor(const Scalar& self, const Tensor& other) {
  return other.bitwise_xor(self);
}
inline Tensor bitwise_left_shift(const Tensor& self, const Tensor& other) {
  return self.bitwise_left_shift(other);
}
inline Tensor bitwise_left_shift(const Tensor& self, const Scalar& other) {
  return self.bitwise_left_shift(other);
}
Tensor bitwise_left_shift(const Scalar& self, const Tensor& other);
inline Tensor bitwise_right_shift(const Tensor& self, const Tensor& other) {
  return self.bitwise_right_shift(other);
}
inline Tensor bitwise_right_shift(const Tensor& self, const Scalar& other) {
  return self.bitwise_right_shift(other);
}
Tensor bitwise_right_shift(const Scalar& self, const Tensor& other);
inline Tensor bitwise_not(const Tensor& self) { return self.bitwise_not(); }

inline Tensor operator&(const Tensor& a, const Tensor& b) { return a.bitwise_and(b); }
inline Tensor operator&(const Tensor& a, const Scalar& b) { return a.bitwise_and(b); }
inline Tensor operator&(const Scalar& a, const Tensor& b) { return b.bitwise_and(a); }
inline Tensor operator|(const Tensor& a, const Tensor& b) { return a.bitwise_or(b); }
inline Tensor operator|(const Tensor& a, const Scalar& b) { return a.bitwise_or(b); }
inline Tensor operator|(const Scalar& a, const Tensor& b) { return b.bitwise_or(a); }
inline Tensor operator^(const Tensor& a, const Tensor& b) { return a.bitwise_xor(b); }
inline Tensor operator^(const Tensor& a, const Scalar& b) { return a.bitwise_xor(b); }
inline Tensor operator^(const Scalar& a, const Tensor& b) { return b.bitwise_xor(a); }

}  // namespace adjoint
