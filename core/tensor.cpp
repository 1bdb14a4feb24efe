#include "adjoint/core/tensor.h"

#include <iostream>

#include <fmt/ranges.h>

#include "adjoint/core/inference.h"

namespace adjoint {
namespace {

/// One past the last element that the geometry reaches, in elements from the storage's beginning;
/// throws Error if that is more than 63 bits of bytes.
int64_t reach(IntArrayRef sizes, IntArrayRef strides, int64_t offset, int64_t element_size) {
  if (numel(sizes) == 0) return offset;
  int64_t last = offset;
  bool overflow = false;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    int64_t step = 0;
    overflow |= __builtin_mul_overflow(sizes[i] - 1, strides[i], &step);
    overflow |= __builtin_add_overflow(last, step, &last);
  }
  overflow |= __builtin_add_overflow(last, 1, &last);
  int64_t bytes = 0;
  overflow |= __builtin_mul_overflow(last, element_size, &bytes);
  check(!overflow, "sizes [{}] with strides [{}] reach further than 63 bits can count",
        fmt::join(sizes, ", "), fmt::join(strides, ", "));
  return last;
}

void check_strides(IntArrayRef sizes, IntArrayRef strides) {
  check(sizes.size() == strides.size(),
        "expected one stride a dimension, got sizes [{}], strides [{}]", fmt::join(sizes, ", "),
        fmt::join(strides, ", "));
  for (const int64_t stride : strides) {
    check(stride >= 0, "a stride cannot be negative: [{}]", fmt::join(strides, ", "));
  }
}

Tensor wrap(std::shared_ptr<TensorImpl> impl, const TensorOptions& options) {
  Tensor made(std::move(impl));
  made.impl()->inference = detail::inference_mode;
  if (options.requires_grad()) made.requires_grad_();
  return made;
}

}  // namespace

int64_t Tensor::size(int64_t d) const {
  const IntArrayRef all = sizes();
  check(!all.empty(), "size({}): the tensor has no dimensions", d);
  return all[static_cast<std::size_t>(wrap_dim("size", d, dim()))];
}

int64_t Tensor::stride(int64_t d) const {
  const IntArrayRef all = strides();
  check(!all.empty(), "stride({}): the tensor has no dimensions", d);
  return all[static_cast<std::size_t>(wrap_dim("stride", d, dim()))];
}

Scalar Tensor::item() const {
  check(numel() == 1,
        "item: expected a tensor of one element, got {}; reduce it first, as in x.sum(), or choose "
        "an element, as in x[0]",
        describe());
  return dispatch(scalar_type(), [&]<class T>(std::type_identity<T>) {
    return Scalar(*static_cast<const T*>(data_ptr()));
  });
}

bool Tensor::is_nonzero() const {
  check(numel() == 1,
        "is_nonzero: expected a tensor of one element, got {}; reduce it first, as in x.any() or "
        "x.all()",
        describe());
  return item().toBool();
}

Tensor Tensor::alias(IntArrayRef sizes, IntArrayRef strides, int64_t offset) const {
  check_strides(sizes, strides);
  check(offset >= 0, "a storage offset cannot be negative: {}", offset);
  const int64_t end = reach(sizes, strides, offset, element_size());
  const int64_t held = static_cast<int64_t>(impl()->storage->nbytes()) / element_size();
  check(end <= held || adjoint::numel(sizes) == 0,
        "sizes [{}] with strides [{}] from offset {} reach element {} of a storage of {} elements",
        fmt::join(sizes, ", "), fmt::join(strides, ", "), offset, end - 1, held);
  auto made = TensorImpl::make(impl()->storage, impl()->dtype, sizes, strides, offset);
  made->unversioned = impl()->unversioned;
  made->inference = impl()->inference;
  return Tensor(std::move(made));
}

TensorDescription::operator std::string() const {
  if (!tensor.defined()) return "an undefined tensor";
  return fmt::format("shape [{}], {}", fmt::join(tensor.sizes(), ", "), tensor.scalar_type());
}

