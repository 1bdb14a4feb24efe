#pragma once

#include <cstdint>

#include "adjoint/nn/data/images.h"

namespace adjoint::data::datasets {

/// A data set that needs no files: 28x28 grey pictures of a disc (target 0), a ring (1), a square
/// (2) or a bar (3), in turn, of random place, size, direction and brightness, with smooth edges
/// and a little noise. The pictures follow from the seed alone: the same on every machine and at
/// every thread count, and the default generator is left as it is.
Images shapes(int64_t count, uint64_t seed = 0);

}  // namespace adjoint::data::datasets
