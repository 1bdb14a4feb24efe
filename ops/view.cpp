#include "adjoint/ops/view.h"

#include "adjoint/autograd/record.h"

namespace adjoint {
namespace {

using autograd::Grads;
using autograd::record;
using autograd::record_view;

Tensor alias_of(const Tensor& x, IntArrayRef sizes, IntArrayRef strides) {
  return x.alias(sizes, strides, x.storage_offset());
}

/// slice's adjoint: zeros of `sizes`, with g at [start, start + step, ...] along `dim`.
Tensor slice_backward(const Tensor& g, const Dims& sizes, int64_t dim, int64_t start,
                      int64_t step) {
  Tensor whole = empty(sizes, g.options());
  {
    const NoGradGuard no_grad;
    whole.zero_();
    Tensor part = whole.slice(dim, start, start + (g.size(dim) - 1) * step + 1, step);
    if (g.numel() != 0) part.copy_(g);
  }
  const int64_t end = start + g.size(dim) * step;
  return record("slice_backward", whole, {g}, [dim, start, end, step](const Tensor& gg) {
    return Grads{gg.slice(dim, start, end, step)};
  });
}

std::size_t at(int64_t dim) { return static_cast<std::size_t>(dim); }

}  // namespace

Tensor Tensor::view(IntArrayRef size) const {
  const Dims shape = infer_size(size, numel());
  const std::optional<Dims> strides = view_strides(sizes(), this->strides(), shape);
  check(strides.has_value(),
        "view: a tensor of shape [{}] and strides [{}] cannot be seen as [{}] without a copy; use "
        "reshape, which copies where it must",
        fmt::join(sizes(), ", "), fmt::join(this->strides(), ", "), fmt::join(shape, ", "));
  return record_view("view", *this, alias_of(*this, shape, *strides),
                     [sizes = Dims(sizes())](const Tensor& g) { return Grads{g.reshape(sizes)}; });
}

Tensor Tensor::reshape(IntArrayRef shape) const {
  const Dims wanted = infer_size(shape, numel());
  const bool can_view = view_strides(sizes(), strides(), wanted).has_value();
  return can_view ? view(wanted) : clone().view(wanted);
}

Tensor Tensor::transpose(int64_t dim0, int64_t dim1) const {
  dim0 = wrap_dim(dim0, dim());
  dim1 = wrap_dim(dim1, dim());
  Dims new_sizes = sizes(), new_strides = strides();
  if (dim() > 0) {
    std::swap(new_sizes[at(dim0)], new_sizes[at(dim1)]);
    std::swap(new_strides[at(dim0)], new_strides[at(dim1)]);
  }
  return record_view("transpose", *this, alias_of(*this, new_sizes, new_strides),
                     [dim0, dim1](const Tensor& g) { return Grads{g.transpose(dim0, dim1)}; });
}

Tensor Tensor::t() const {
  check(dim() <= 2, "t: expected a tensor of at most 2 dimensions, got {}; use transpose(d0, d1)",
        describe());
  return dim() == 2 ? transpose(0, 1) : view(sizes());
}

Tensor Tensor::permute(IntArrayRef dims) const {
  check(dims.size() == at(dim()), "permute: expected {} dimensions, got [{}]", dim(),
        fmt::join(dims, ", "));
  if (!dims.empty()) dim_mask(dims, dim());  // throws where one is out of range or named twice
  Dims new_sizes(dims.size(), 0), new_strides(dims.size(), 0), inverse(dims.size(), 0);
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const std::size_t from = at(wrap_dim(dims[i], dim()));
    new_sizes[i] = sizes()[from];
    new_strides[i] = strides()[from];
    inverse[from] = static_cast<int64_t>(i);
  }
  return record_view("permute", *this, alias_of(*this, new_sizes, new_strides),
                     [inverse](const Tensor& g) { return Grads{g.permute(inverse)}; });
}

Tensor Tensor::movedim(int64_t source, int64_t destination) const {
  Dims order;
  for (int64_t i = 0; i < dim(); ++i) order.push_back(i);
  if (order.empty()) return view(sizes());
  order.erase(at(wrap_dim(source, dim())));
  order.insert(at(wrap_dim(destination, dim())), wrap_dim(source, dim()));
  return permute(order);
}

Tensor Tensor::select(int64_t d, int64_t index) const {
  check(dim() > 0, "select: a tensor without dimensions has nothing to select from");
  d = wrap_dim(d, dim());
  const int64_t length = size(d);
  if (index < -length || index >= length) {
    throw IndexError(fmt::format("select: index {} is out of range for dimension {} of size {}",
                                 index, d, length));
  }
  if (index < 0) index += length;
  Dims new_sizes = sizes(), new_strides = strides();
  new_sizes.erase(at(d));
  new_strides.erase(at(d));
  return record_view("select", *this,
                     alias(new_sizes, new_strides, storage_offset() + index * stride(d)),
                     [sizes = Dims(sizes()), d, index](const Tensor& g) {
                       return Grads{slice_backward(g.unsqueeze(d), sizes, d, index, 1)};
                     });
}

