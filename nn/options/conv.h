#pragma once

#include <initializer_list>
#include <variant>

#include "adjoint/core/tensor.h"
#include "adjoint/nn/arg.h"
#include "adjoint/nn/enum.h"
#include "adjoint/nn/expanding_array.h"

/// Options of convolutions over D dimensions. Lists have one number a dimension, or one for all.
namespace adjoint::nn {

namespace detail {

/// How much the border is padded, in numbers or by name; and what the border holds.
template <std::size_t D>
using conv_padding_t = std::variant<ExpandingArray<D>, enumtype::kValid, enumtype::kSame>;
using conv_padding_mode_t =
    std::variant<enumtype::kZeros, enumtype::kReflect, enumtype::kReplicate, enumtype::kCircular>;

/// What ConvOptions and ConvTransposeOptions have together: the `options` of the modules.
template <std::size_t D>
struct ConvNdOptions {
  using padding_t = conv_padding_t<D>;
  ConvNdOptions(int64_t in_channels, int64_t out_channels, ExpandingArray<D> kernel_size)
      : in_channels_(in_channels), out_channels_(out_channels), kernel_size_(kernel_size) {}

  ADJOINT_ARG(int64_t, in_channels);
  ADJOINT_ARG(int64_t, out_channels);
  ADJOINT_ARG(ExpandingArray<D>, kernel_size);
  ADJOINT_ARG(ExpandingArray<D>, stride) = 1;
  ADJOINT_ARG(padding_t, padding) = 0;
  ADJOINT_ARG(ExpandingArray<D>, dilation) = 1;
  ADJOINT_ARG(bool, transposed) = false;
  ADJOINT_ARG(ExpandingArray<D>, output_padding) = 0;
  ADJOINT_ARG(int64_t, groups) = 1;
  ADJOINT_ARG(bool, bias) = true;
  ADJOINT_ARG(conv_padding_mode_t, padding_mode) = kZeros;

 public:
  auto& padding(std::initializer_list<int64_t> numbers) {
    return padding(ExpandingArray<D>(numbers));
  }
};

}  // namespace detail

/// Conv2dOptions(1, 16, 3).stride(2).padding(1).bias(false)
template <std::size_t D>
struct ConvOptions {
  using padding_t = detail::conv_padding_t<D>;
  using padding_mode_t = detail::conv_padding_mode_t;
  ConvOptions(int64_t in_channels, int64_t out_channels, ExpandingArray<D> kernel_size)
      : in_channels_(in_channels), out_channels_(out_channels), kernel_size_(kernel_size) {}

  ADJOINT_ARG(int64_t, in_channels);
  ADJOINT_ARG(int64_t, out_channels);
  ADJOINT_ARG(ExpandingArray<D>, kernel_size);
  ADJOINT_ARG(ExpandingArray<D>, stride) = 1;
  /// Numbers, kSame (stride 1 only) or kValid.
  ADJOINT_ARG(padding_t, padding) = 0;
  ADJOINT_ARG(ExpandingArray<D>, dilation) = 1;
  /// Must divide both channel counts.
  ADJOINT_ARG(int64_t, groups) = 1;
  ADJOINT_ARG(bool, bias) = true;
  /// What the border holds: zeros, or the input mirrored, its border pixels, or the input repeated
  /// (see ops/pad.h).
  ADJOINT_ARG(padding_mode_t, padding_mode) = kZeros;

 public:
  auto& padding(std::initializer_list<int64_t> numbers) {
    return padding(ExpandingArray<D>(numbers));
  }
};
using Conv1dOptions = ConvOptions<1>;
using Conv2dOptions = ConvOptions<2>;

/// ConvTranspose2dOptions(16, 1, 3).stride(2).padding(1).output_padding(1)
template <std::size_t D>
struct ConvTransposeOptions {
  using padding_mode_t = detail::conv_padding_mode_t;
  ConvTransposeOptions(int64_t in_channels, int64_t out_channels, ExpandingArray<D> kernel_size)
      : in_channels_(in_channels), out_channels_(out_channels), kernel_size_(kernel_size) {}

  ADJOINT_ARG(int64_t, in_channels);
  ADJOINT_ARG(int64_t, out_channels);
  ADJOINT_ARG(ExpandingArray<D>, kernel_size);
  ADJOINT_ARG(ExpandingArray<D>, stride) = 1;
  ADJOINT_ARG(ExpandingArray<D>, padding) = 0;
  /// Which of the sizes that the convolution maps to the input's size is the result's: the smallest
  /// plus this. Less than the larger of stride and dilation.
  ADJOINT_ARG(ExpandingArray<D>, output_padding) = 0;
  ADJOINT_ARG(int64_t, groups) = 1;
  ADJOINT_ARG(bool, bias) = true;
  ADJOINT_ARG(ExpandingArray<D>, dilation) = 1;
  ADJOINT_ARG(padding_mode_t, padding_mode) = kZeros;
};
using ConvTranspose1dOptions = ConvTransposeOptions<1>;
using ConvTranspose2dOptions = ConvTransposeOptions<2>;

namespace functional {

template <std::size_t D>
struct ConvFuncOptions {
  using padding_t = nn::detail::conv_padding_t<D>;

  ADJOINT_ARG(Tensor, bias);
  ADJOINT_ARG(ExpandingArray<D>, stride) = 1;
  ADJOINT_ARG(padding_t, padding) = 0;
  ADJOINT_ARG(ExpandingArray<D>, dilation) = 1;
  ADJOINT_ARG(int64_t, groups) = 1;

 public:
  auto& padding(std::initializer_list<int64_t> numbers) {
    return padding(ExpandingArray<D>(numbers));
  }
};
using Conv1dFuncOptions = ConvFuncOptions<1>;
using Conv2dFuncOptions = ConvFuncOptions<2>;

template <std::size_t D>
struct ConvTransposeFuncOptions {
  ADJOINT_ARG(Tensor, bias);
  ADJOINT_ARG(ExpandingArray<D>, stride) = 1;
  ADJOINT_ARG(ExpandingArray<D>, padding) = 0;
  ADJOINT_ARG(ExpandingArray<D>, output_padding) = 0;
  ADJOINT_ARG(int64_t, groups) = 1;
  ADJOINT_ARG(ExpandingArray<D>, dilation) = 1;
};
using ConvTranspose1dFuncOptions = ConvTransposeFuncOptions<1>;
using ConvTranspose2dFuncOptions = ConvTransposeFuncOptions<2>;

}  // namespace functional
}  // namespace adjoint::nn
