#include "adjoint/core/tensor_options.h"

namespace adjoint {

std::ostream& operator<<(std::ostream& out, const Device& device) { return out << device.str(); }

}  // namespace adjoint
