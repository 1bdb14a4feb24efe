#pragma once

#include "adjoint/autograd/tensor_function.h"

namespace adjoint::autograd {

class CheckpointOptions {
 public:
  /// Whether random numbers (dropout) are the same again when the function runs again: the default
  /// generator is set back for that time. On by default.
  CheckpointOptions& preserve_rng_state(bool value) {
    preserve_rng_state_ = value;
    return *this;
  }
  bool preserve_rng_state() const { return preserve_rng_state_; }

 private:
  bool preserve_rng_state_ = true;
};

namespace detail {
variable_list checkpoint(const TensorFunction& function, const variable_list& inputs,
                         const CheckpointOptions& options);
}  // namespace detail

/// function(inputs...) in less memory: nothing that its operations save for backward is kept. When
/// backward first needs any of it, the function runs again, and its saved tensors are used. The
/// function takes one to eight tensors and returns a tensor, a list or a tuple of them; tensors and
/// parameters that it uses otherwise get their gradients too.
///
/// Values and gradients are those without checkpoint, to the bit, if the function does the same
/// when it runs again. If it is seen not to, by what it saves, backward throws Error; also if an
/// input was changed in place meanwhile. This is Python's checkpoint with use_reentrant=False: it
/// works with grad, with `inputs`, with create_graph, within another checkpoint, and where no input
/// requires grad. The recomputed tensors are freed with the graph: with retain_graph they stay.
template <class F, class... Inputs>
requires(!std::same_as<F, CheckpointOptions> && sizeof...(Inputs) > 0 &&
         (std::same_as<Inputs, Tensor> && ...))  //
    auto checkpoint(const CheckpointOptions& options, F function, const Inputs&... inputs) {
  variable_list outputs = detail::checkpoint(function, {inputs...}, options);
  using Result = decltype(function(inputs...));
  if constexpr (std::is_same_v<std::decay_t<Result>, Tensor>) {
    return std::move(outputs[0]);
  } else if constexpr (std::is_same_v<std::decay_t<Result>, variable_list>) {
    return outputs;
  } else {
    std::decay_t<Result> result;
    std::size_t i = 0;
    std::apply([&](auto&... each) { ((each = std::move(outputs[i++])), ...); }, result);
    return result;
  }
}
template <class F, class... Inputs>
requires(!std::same_as<F, CheckpointOptions> && sizeof...(Inputs) > 0 &&
         (std::same_as<Inputs, Tensor> && ...))  //
    auto checkpoint(F function, const Inputs&... inputs) {
  return checkpoint(CheckpointOptions(), std::move(function), inputs...);
}

}  // namespace adjoint::autograd
