#include "adjoint/ops/elementwise.h"

namespace adjoint::elementwise {

Tensor wrapped_number(const Scalar& value) {
  Tensor made = empty({}, value.type());
  dispatch(value.type(),
           [&]<class T>(std::type_identity<T>) { *made.data_ptr<T>() = value.to<T>(); });
  made.impl()->wrapped_number = true;
  return made;
}

void check_in_place(const char* name, const Tensor& self, const Tensor& other, ScalarType dtype) {
  if (!self.is_same(other) && !is_expandable_to(other.sizes(), self.sizes())) {
    fail(
        "{}: the other tensor, {}, does not broadcast to the shape of the one that is changed in "
        "place, {}",
        name, other.describe(), self.describe());
  }
  check(canCast(dtype, self.scalar_type()),
        "{}: the result is {} and cannot be stored in a tensor of {}; convert the tensor first, or "
        "use the operation that returns a new one",
        name, dtype, self.scalar_type());
}

}  // namespace adjoint::elementwise
