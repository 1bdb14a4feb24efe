#pragma once

#include "adjoint/core/tensor.h"

namespace adjoint {

// To whole numbers. Integers are whole already and stay what they are; bools throw Error. The
// derivative is 0 where there is one, and 0 at the jumps too, as in PyTorch.

inline Tensor floor(const Tensor& self) { return self.floor(); }
inline Tensor& floor_(Tensor& self) { return self.floor_(); }
inline Tensor ceil(const Tensor& self) { return self.ceil(); }
inline Tensor& ceil_(Tensor& self) { return self.ceil_(); }
/// To the nearest whole number, halves to the even one.
inline Tensor round(const Tensor& self) { return self.round(); }
inline Tensor& round_(Tensor& self) { return self.round_(); }
/// To that many decimal places, or, negative, to tens, hundreds, ... Throws Error for integers.
inline Tensor round(const Tensor& self, int64_t decimals) { return self.round(decimals); }
inline Tensor& round_(Tensor& self, int64_t decimals) { return self.round_(decimals); }
/// Towards zero.
inline Tensor trunc(const Tensor& self) { return self.trunc(); }
inline Tensor& trunc_(Tensor& self) { return self.trunc_(); }
inline Tensor fix(const Tensor& self) { return self.trunc(); }
inline Tensor& fix_(Tensor& self) { return self.trunc_(); }
/// x - trunc(x), whose derivative is 1. Throws Error for integers.
inline Tensor frac(const Tensor& self) { return self.frac(); }
inline Tensor& frac_(Tensor& self) { return self.frac_(); }

}  // namespace adjoint