Tensor Tensor::slice(int64_t d, std::optional<int64_t> start, std::optional<int64_t> end,
                     int64_t step) const {
  check(dim() > 0, "slice: a tensor without dimensions cannot be sliced");
  check(step > 0, "slice: expected a positive step, got {}", step);
  d = wrap_dim(d, dim());
  const int64_t length = size(d);
  // As in Python, bounds beyond the ends are cut and negative ones count from the end.
  const auto bound = [length](int64_t b) {
    return std::clamp<int64_t>(b < 0 ? b + length : b, 0, length);
  };
  const int64_t from = bound(start.value_or(0)), to = std::max(from, bound(end.value_or(length)));
  Dims new_sizes = sizes(), new_strides = strides();
  new_sizes[at(d)] = (to - from + step - 1) / step;
  // A stride is of no use where it is never taken; keep it from overflowing.
  if (new_sizes[at(d)] > 1) new_strides[at(d)] *= step;
  return record_view("slice", *this,
                     alias(new_sizes, new_strides, storage_offset() + from * stride(d)),
                     [sizes = Dims(sizes()), d, from, step](const Tensor& g) {
                       return Grads{slice_backward(g, sizes, d, from, step)};
                     });
}

Tensor Tensor::narrow(int64_t d, int64_t start, int64_t length) const {
  check(dim() > 0, "narrow: a tensor without dimensions cannot be narrowed");
  const int64_t size = this->size(d);
  if (start < 0) start += size;
  check(start >= 0 && length >= 0 && start <= size && length <= size - start,
        "narrow: {} elements from {} do not lie in dimension {} of size {}", length, start, d,
        size);
  return slice(d, start, start + length, 1);
}

Tensor Tensor::expand(IntArrayRef size, bool) const {
  check(size.size() >= at(dim()), "expand: shape [{}] has fewer dimensions than [{}]",
        fmt::join(size, ", "), fmt::join(sizes(), ", "));
  Dims target = size;
  const std::size_t lead = target.size() - at(dim());
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] == -1 && i >= lead) target[i] = sizes()[i - lead];
  }
  check(is_expandable_to(sizes(), target),
        "expand: shape [{}] does not expand to [{}]: only dimensions of size 1 can be repeated",
        fmt::join(sizes(), ", "), fmt::join(size, ", "));
  // The engine sums the gradient to this tensor's shape, which is expand's adjoint.
  return record_view("expand", *this,
                     alias_of(*this, target, expanded_strides(sizes(), strides(), target)),
                     [](const Tensor& g) { return Grads{g}; });
}

Tensor Tensor::squeeze() const {
  Dims new_sizes, new_strides;
  for (std::size_t i = 0; i < at(dim()); ++i) {
    if (sizes()[i] == 1) continue;
    new_sizes.push_back(sizes()[i]);
    new_strides.push_back(strides()[i]);
  }
  return record_view("squeeze", *this, alias_of(*this, new_sizes, new_strides),
                     [sizes = Dims(sizes())](const Tensor& g) { return Grads{g.reshape(sizes)}; });
}

Tensor Tensor::squeeze(int64_t d) const {
  d = wrap_dim(d, dim());
  Dims new_sizes = sizes(), new_strides = strides();
  if (dim() > 0 && size(d) == 1) {
    new_sizes.erase(at(d));
    new_strides.erase(at(d));
  }
  return record_view("squeeze", *this, alias_of(*this, new_sizes, new_strides),
                     [sizes = Dims(sizes())](const Tensor& g) { return Grads{g.reshape(sizes)}; });
}

Tensor Tensor::unsqueeze(int64_t d) const {
  d = wrap_dim(d, dim() + 1);
  Dims new_sizes = sizes(), new_strides = strides();
  new_strides.insert(at(d), d < dim() ? size(d) * stride(d) : 1);
  new_sizes.insert(at(d), 1);
  return record_view("unsqueeze", *this, alias_of(*this, new_sizes, new_strides),
                     [d](const Tensor& g) { return Grads{g.squeeze(d)}; });
}

