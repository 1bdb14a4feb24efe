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

/// An undefined-valued result of the shape that both broadcast to. Throws Error in the name of the
/// operation if they do not.
inline Tensor broadcast_result(const char* name, const Tensor& a, const Tensor& b,
                               ScalarType dtype) {
  if (a.sizes() == b.sizes()) return empty(a.sizes(), dtype);
  return empty(broadcast_shapes(a.sizes(), b.sizes(), name), dtype);
}
/// The same of three tensors.
inline Tensor broadcast_result(const char* name, const Tensor& a, const Tensor& b, const Tensor& c,
                               ScalarType dtype) {
  if (a.sizes() == b.sizes() && a.sizes() == c.sizes()) return empty(a.sizes(), dtype);
  return empty(broadcast_shapes(a.sizes(), broadcast_shapes(b.sizes(), c.sizes(), name), name),
               dtype);
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
    autograd::assign_(self, recorded(), name);
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

/// The same with two others: kernel(out, self, b, c).
template <class Kernel, class Recorded>
Tensor& in_place(const char* name, const Tensor& self, const Tensor& b, const Tensor& c,
                 ScalarType dtype, const Kernel& kernel, const Recorded& recorded) {
  check_in_place(name, self, b, dtype);
  check_in_place(name, self, c, dtype);
  if (autograd::needs_recording({self, b, c})) {
    autograd::assign_(self, recorded(), name);
    return const_cast<Tensor&>(self);
  }
  autograd::check_inplace(name, self);
  if (dtype == self.scalar_type()) {
    kernel(self, self, kernels::unaliased(b, self), kernels::unaliased(c, self));
  } else {
    const Tensor result = empty(self.sizes(), dtype);
    kernel(result, self, b, c);
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

/// f of every element as real numbers: a function of one variable. Its twin in place calls
/// recorded(), the operation out of place, where that has to be known to autograd.
template <class F>
Tensor real_function(const char* name, F f, const Tensor& x) {
  Tensor y = empty(x.sizes(), real_dtype(x.scalar_type()));
  map_floating(name, f, y, x);
  return y;
}
template <class F, class Recorded>
Tensor& real_function_(const char* name, F f, const Tensor& x, const Recorded& recorded) {
  return in_place(
      name, x, real_dtype(x.scalar_type()),
      [&](const Tensor& out, const Tensor& in) { map_floating(name, f, out, in); }, recorded);
}

/// f(a, b) of every pair of elements, in the dtype that both promote to: a function of two
/// variables, and its twin in place.
template <class F>
Tensor binary_function(const char* name, F f, const Tensor& a, const Tensor& b) {
  Tensor y = broadcast_result(name, a, b, result_type(a, b));
  map(f, y, a, b);
  return y;
}
template <class F, class Recorded>
Tensor& binary_function_(const char* name, F f, const Tensor& a, const Tensor& b,
                         const Recorded& recorded) {
  return in_place(
      name, a, b, result_type(a, b),
      [&](const Tensor& out, const Tensor& x, const Tensor& y) { map(f, out, x, y); }, recorded);
}

}  // namespace adjoint::elementwise
