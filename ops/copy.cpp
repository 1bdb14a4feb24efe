#include "adjoint/ops/copy.h"

#include <fmt/ranges.h>

#include "adjoint/ops/creation.h"
#include "adjoint/ops/elementwise.h"

namespace adjoint {

using autograd::Grads;

namespace {

/// `self`'s elements in a contiguous tensor of their own, not recorded.
Tensor copied(const Tensor& self, IntArrayRef shape, ScalarType dtype) {
  Tensor made = empty(shape, dtype);
  kernels::copy(made, self);
  return made;
}

}  // namespace

Tensor Tensor::contiguous() const { return is_contiguous() ? *this : clone(); }

Tensor Tensor::clone() const {
  return autograd::record("clone", copied(*this, sizes(), scalar_type()), {*this},
                          [](const Tensor& g) { return Grads{g}; });
}

Tensor Tensor::to(ScalarType dtype, bool /*non_blocking*/, bool copy) const {
  if (dtype == scalar_type()) return copy ? clone() : *this;
  return autograd::record("to", copied(*this, sizes(), dtype), {*this},
                          [](const Tensor& g) { return Grads{g}; });
}
Tensor Tensor::to(const TensorOptions& options, bool non_blocking, bool copy) const {
  check(!options.requires_grad(),
        "to: the options say requires_grad, which to() does not change; call requires_grad_() on "
        "the result");
  return to(options.dtype_opt().value_or(scalar_type()), non_blocking, copy);
}
Tensor Tensor::to(Device, ScalarType dtype, bool non_blocking, bool copy) const {
  return to(dtype, non_blocking, copy);
}
Tensor Tensor::to(const Tensor& other, bool non_blocking, bool copy) const {
  return to(other.scalar_type(), non_blocking, copy);
}

Tensor& Tensor::copy_(const Tensor& src, bool /*non_blocking*/) const {
  if (!is_expandable_to(src.sizes(), sizes())) {
    fail("copy_: the source, {}, does not broadcast to the destination, {}", src.describe(),
         describe());
  }
  if (autograd::needs_recording({*this, src})) {
    // The old elements are gone: their gradient is 0.
    autograd::assign_(*this,
                      autograd::record("copy_", copied(src, sizes(), scalar_type()), {*this, src},
                                       [](const Tensor& g, autograd::Needs needs) {
                                         return Grads{needs[0] ? zeros_like(g) : Tensor(), g};
                                       }),
                      "copy_");
    return const_cast<Tensor&>(*this);
  }
  autograd::check_inplace("copy_", *this);
  kernels::copy(*this, kernels::unaliased(src, *this));
  autograd::bump_version(*this);
  return const_cast<Tensor&>(*this);
}

Tensor& Tensor::fill_(const Scalar& value) const {
  const auto fill = [&value](const Tensor& out) {
    dispatch(out.scalar_type(), [&]<class T>(std::type_identity<T>) {
      kernels::map<T>([v = kernels::stored_scalar<T>(value)] { return v; }, out);
    });
  };
  if (autograd::needs_recording({*this})) {
    Tensor filled = empty(sizes(), scalar_type());
    fill(filled);
    autograd::assign_(*this,
                      autograd::record("fill_", filled, {*this},
                                       [](const Tensor& g) { return Grads{zeros_like(g)}; }),
                      "fill_");
    return const_cast<Tensor&>(*this);
  }
  autograd::check_inplace("fill_", *this);
  fill(*this);
  autograd::bump_version(*this);
  return const_cast<Tensor&>(*this);
}

Tensor& Tensor::fill_(const Tensor& value) const {
  check(value.dim() == 0, "fill_: expected a value without dimensions, got one of shape [{}]",
        fmt::join(value.sizes(), ", "));
  return copy_(value);
}

Tensor& Tensor::zero_() const { return fill_(0); }

}  // namespace adjoint
