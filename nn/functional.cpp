#include "adjoint/nn/functional.h"

#include <string_view>
#include <type_traits>

#include <fmt/format.h>
#include <spdlog/logger.h>

#include "adjoint/core/logging.h"
#include "adjoint/ops/conv.h"
#include "adjoint/ops/fold.h"
#include "adjoint/ops/loss.h"
#include "adjoint/ops/matmul.h"
#include "adjoint/ops/pad.h"

namespace adjoint::nn::functional {
namespace {

/// Calls f with the padding as the operations take it: numbers, or a name.
template <std::size_t D, class F>
Tensor with_padding(const nn::detail::conv_padding_t<D>& padding, const F& f) {
  if (std::holds_alternative<enumtype::kSame>(padding)) return f(std::string_view("same"));
  if (std::holds_alternative<enumtype::kValid>(padding)) return f(std::string_view("valid"));
  return f(IntArrayRef(std::get<ExpandingArray<D>>(padding)));
}

std::string_view name_of(const PadFuncOptions::mode_t& mode) {
  if (std::holds_alternative<enumtype::kReflect>(mode)) return "reflect";
  if (std::holds_alternative<enumtype::kReplicate>(mode)) return "replicate";
  if (std::holds_alternative<enumtype::kCircular>(mode)) return "circular";
  return "constant";
}

auto reduction_of(const reduction_t& reduction) {
  if (std::holds_alternative<enumtype::kNone>(reduction)) return Reduction::None;
  if (std::holds_alternative<enumtype::kSum>(reduction)) return Reduction::Sum;
  return Reduction::Mean;
}

}  // namespace

Tensor conv1d(const Tensor& input, const Tensor& weight, const Conv1dFuncOptions& options) {
  return with_padding<1>(options.padding(), [&](auto padding) {
    return adjoint::conv1d(input, weight, options.bias(), options.stride(), padding,
                           options.dilation(), options.groups());
  });
}

Tensor conv2d(const Tensor& input, const Tensor& weight, const Conv2dFuncOptions& options) {
  return with_padding<2>(options.padding(), [&](auto padding) {
    return adjoint::conv2d(input, weight, options.bias(), options.stride(), padding,
                           options.dilation(), options.groups());
  });
}

Tensor conv_transpose1d(const Tensor& input, const Tensor& weight,
                        const ConvTranspose1dFuncOptions& options) {
  return adjoint::conv_transpose1d(input, weight, options.bias(), options.stride(),
                                   options.padding(), options.output_padding(), options.groups(),
                                   options.dilation());
}

Tensor conv_transpose2d(const Tensor& input, const Tensor& weight,
                        const ConvTranspose2dFuncOptions& options) {
  return adjoint::conv_transpose2d(input, weight, options.bias(), options.stride(),
                                   options.padding(), options.output_padding(), options.groups(),
                                   options.dilation());
}

Tensor pad(const Tensor& input, const PadFuncOptions& options) {
  // As in libtorch, a value of 0 counts as not given: only kConstant takes another.
  const auto value = options.value() != 0 ? std::optional(options.value()) : std::nullopt;
  return adjoint::pad(input, options.pad(), name_of(options.mode()), value);
}

Tensor unfold(const Tensor& input, const UnfoldFuncOptions& options) {
  return adjoint::im2col(input, options.kernel_size(), options.dilation(), options.padding(),
                         options.stride());
}

Tensor fold(const Tensor& input, const FoldFuncOptions& options) {
  return adjoint::col2im(input, options.output_size(), options.kernel_size(), options.dilation(),
                         options.padding(), options.stride());
}

Tensor linear(const Tensor& input, const Tensor& weight, const Tensor& bias) {
  return adjoint::linear(input, weight, bias);
}

Tensor relu(Tensor input, const ReLUFuncOptions& options) {
  return options.inplace() ? input.relu_() : input.relu();
}

Tensor sigmoid(const Tensor& input) { return input.sigmoid(); }

Tensor tanh(const Tensor& input) { return input.tanh(); }

Tensor mse_loss(const Tensor& input, const Tensor& target, const MSELossFuncOptions& options) {
  if (input.sizes() != target.sizes()) {
    logger().warn(
        "mse_loss: the input has shape [{}] and the target [{}]: they are broadcast, which is "
        "rarely meant",
        fmt::join(input.sizes(), ", "), fmt::join(target.sizes(), ", "));
  }
  return adjoint::mse_loss(input, target, reduction_of(options.reduction()));
}

Tensor binary_cross_entropy(const Tensor& input, const Tensor& target,
                            const BinaryCrossEntropyFuncOptions& options) {
  return adjoint::binary_cross_entropy(input, target, options.weight(),
                                       reduction_of(options.reduction()));
}

}  // namespace adjoint::nn::functional
