#pragma once

#include "adjoint/nn/arg.h"
#include "adjoint/nn/expanding_array.h"

namespace adjoint::nn {

/// FoldOptions({28, 28}, 3).stride(2).padding(1)
struct FoldOptions {
  FoldOptions(ExpandingArray<2> output_size, ExpandingArray<2> kernel_size)
      : output_size_(output_size), kernel_size_(kernel_size) {}

  /// Height and width of the image; a strided kernel has the same positions in several sizes.
  ADJOINT_ARG(ExpandingArray<2>, output_size);
  ADJOINT_ARG(ExpandingArray<2>, kernel_size);
  ADJOINT_ARG(ExpandingArray<2>, dilation) = 1;
  ADJOINT_ARG(ExpandingArray<2>, padding) = 0;
  ADJOINT_ARG(ExpandingArray<2>, stride) = 1;
};

/// UnfoldOptions(3).stride(2).padding(1)
struct UnfoldOptions {
  UnfoldOptions(ExpandingArray<2> kernel_size) : kernel_size_(kernel_size) {}

  ADJOINT_ARG(ExpandingArray<2>, kernel_size);
  ADJOINT_ARG(ExpandingArray<2>, dilation) = 1;
  ADJOINT_ARG(ExpandingArray<2>, padding) = 0;
  ADJOINT_ARG(ExpandingArray<2>, stride) = 1;
};

namespace functional {
using FoldFuncOptions = FoldOptions;
using UnfoldFuncOptions = UnfoldOptions;
}  // namespace functional

}  // namespace adjoint::nn
