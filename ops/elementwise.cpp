#include "adjoint/ops/elementwise.h"

namespace adjoint::elementwise {

Tensor wrapped_number(const Scalar& value) {
  Tensor made = empty({}, value.type());
  dispatch(value.type(),
           [&]<class T>(std::type_identity<T>) { *made.data_ptr<T>() = value.to<T>(); });
  made.impl()->wrapped_number = true;
  return made;
}

void check_writable(const char* name, const Tensor& self) {
  if (self.is_contiguous()) return;
  check(!may_overlap(self.sizes(), self.strides()),
        "{}: several elements of the tensor, {}, strides [{}], share one place in memory (it was "
        "expanded); clone() it before you change it in place",
        name, self.describe(), fmt::join(self.strides(), ", "));
}

void check_in_place(const char* name, const Tensor& self, const Tensor& other, ScalarType dtype) {
  check(is_expandable_to(other.sizes(), self.sizes()),
        "{}: the other tensor, {}, does not broadcast to the shape of the one that is changed in "
        "place, {}",
        name, other.describe(), self.describe());
  check(canCast(dtype, self.scalar_type()),
        "{}: the result is {} and cannot be stored in a tensor of {}; convert the tensor first, or "
        "use the operation that returns a new one",
        name, dtype, self.scalar_type());
  check_writable(name, self);
}

}  // namespace adjoint::elementwise
