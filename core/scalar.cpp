#include "adjoint/core/scalar.h"

namespace adjoint {

void Scalar::fail_to_fit(ScalarType type) const {
  if (isFloatingPoint()) fail("the number {} does not fit {}", real_, type);
  fail("the number {} does not fit {}", integer_, type);
}

std::ostream& operator<<(std::ostream& out, const Scalar& value) {
  if (value.isFloatingPoint()) return out << value.toDouble();
  if (value.isBoolean()) return out << (value.toBool() ? "true" : "false");
  return out << value.toLong();
}

}  // namespace adjoint
