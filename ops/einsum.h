#pragma once

#include <optional>
#include <string_view>

#include "adjoint/core/tensor.h"

namespace adjoint {

/// Sums of products in Einstein's notation, of one tensor or of several from left to right: letters
/// name the dimensions of the operands and of the result, and letters that the result has not are
/// summed over: "ij,jk->ik" is the matrix product. A letter that an operand has twice takes its
/// diagonal, "..." stands for any further dimensions, which broadcast, and a size of 1 broadcasts
/// too. Without "->" the result has the "..." and then, in alphabetical order, the letters that
/// occur once. Two operands are one batch of matrix products.
///
/// `path` names the two operands of each product, one pair after the other: they leave the list of
/// operands, and their product joins it at the end.
Tensor einsum(std::string_view equation, TensorList operands,
              std::optional<IntArrayRef> path = std::nullopt);

/// Sums over dims_self[i] of self together with dims_other[i] of other; the result has the other
/// dimensions of self and then those of other.
Tensor tensordot(const Tensor& self, const Tensor& other, IntArrayRef dims_self,
                 IntArrayRef dims_other);

}  // namespace adjoint
