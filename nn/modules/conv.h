#pragma once

#include <optional>

#include "adjoint/nn/cloneable.h"
#include "adjoint/nn/options/conv.h"
#include "adjoint/nn/pimpl.h"

namespace adjoint::nn {

/// What the convolution layers have in common: options, weight and bias.
///
/// A convolution's weight is [out, in/groups, k...], a transposed one's [in, out/groups, k...]; the
/// bias is [out], or undefined with bias(false). Both start uniform in ±1/sqrt(fan_in). The
/// constructor throws Error for options that no convolution has.
template <std::size_t D, class Derived>
class ConvNdImpl : public Cloneable<Derived> {
 public:
  void reset() override;
  /// Draws new initial values.
  void reset_parameters();
  void pretty_print(std::ostream& out) const override;

  detail::ConvNdOptions<D> options;
  Tensor weight;
  Tensor bias;

 protected:
  explicit ConvNdImpl(const ConvOptions<D>& options);
  explicit ConvNdImpl(const ConvTransposeOptions<D>& options);

  /// The input with the border that padding_mode makes; where that is kZeros, the convolution makes
  /// it as it goes.
  Tensor with_border(const Tensor& input) const;
  /// The padding that is left to the convolution.
  detail::conv_padding_t<D> padding_inside() const;
  /// The output_padding with which a transposed convolution of `input` has this size.
  ExpandingArray<D> output_padding_for(const Tensor& input,
                                       const std::optional<IntArrayRef>& output_size) const;

 private:
  std::string layer_name() const;
  void check_options() const;
};

/// Convolution over 1 dimension: [N, in, L] or [in, L] to [N, out, L'] or [out, L'].
class Conv1dImpl : public ConvNdImpl<1, Conv1dImpl> {
 public:
  Conv1dImpl(int64_t in_channels, int64_t out_channels, ExpandingArray<1> kernel_size)
      : Conv1dImpl(Conv1dOptions(in_channels, out_channels, kernel_size)) {}
  explicit Conv1dImpl(const Conv1dOptions& options) : ConvNdImpl(options) {}
  Tensor forward(const Tensor& input);
};
ADJOINT_MODULE(Conv1d);

/// Convolution: [N, in, H, W] to [N, out, H', W'], or the same without N. See ops/conv.h.
class Conv2dImpl : public ConvNdImpl<2, Conv2dImpl> {
 public:
  Conv2dImpl(int64_t in_channels, int64_t out_channels, ExpandingArray<2> kernel_size)
      : Conv2dImpl(Conv2dOptions(in_channels, out_channels, kernel_size)) {}
  explicit Conv2dImpl(const Conv2dOptions& options) : ConvNdImpl(options) {}
  Tensor forward(const Tensor& input);
};
ADJOINT_MODULE(Conv2d);

/// Transposed convolution over 1 dimension; see ConvTranspose2dImpl.
class ConvTranspose1dImpl : public ConvNdImpl<1, ConvTranspose1dImpl> {
 public:
  ConvTranspose1dImpl(int64_t in_channels, int64_t out_channels, ExpandingArray<1> kernel_size)
      : ConvTranspose1dImpl(ConvTranspose1dOptions(in_channels, out_channels, kernel_size)) {}
  explicit ConvTranspose1dImpl(const ConvTranspose1dOptions& options) : ConvNdImpl(options) {}
  Tensor forward(const Tensor& input, const std::optional<IntArrayRef>& output_size = std::nullopt);
};
ADJOINT_MODULE(ConvTranspose1d);

/// Transposed convolution, the adjoint of a convolution of the same options: [N, in, H', W'] to
/// [N, out, H, W], or the same without N. `output_size` ({H, W}, or a whole shape that ends so)
/// chooses among the sizes that convolve to H' and W'; without it output_padding does. Throws
/// Error, which names the range, for a size that does not.
class ConvTranspose2dImpl : public ConvNdImpl<2, ConvTranspose2dImpl> {
 public:
  ConvTranspose2dImpl(int64_t in_channels, int64_t out_channels, ExpandingArray<2> kernel_size)
      : ConvTranspose2dImpl(ConvTranspose2dOptions(in_channels, out_channels, kernel_size)) {}
  explicit ConvTranspose2dImpl(const ConvTranspose2dOptions& options) : ConvNdImpl(options) {}
  Tensor forward(const Tensor& input, const std::optional<IntArrayRef>& output_size = std::nullopt);
};
ADJOINT_MODULE(ConvTranspose2d);

}  // namespace adjoint::nn
