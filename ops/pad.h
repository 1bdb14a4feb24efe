#pragma once

#include <optional>
#include <string_view>

#include "adjoint/core/tensor.h"

namespace adjoint {

// Borders around the last dimensions of a tensor. `pad` is {left, right} of the last dimension,
// then {top, bottom} of the one before it, and so on, as in libtorch; a negative number takes that
// many elements away. All are differentiable, any number of times, and take every dtype.

/// With elements of one value.
Tensor constant_pad_nd(const Tensor& self, IntArrayRef pad, const Scalar& value = 0);

/// By mode:
///   "constant"   `value`, or zero
///   "reflect"    the image mirrored at its border pixels: c b | a b c | b a; less than its size
///   "replicate"  the border pixels repeated:              a a | a b c | c c
///   "circular"   the image repeated:                      b c | a b c | a b; at most its size
/// Where a side of a circular dimension is negative, what is left repeats. Throws Error where
/// nothing would be left, for a width that the mode does not reach, and for a `value` with another
/// mode than "constant".
Tensor pad(const Tensor& self, IntArrayRef pad, std::string_view mode = "constant",
           const std::optional<double>& value = std::nullopt);

}  // namespace adjoint
