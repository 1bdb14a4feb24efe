// Methods that give a tensor itself another geometry.

#include <cstring>
#include <limits>

#include <fmt/ranges.h>

#include "adjoint/autograd/record.h"

namespace adjoint {
namespace {

/// Makes self what `view` is, a view of it: the same memory in another geometry, and the view's
/// place in the graph.
Tensor& become(const char* name, const Tensor& self, const Tensor& view) {
  TensorImpl* impl = self.impl();
  if (impl->requires_grad) {  // first: check_inplace would advise a NoGradGuard, which changes
                              // nothing
    fail(
        "{}: a leaf tensor that requires grad ({}) keeps its shape, which is its gradient's; use "
        "the view that the method without the underscore returns",
        name, self.describe());
  }
  autograd::check_inplace(name, self);
  impl->geometry = view.impl()->geometry;
  impl->numel = view.impl()->numel;
  impl->contiguous = view.impl()->contiguous;
  // A view reads its place off its base, through its geometry, as soon as the version is another.
  if (!self.is_view()) autograd::detail::take_place(self, view);
  autograd::bump_version(self);
  return const_cast<Tensor&>(self);
}

}  // namespace

Tensor& Tensor::transpose_(int64_t dim0, int64_t dim1) const {
  dim0 = wrap_dim("transpose_", dim0, dim());
  return become("transpose_", *this, transpose(dim0, wrap_dim("transpose_", dim1, dim())));
}

Tensor& Tensor::t_() const {
  check(dim() <= 2, "t_: expected a tensor of at most 2 dimensions, got {}; use transpose_(d0, d1)",
        describe());
  return become("t_", *this, t());
}

Tensor& Tensor::squeeze_() const { return become("squeeze_", *this, squeeze()); }

Tensor& Tensor::squeeze_(int64_t d) const {
  return become("squeeze_", *this, squeeze(wrap_dim("squeeze_", d, dim())));
}

Tensor& Tensor::unsqueeze_(int64_t d) const {
  return become("unsqueeze_", *this, unsqueeze(wrap_dim("unsqueeze_", d, dim() + 1)));
}

Tensor& Tensor::as_strided_(IntArrayRef size, IntArrayRef stride,
                            std::optional<int64_t> storage_offset) const {
  return become("as_strided_", *this, as_strided(size, stride, storage_offset));
}

Tensor& Tensor::resize_(IntArrayRef size) const {
  TensorImpl* self = impl();
  const int64_t wanted = adjoint::numel(size);
  if (requires_grad()) {
    fail(
        "resize_: the tensor ({}) requires grad, and its gradient has its shape; resize its "
        "detach()",
        describe());
  }
  autograd::check_inplace("resize_", *this);
  if (sizes() == size) return const_cast<Tensor&>(*this);  // strides and all
  const int64_t offset = storage_offset();
  const auto held = static_cast<int64_t>(self->storage->nbytes()) / element_size();
  if (wanted > held - offset && wanted > 0) {
    check(self->storage.use_count() == 1 && !self->storage->is_foreign(),
          "resize_: [{}] has {} elements, the memory {} from this tensor's first one on, and it is "
          "shared with other tensors or not Adjoint's own; resize a clone()",
          fmt::join(size, ", "), wanted, held - offset);
    check(wanted <= std::numeric_limits<int64_t>::max() - offset,
          "resize_: [{}] has more elements than 63 bits can count", fmt::join(size, ", "));
    const Tensor grown = empty(offset + wanted, scalar_type());
    std::memcpy(grown.data_ptr(), self->storage->data(), self->storage->nbytes());
    self->storage = grown.impl()->storage;
  }
  self->geometry = {size, contiguous_strides(size), offset};
  self->numel = wanted;
  self->contiguous = true;
  return const_cast<Tensor&>(*this);
}

}  // namespace adjoint
