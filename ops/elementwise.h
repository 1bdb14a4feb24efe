#pragma once

// Internal: for the files that define operations.

#include "adjoint/autograd/record.h"
#include "adjoint/ops/kernels/elementwise.h"

/// What the operations that work element by element have in common; for the files that define them.
namespace adjoint::elementwise {

/// out[i] = f(in[i]...), computed in the dtype of `out`, to which the inputs are converted first.
/// f takes and returns that type: a generic lambda or a functor with a template.
template <class F, class... Inputs>
void map(F f, const Tensor& out, const Inputs&... in) {
  const ScalarType dtype = out.scalar_type();
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    // Not converted() where there is nothing to convert: on small tensors its handles cost a tenth.
    if ((... && (in.scalar_type() == dtype))) {
      return kernels::map<T, std::conditional_t<true, T, Inputs>...>(f, out, in...);
    }
    kernels::map<T, std::conditional_t<true, T, Inputs>...>(f, out,
                                                            kernels::converted(in, dtype)...);
  });
}

/// The same for functions of floating-point numbers; `out` must be float32 or float64.
template <class F, class... Inputs>
void map_floating(const char* name, F f, const Tensor& out, const Inputs&... in) {
  const ScalarType dtype = out.scalar_type();
  dispatch_floating(name, dtype, [&]<class T>(std::type_identity<T>) {
    kernels::map<T, std::conditional_t<true, T, Inputs>...>(f, out,
                                                            kernels::converted(in, dtype)...);
  });
}

/// An undefined-valued result of the shape that both broadcast to.
inline Tensor broadcast_result(const Tensor& a, const Tensor& b, ScalarType dtype) {
  if (a.sizes() == b.sizes()) return empty(a.sizes(), dtype);
  return empty(broadcast_shapes(a.sizes(), b.sizes()), dtype);
}

/// The dtype of a function whose values are real numbers: integers give the default dtype.
inline ScalarType real_dtype(ScalarType dtype) {
  return isFloatingType(dtype) ? dtype : get_default_dtype();
}

/// Keeps an input for the rule, if the rule needs it: mostly when another input requires grad.
inline autograd::SavedTensor save_if(bool needed, const Tensor& input) {
  return needed ? autograd::save(input) : autograd::SavedTensor();
}

/// A number as a tensor without dimensions that counts as a number in type promotion.
Tensor wrapped_number(const Scalar& value);

/// Throws Error unless an in-place operation with `other` keeps the shape of `self`, and its
/// result, of type `dtype`, may be stored in it.
void check_in_place(const char* name, const Tensor& self, const Tensor& other, ScalarType dtype);

/// An operation on `self` and `other` whose result, of type `dtype`, replaces self's elements.
///
/// kernel(out, self, other) computes the elements; recorded() is the operation out of place, on a
/// clone of self if its rule saves self. Returns self's handle, non-const as libtorch does.
template <class Kernel, class Recorded>
Tensor& in_place(const char* name, const Tensor& self, const Tensor& other, ScalarType dtype,
                 const Kernel& kernel, const Recorded& recorded) {
  check_in_place(name, self, other, dtype);
  if (autograd::needs_recording({self, other})) {
    autograd::assign_(self, recorded());
    return const_cast<Tensor&>(self);
  }
  autograd::check_inplace(name, self);
  if (dtype == self.scalar_type()) {
    kernel(self, self, kernels::unaliased(other, self));
  } else {  // it is computed in the wider type and rounded once
    const Tensor result = empty(self.sizes(), dtype);
    kernel(result, self, other);
    kernels::copy(self, result);
  }
  autograd::bump_version(self);
  return const_cast<Tensor&>(self);
}

/// The same without another tensor: kernel(out, self).
template <class Kernel, class Recorded>
Tensor& in_place(const char* name, const Tensor& self, ScalarType dtype, const Kernel& kernel,
                 const Recorded& recorded) {
  return in_place(
      name, self, self, dtype,
      [&kernel](const Tensor& out, const Tensor& x, const Tensor&) { kernel(out, x); }, recorded);
}

}  // namespace adjoint::elementwise
