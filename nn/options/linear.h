#pragma once

#include <cstdint>
#include <vector>

#include "adjoint/nn/arg.h"

namespace adjoint::nn {

struct LinearOptions {
  LinearOptions(int64_t in_features, int64_t out_features)
      : in_features_(in_features), out_features_(out_features) {}

  ADJOINT_ARG(int64_t, in_features);
  ADJOINT_ARG(int64_t, out_features);
  ADJOINT_ARG(bool, bias) = true;
};

/// The first and the last of the dimensions that become one.
struct FlattenOptions {
  ADJOINT_ARG(int64_t, start_dim) = 1;
  ADJOINT_ARG(int64_t, end_dim) = -1;
};

/// The dimension that is taken apart, and the sizes of those it becomes; one may be -1.
struct UnflattenOptions {
  UnflattenOptions(int64_t dim, std::vector<int64_t> sizes) : dim_(dim), sizes_(std::move(sizes)) {}

  ADJOINT_ARG(int64_t, dim);
  ADJOINT_ARG(std::vector<int64_t>, sizes);
};

}  // namespace adjoint::nn
