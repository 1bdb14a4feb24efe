#include "adjoint/ops/kernels/elementwise.h"

namespace adjoint::kernels {

namespace {

/// The bytes from the first to past the last element of a tensor that has elements.
std::pair<const std::byte*, const std::byte*> extent(const Tensor& t) {
  int64_t last = 0;
  for (std::size_t d = 0; d < t.sizes().size(); ++d) last += (t.sizes()[d] - 1) * t.strides()[d];
  const auto* begin = static_cast<const std::byte*>(t.data_ptr());
  return {begin, begin + (last + 1) * t.element_size()};
}

}  // namespace

Tensor unaliased(const Tensor& input, const Tensor& output) {
  if (input.numel() == 0 || output.numel() == 0) return input;
  if (input.data_ptr() == output.data_ptr() && input.scalar_type() == output.scalar_type() &&
      input.sizes() == output.sizes() && input.strides() == output.strides()) {
    return input;
  }
  const auto [begin, end] = extent(input);
  const auto [out_begin, out_end] = extent(output);
  if (end <= out_begin || out_end <= begin) return input;
  Tensor made = empty(input.sizes(), input.scalar_type());
  copy(made, input);
  return made;
}

void copy(const Tensor& to, const Tensor& from) {
  dispatch(to.scalar_type(), [&]<class To>(std::type_identity<To>) {
    dispatch(from.scalar_type(), [&]<class From>(std::type_identity<From>) {
      map<To, From>([](From x) { return convert<To>(x); }, to, from);
    });
  });
}

Tensor converted(const Tensor& t, ScalarType dtype) {
  if (t.scalar_type() == dtype) return t;
  Tensor made = empty(t.sizes(), dtype);
  copy(made, t);
  return made;
}

}  // namespace adjoint::kernels
