#pragma once

#include <variant>

#include "adjoint/core/tensor.h"
#include "adjoint/nn/arg.h"
#include "adjoint/nn/enum.h"

namespace adjoint::nn {

/// What becomes of the elements' losses: kNone leaves them, kMean and kSum make one number.
using reduction_t = std::variant<enumtype::kNone, enumtype::kMean, enumtype::kSum>;

struct MSELossOptions {
  using reduction_t = nn::reduction_t;
  MSELossOptions(reduction_t reduction = kMean) : reduction_(reduction) {}
  MSELossOptions(enumtype::kNone reduction) : reduction_(reduction) {}
  MSELossOptions(enumtype::kMean reduction) : reduction_(reduction) {}
  MSELossOptions(enumtype::kSum reduction) : reduction_(reduction) {}

  ADJOINT_ARG(reduction_t, reduction);
};

struct BCELossOptions {
  using reduction_t = nn::reduction_t;

  /// Multiplies each element's loss; of a shape that broadcasts to the input's.
  ADJOINT_ARG(Tensor, weight);
  ADJOINT_ARG(reduction_t, reduction) = kMean;
};

namespace functional {
using MSELossFuncOptions = MSELossOptions;
using BinaryCrossEntropyFuncOptions = BCELossOptions;
}  // namespace functional

}  // namespace adjoint::nn