Tensor Tensor::flatten(int64_t start_dim, int64_t end_dim) const {
  start_dim = wrap_dim(start_dim, dim());
  end_dim = wrap_dim(end_dim, dim());
  check(start_dim <= end_dim, "flatten: start_dim {} comes after end_dim {}", start_dim, end_dim);
  if (dim() == 0) return reshape({1});
  if (start_dim == end_dim) return *this;
  Dims shape(sizes().slice(0, at(start_dim)));
  shape.push_back(adjoint::numel(sizes().slice(at(start_dim), at(end_dim - start_dim) + 1)));
  for (int64_t i = end_dim + 1; i < dim(); ++i) shape.push_back(size(i));
  return reshape(shape);
}

Tensor Tensor::unflatten(int64_t d, IntArrayRef new_sizes) const {
  check(!new_sizes.empty(), "unflatten: expected at least one size");
  d = wrap_dim(d, dim());
  const Dims inferred = infer_size(new_sizes, size(d));
  Dims shape(sizes().slice(0, at(d)));
  for (const int64_t s : inferred) shape.push_back(s);
  for (int64_t i = d + 1; i < dim(); ++i) shape.push_back(size(i));
  return view(shape);
}

Tensor Tensor::as_strided(IntArrayRef size, IntArrayRef stride,
                          std::optional<int64_t> storage_offset) const {
  const Geometry in = impl()->geometry;
  const Geometry out{size, stride, storage_offset.value_or(in.offset)};
  Tensor result = alias(size, stride, out.offset);
  return record_view("as_strided", *this, std::move(result), [in, out](const Tensor& g) {
    // Scatter into a flat window of the storage that holds both geometries, and read it as the
    // input. An element of memory that the input shows k times gets its gradient in k equal parts.
    const int64_t begin = std::min(in.offset, out.offset);
    const int64_t end = std::max(in.offset + span_of(in.sizes, in.strides),
                                 out.offset + span_of(out.sizes, out.strides));
    const auto read_as_input = [&](const Tensor& window) {
      return window.as_strided(in.sizes, in.strides, in.offset - begin);
    };
    Tensor gx = read_as_input(g.scatter_strided(out.strides, out.offset - begin, end - begin));
    if (may_overlap(in.sizes, in.strides)) {
      const Tensor ones = empty(in.sizes, g.options()).fill_(1);
      gx = gx.div(read_as_input(ones.scatter_strided(in.strides, in.offset - begin, end - begin)));
    }
    return Grads{gx};
  });
}

Tensor Tensor::scatter_strided(IntArrayRef stride, int64_t offset, int64_t numel) const {
  Tensor flat = empty({numel}, options());
  {
    const NoGradGuard no_grad;
    flat.zero_();
    Tensor target = flat.as_strided(sizes(), stride, offset);
    if (!may_overlap(sizes(), stride)) {
      target.copy_(*this);
    } else {
      // Places that are hit more than once add up; peel dimensions off until none is.
      std::size_t repeated = 0;
      for (std::size_t i = 0; i < stride.size(); ++i) {
        if (sizes()[i] > 1 && (sizes()[repeated] <= 1 || stride[i] < stride[repeated]))
          repeated = i;
      }
      Dims rest(stride);
      rest.erase(repeated);
      for (int64_t i = 0; i < sizes()[repeated]; ++i) {
        flat.add_(select(static_cast<int64_t>(repeated), i)
                      .scatter_strided(rest, offset + i * stride[repeated], numel));
      }
    }
  }
  return record("scatter_strided", flat, {*this},
                [sizes = Dims(sizes()), stride = Dims(stride), offset](const Tensor& g) {
                  const Tensor flat_g = g.contiguous();
                  return Grads{flat_g.as_strided(sizes, stride, flat_g.storage_offset() + offset)};
                });
}

std::vector<Tensor> Tensor::split(int64_t split_size, int64_t d) const {
  check(split_size > 0, "split: expected a positive size of the parts, got {}", split_size);
  const int64_t length = size(d);
  std::vector<Tensor> parts;
  for (int64_t from = 0; from < std::max<int64_t>(length, 1); from += split_size) {
    parts.push_back(slice(d, from, std::min(from + split_size, length)));
  }
  return parts;
}

std::vector<Tensor> Tensor::chunk(int64_t chunks, int64_t d) const {
  check(chunks > 0, "chunk: expected a positive number of chunks, got {}", chunks);
  return split(std::max<int64_t>((size(d) + chunks - 1) / chunks, 1), d);
}

std::vector<Tensor> Tensor::unbind(int64_t d) const {
  std::vector<Tensor> parts;
  for (int64_t i = 0; i < size(d); ++i) parts.push_back(select(d, i));
  return parts;
}

std::vector<Tensor> broadcast_tensors(TensorList tensors) {
  Dims shape;
  for (const Tensor& t : tensors) shape = broadcast_shapes(shape, t.sizes());
  std::vector<Tensor> expanded;
  for (const Tensor& t : tensors) expanded.push_back(t.expand(shape));
  return expanded;
}

}  // namespace adjoint
