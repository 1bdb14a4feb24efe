#include "adjoint/core/scalar.h"

namespace adjoint {

void Scalar::fail_to_fit(ScalarType type) const {
  if (isFloatingPoint()) fail("the number {} does not fit {}", real_, type);
  fail("the number {} does not fit {}", integer_, type);
}

}  // namespace adjoint