void Tensor::print() const { std::cout << *this << std::endl; }

Tensor empty(IntArrayRef size, const TensorOptions& options) {
  // Nothing here that only other strides would need: a tensor is made by every operation.
  const ScalarType dtype = options.dtype();
  const int64_t count = numel(size);
  int64_t bytes = 0;
  if (__builtin_mul_overflow(count, elementSize(dtype), &bytes)) {
    fail("a tensor of shape [{}], {}, has more bytes than 63 bits can count", fmt::join(size, ", "),
         dtype);
  }
  auto storage = Storage::make(static_cast<std::size_t>(bytes));
  return wrap(TensorImpl::make(std::move(storage), dtype, size, count), options);
}

Tensor empty_strided(IntArrayRef size, IntArrayRef stride, const TensorOptions& options) {
  check_strides(size, stride);
  const int64_t element_size = elementSize(options.dtype());
  const int64_t bytes = reach(size, stride, 0, element_size) * element_size;
  auto storage = Storage::make(static_cast<std::size_t>(bytes));
  return wrap(TensorImpl::make(std::move(storage), options.dtype(), size, stride, 0), options);
}

Tensor from_blob(void* data, IntArrayRef sizes, const TensorOptions& options) {
  return from_blob(
      data, sizes, contiguous_strides(sizes), [](void*) {}, options);
}

Tensor from_blob(void* data, IntArrayRef sizes, const std::function<void(void*)>& deleter,
                 const TensorOptions& options) {
  return from_blob(data, sizes, contiguous_strides(sizes), deleter, options);
}

Tensor from_blob(void* data, IntArrayRef sizes, IntArrayRef strides, const TensorOptions& options) {
  return from_blob(
      data, sizes, strides, [](void*) {}, options);
}

Tensor from_blob(void* data, IntArrayRef sizes, IntArrayRef strides,
                 const std::function<void(void*)>& deleter, const TensorOptions& options) {
  check_strides(sizes, strides);
  check(data != nullptr || numel(sizes) == 0, "from_blob: the data pointer is null");
  const int64_t element_size = elementSize(options.dtype());
  const int64_t bytes = reach(sizes, strides, 0, element_size) * element_size;
  auto storage = std::make_shared<Storage>(data, static_cast<std::size_t>(bytes), deleter);
  return wrap(TensorImpl::make(std::move(storage), options.dtype(), sizes, strides, 0), options);
}

namespace {

/// A tensor's dtype and how much it counts in promotion: dimensions > none > a plain number.
struct Operand {
  ScalarType dtype;
  int rank;
};

int category(ScalarType type) { return isFloatingType(type) ? 2 : type == kBool ? 0 : 1; }

ScalarType promote(Operand a, Operand b) {
  if (a.rank < b.rank) std::swap(a, b);
  // Of unequal rank: the lesser one counts only by its category.
  if (a.rank != b.rank) {
    if (category(b.dtype) <= category(a.dtype)) return a.dtype;
    if (b.rank == 0 && b.dtype == kFloat64) return get_default_dtype();
    return promoteTypes(a.dtype, b.dtype);
  }
  return promoteTypes(a.dtype, b.dtype);
}

Operand operand(const Tensor& t) {
  return {t.scalar_type(), t.dim() > 0 ? 2 : t.impl()->wrapped_number ? 0 : 1};
}

}  // namespace

ScalarType result_type(const Tensor& a, const Tensor& b) { return promote(operand(a), operand(b)); }

ScalarType result_type(const Tensor& a, const Scalar& b) {
  return promote(operand(a), {b.type(), 0});
}

}  // namespace adjoint

fmt::format_context::iterator fmt::formatter<adjoint::TensorDescription>::format(
    const adjoint::TensorDescription& what, fmt::format_context& ctx) const {
  return fmt::formatter<std::string>::format(what, ctx);
}
