#include "adjoint/ops/join.h"

#include <fmt/ranges.h>

#include "adjoint/autograd/record.h"
#include "adjoint/ops/kernels/elementwise.h"
#include "adjoint/ops/view.h"

namespace adjoint {
namespace {

bool is_left_out(const Tensor& t) { return t.dim() == 1 && t.numel() == 0; }

}  // namespace

Tensor cat(TensorList tensors, int64_t dim) {
  check(!tensors.empty(), "cat: expected at least one tensor");
  const Tensor* first = tensors.begin();  // the one whose shape the others have to share
  while (first + 1 != tensors.end() && is_left_out(*first)) ++first;
  check(first->dim() > 0, "cat: a tensor without dimensions has none to join along; use stack");
  dim = wrap_dim("cat", dim, first->dim());
  const auto d = static_cast<std::size_t>(dim);

  Dims shape(first->sizes());
  shape[d] = 0;
  ScalarType dtype = first->scalar_type();
  for (const Tensor& t : tensors) {
    dtype = promoteTypes(dtype, t.scalar_type());
    if (is_left_out(t)) continue;
    bool fits = t.dim() == first->dim();
    for (int64_t i = 0; fits && i < t.dim(); ++i) fits = i == dim || t.size(i) == first->size(i);
    check(fits, "cat: [{}] and [{}] differ in more than dimension {}",
          fmt::join(first->sizes(), ", "), fmt::join(t.sizes(), ", "), dim);
    shape[d] += t.size(dim);
  }

  Tensor y = empty(shape, dtype);
  Dims part = shape;
  std::vector<Dims> shapes;
  int64_t offset = 0;
  for (const Tensor& t : tensors) {
    shapes.emplace_back(t.sizes());
    if (t.numel() == 0) continue;
    part[d] = t.size(dim);
    kernels::copy(y.alias(part, y.strides(), offset * y.stride(dim)), t);
    offset += t.size(dim);
  }
  return autograd::record("cat", y, tensors, [dim, shapes](const Tensor& g, autograd::Needs needs) {
    autograd::Grads grads(shapes.size());
    int64_t start = 0;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      const int64_t length = numel(shapes[i]) == 0 ? 0 : shapes[i][static_cast<std::size_t>(dim)];
      if (needs[i]) grads[i] = g.narrow(dim, start, length).reshape(shapes[i]);
      start += length;
    }
    return grads;
  });
}

Tensor stack(TensorList tensors, int64_t dim) {
  check(!tensors.empty(), "stack: expected at least one tensor");
  const int64_t d = wrap_dim("stack", dim, tensors.front().dim() + 1);
  std::vector<Tensor> slices;
  for (const Tensor& t : tensors) {
    check(t.sizes() == tensors.front().sizes(),
          "stack: the tensors must have one shape, got [{}] and [{}]",
          fmt::join(tensors.front().sizes(), ", "), fmt::join(t.sizes(), ", "));
    slices.push_back(t.unsqueeze(d));
  }
  return cat(slices, d);
}

namespace {

/// `shaped` of each tensor. Throws Error if there is none.
template <class F>
std::vector<Tensor> each(const char* name, TensorList tensors, const F& shaped) {
  check(!tensors.empty(), "{}: expected at least one tensor", name);
  std::vector<Tensor> made;
  for (const Tensor& t : tensors) made.push_back(shaped(t));
  return made;
}

}  // namespace

Tensor hstack(TensorList tensors) {
  const std::vector<Tensor> parts = each("hstack", tensors, atleast_1d);
  return cat(parts, parts[0].dim() == 1 ? 0 : 1);
}

Tensor vstack(TensorList tensors) { return cat(each("vstack", tensors, atleast_2d), 0); }

Tensor dstack(TensorList tensors) { return cat(each("dstack", tensors, atleast_3d), 2); }

Tensor column_stack(TensorList tensors) {
  const auto column = [](const Tensor& t) { return t.dim() <= 1 ? t.reshape({-1, 1}) : t; };
  return cat(each("column_stack", tensors, column), 1);
}

}  // namespace adjoint
