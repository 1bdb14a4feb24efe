#pragma once

// Internal: what gradcheck and gradgradcheck share.

#include "adjoint/autograd/gradcheck_differences.h"
#include "adjoint/core/generator.h"

namespace adjoint::autograd::gradcheck_detail {

inline bool is_differentiable(const Tensor& t) { return t.defined() && t.requires_grad(); }

/// The inputs that require grad. Throws Error if none does; warns of those in float32.
std::vector<std::size_t> sources_among(const variable_list& inputs, const Wording& wording);

/// Non-negative random numbers, so that wrong elements cannot cancel by their signs.
Values random_values(int64_t count, const Generator& generator);

/// Checks the gradients of a function. With `all_differentiable`, outputs that do not require grad
/// have to be constant even if others do require it. Throws GradcheckError if a gradient is wrong,
/// or returns false, as the options say.
bool checked(const GradcheckFunction& function, const variable_list& inputs,
             const GradcheckOptions& options, const Wording& wording,
             bool all_differentiable = false);

}  // namespace adjoint::autograd::gradcheck_detail
