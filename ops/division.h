#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// Whole quotients and what they leave, element by element. Operands broadcast; the result's dtype
// is result_type(a, b). Throws Error where integers are divided by zero (floats give infinity or
// NaN), and for two bools.

/// The quotient, rounded towards zero for rounding_mode "trunc" and down for "floor"; the true
/// quotient of arithmetic.h if there is none. Throws Error for other modes.
inline Tensor div(const Tensor& self, const Tensor& other,
                  std::optional<std::string_view> rounding_mode) {
  return self.div(other, rounding_mode);
}
inline Tensor div(const Tensor& self, const Scalar& other,
                  std::optional<std::string_view> rounding_mode) {
  return self.div(other, rounding_mode);
}
/// floor(self / other); for integers too it rounds down, not towards zero.
inline Tensor floor_divide(const Tensor& self, const Tensor& other) {
  return self.floor_divide(other);
}
inline Tensor floor_divide(const Tensor& self, const Scalar& other) {
  return self.floor_divide(other);
}
/// self - other * trunc(self / other): of self's sign, as C++'s % and fmod.
inline Tensor fmod(const Tensor& self, const Tensor& other) { return self.fmod(other); }
inline Tensor fmod(const Tensor& self, const Scalar& other) { return self.fmod(other); }
/// self - other * floor(self / other): of other's sign, as Python's %.
inline Tensor remainder(const Tensor& self, const Tensor& other) { return self.remainder(other); }
inline Tensor remainder(const Tensor& self, const Scalar& other) { return self.remainder(other); }
Tensor remainder(const Scalar& self, const Tensor& other);

inline Tensor operator%(const Tensor& a, const Tensor& b) { return a.remainder(b); }
inline Tensor operator%(const Tensor& a, const Scalar& b) { return a.remainder(b); }
inline Tensor operator%(const Scalar& a, const Tensor& b) { return remainder(a, b); }

}  // namespace adjoint
