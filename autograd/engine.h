#pragma once

#include <optional>

#include "adjoint/autograd/node.h"

namespace adjoint::autograd {

/// Differentiates the sum of <tensors[i], grad_tensors[i]> with respect to all leaves (or to
/// `inputs` alone) and adds the results to their grad(). An undefined or missing grad_tensor stands
/// for 1 and is allowed for tensors of one element. What the graph saved is freed as the sweep
/// passes unless retain_graph (default: create_graph); with create_graph the sweep is itself
/// recorded. Throws Error where a tensor does not require grad, or a gradient has a wrong shape.
void backward(const variable_list& tensors, const variable_list& grad_tensors = {},
              std::optional<bool> retain_graph = std::nullopt, bool create_graph = false,
              const variable_list& inputs = {});

/// The same sweep, but returns the gradients with respect to `inputs` and leaves every grad()
/// alone. An input that the outputs do not depend on is an Error, or with allow_unused an undefined
/// tensor.
variable_list grad(const variable_list& outputs, const variable_list& inputs,
                   const variable_list& grad_outputs = {},
                   std::optional<bool> retain_graph = std::nullopt, bool create_graph = false,
                   bool allow_unused = false);

}  // namespace adjoint::autograd
