#include "adjoint/ops/view.h"

#include <fmt/ranges.h>

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
    if (g.numel() != 0) {
      whole.slice(dim, start, start + (g.size(dim) - 1) * step + 1, step).copy_(g);
    }
  }
  const int64_t end = g.size(dim) > 0 ? start + (g.size(dim) - 1) * step + 1 : start;
  return record("slice_backward", whole, {g}, [dim, start, end, step](const Tensor& gg) {
    return Grads{gg.slice(dim, start, end, step)};
  });
}

std::size_t at(int64_t dim) { return static_cast<std::size_t>(dim); }

}  // namespace

Tensor Tensor::view(IntArrayRef size) const {
  const Dims shape = infer_size("view", size, numel());
  const std::optional<Dims> strides = view_strides(sizes(), this->strides(), shape);
  check(strides.has_value(),
        "view: a tensor of shape [{}] and strides [{}] cannot be seen as [{}] without a copy; use "
        "reshape, which copies where it must",
        fmt::join(sizes(), ", "), fmt::join(this->strides(), ", "), fmt::join(shape, ", "));
  return record_view("view", *this, alias_of(*this, shape, *strides),
                     [sizes = Dims(sizes())](const Tensor& g) { return Grads{g.reshape(sizes)}; });
}

Tensor Tensor::reshape(IntArrayRef shape) const {
  const Dims wanted = infer_size("reshape", shape, numel());
  const bool can_view = view_strides(sizes(), strides(), wanted).has_value();
  return can_view ? view(wanted) : clone().view(wanted);
}

Tensor Tensor::transpose(int64_t dim0, int64_t dim1) const {
  dim0 = wrap_dim("transpose", dim0, dim());
  dim1 = wrap_dim("transpose", dim1, dim());
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
  if (!dims.empty()) {
    dim_mask("permute", dims, dim());  // throws where one is out of range or named twice
  }
  Dims new_sizes(dims.size(), 0), new_strides(dims.size(), 0), inverse(dims.size(), 0);
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const std::size_t from = at(wrap_dim("permute", dims[i], dim()));
    new_sizes[i] = sizes()[from];
    new_strides[i] = strides()[from];
    inverse[from] = static_cast<int64_t>(i);
  }
  return record_view("permute", *this, alias_of(*this, new_sizes, new_strides),
                     [inverse](const Tensor& g) { return Grads{g.permute(inverse)}; });
}

Tensor Tensor::movedim(int64_t source, int64_t destination) const {
  return movedim(IntArrayRef(source), IntArrayRef(destination));
}

Tensor Tensor::movedim(IntArrayRef source, IntArrayRef destination) const {
  check(source.size() == destination.size(),
        "movedim: expected as many destinations as sources, got [{}] and [{}]",
        fmt::join(source, ", "), fmt::join(destination, ", "));
  // Wraps too; throws where a dimension is out of range or named twice.
  const uint32_t moved = source.empty() ? 0 : dim_mask("movedim", source, dim());
  if (!destination.empty()) dim_mask("movedim", destination, dim());
  if (dim() == 0) return view(sizes());
  Dims order(at(dim()), -1);
  for (std::size_t i = 0; i < source.size(); ++i) {
    order[at(wrap_dim("movedim", destination[i], dim()))] = wrap_dim("movedim", source[i], dim());
  }
  int64_t next = 0;  // the others keep their order in the places that are left
  for (int64_t& from : order) {
    if (from >= 0) continue;
    while ((moved >> next & 1) != 0) ++next;
    from = next++;
  }
  return permute(order);
}

Tensor Tensor::numpy_T() const {
  Dims order;
  for (int64_t d = dim(); d-- > 0;) order.push_back(d);
  return permute(order);
}

Tensor Tensor::mT() const {
  check(dim() >= 2, "mT: expected a matrix or a batch of matrices, got {} dimension{}", dim(),
        dim() == 1 ? "" : "s");
  return transpose(-2, -1);
}

Tensor Tensor::select(int64_t d, int64_t index) const {
  check(dim() > 0, "select: a tensor without dimensions has nothing to select from");
  d = wrap_dim("select", d, dim());
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

Tensor Tensor::operator[](const Scalar& index) const {
  check(index.isIntegral(/*includeBool=*/false), "operator[]: expected an integer, got the {} {}",
        index.type(), index.toDouble());
  return select(0, index.toLong());
}

Tensor Tensor::slice(int64_t d, std::optional<int64_t> start, std::optional<int64_t> end,
                     int64_t step) const {
  check(dim() > 0, "slice: a tensor without dimensions cannot be sliced");
  check(step > 0, "slice: expected a positive step, got {}", step);
  d = wrap_dim("slice", d, dim());
  const int64_t length = size(d);
  // As in Python, bounds beyond the ends are cut and negative ones count from the end.
  const auto bound = [length](int64_t b) {
    return std::clamp<int64_t>(b < 0 ? b + length : b, 0, length);
  };
  const int64_t from = bound(start.value_or(0)), to = std::max(from, bound(end.value_or(length)));
  Dims new_sizes = sizes(), new_strides = strides();
  new_sizes[at(d)] = to > from ? (to - from - 1) / step + 1 : 0;  // step can be 2^63 - 1
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
  d = wrap_dim("narrow", d, dim());
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
  d = wrap_dim("squeeze", d, dim());
  Dims new_sizes = sizes(), new_strides = strides();
  if (dim() > 0 && size(d) == 1) {
    new_sizes.erase(at(d));
    new_strides.erase(at(d));
  }
  return record_view("squeeze", *this, alias_of(*this, new_sizes, new_strides),
                     [sizes = Dims(sizes())](const Tensor& g) { return Grads{g.reshape(sizes)}; });
}

Tensor Tensor::unsqueeze(int64_t d) const {
  d = wrap_dim("unsqueeze", d, dim() + 1);
  Dims new_sizes = sizes(), new_strides = strides();
  new_strides.insert(at(d), d < dim() ? size(d) * stride(d) : 1);
  new_sizes.insert(at(d), 1);
  return record_view("unsqueeze", *this, alias_of(*this, new_sizes, new_strides),
                     [d](const Tensor& g) { return Grads{g.squeeze(d)}; });
}

Tensor Tensor::flatten(int64_t start_dim, int64_t end_dim) const {
  start_dim = wrap_dim("flatten", start_dim, dim());
  end_dim = wrap_dim("flatten", end_dim, dim());
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
  d = wrap_dim("unflatten", d, dim());
  const Dims inferred = infer_size("unflatten", new_sizes, size(d));
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

// ---- diagonal, unfold ---------------------------------------------------------------------------

namespace {

/// The geometry of a diagonal of what has these sizes and strides, its offset relative to that.
Geometry diagonal_of(IntArrayRef sizes, IntArrayRef strides, int64_t offset, int64_t dim1,
                     int64_t dim2) {
  const int64_t ndim = static_cast<int64_t>(sizes.size());
  check(ndim >= 2, "diagonal: expected a tensor of at least 2 dimensions, got {}", ndim);
  dim1 = wrap_dim("diagonal", dim1, ndim);
  dim2 = wrap_dim("diagonal", dim2, ndim);
  check(dim1 != dim2, "diagonal: dim1 and dim2 are both {}", dim1);
  // Not sizes + offset: the offset can be any number of 64 bits.
  const int64_t rows = sizes[at(dim1)], columns = sizes[at(dim2)];
  const int64_t above = std::clamp<int64_t>(offset, 0, columns);
  const int64_t below = offset < 0 ? -std::max(offset, -rows) : 0;
  const int64_t length = std::min(rows - below, columns - above);
  Geometry diagonal{sizes, strides, 0};
  if (length > 0) diagonal.offset = above * strides[at(dim2)] + below * strides[at(dim1)];
  for (const int64_t d : {std::max(dim1, dim2), std::min(dim1, dim2)}) {
    diagonal.sizes.erase(at(d));
    diagonal.strides.erase(at(d));
  }
  diagonal.sizes.push_back(length);
  diagonal.strides.push_back(strides[at(dim1)] + strides[at(dim2)]);
  return diagonal;
}

/// How many windows of `size`, `step` apart, fit into a dimension.
int64_t windows(int64_t length, int64_t size, int64_t step) {
  check(size >= 0 && size <= length, "unfold: windows of size {} do not fit a dimension of size {}",
        size, length);
  check(step > 0, "unfold: expected a positive step, got {}", step);
  return (length - size) / step + 1;
}

}  // namespace

Tensor Tensor::diagonal(int64_t offset, int64_t dim1, int64_t dim2) const {
  const Geometry shown = diagonal_of(sizes(), strides(), offset, dim1, dim2);
  return record_view("diagonal", *this,
                     alias(shown.sizes, shown.strides, storage_offset() + shown.offset),
                     [sizes = Dims(sizes()), offset, dim1, dim2](const Tensor& g) {
                       return Grads{diagonal_backward(g, sizes, offset, dim1, dim2)};
                     });
}

Tensor diagonal_backward(const Tensor& grad_output, IntArrayRef input_sizes, int64_t offset,
                         int64_t dim1, int64_t dim2) {
  const Geometry shown =
      diagonal_of(input_sizes, contiguous_strides(input_sizes), offset, dim1, dim2);
  check(grad_output.sizes() == IntArrayRef(shown.sizes),
        "diagonal_backward: the diagonal of [{}] has shape [{}], got [{}]",
        fmt::join(input_sizes, ", "), fmt::join(IntArrayRef(shown.sizes), ", "),
        fmt::join(grad_output.sizes(), ", "));
  return grad_output.scatter_strided(shown.strides, shown.offset, numel(input_sizes))
      .view(input_sizes);
}

Tensor Tensor::unfold(int64_t dimension, int64_t size, int64_t step) const {
  const int64_t d = wrap_dim("unfold", dimension, dim());
  const int64_t length = dim() == 0 ? 1 : this->size(d), stride = dim() == 0 ? 1 : this->stride(d);
  const int64_t count = windows(length, size, step);
  Dims new_sizes(sizes()), new_strides(strides());
  if (dim() > 0) {
    new_sizes[at(d)] = count;
    if (count > 1) new_strides[at(d)] *= step;
  }
  new_sizes.push_back(size);
  new_strides.push_back(stride);
  return record_view("unfold", *this, alias_of(*this, new_sizes, new_strides),
                     [sizes = Dims(sizes()), d, size, step](const Tensor& g) {
                       return Grads{unfold_backward(g, sizes, d, size, step)};
                     });
}

Tensor unfold_backward(const Tensor& grad_in, IntArrayRef input_sizes, int64_t dim, int64_t size,
                       int64_t step) {
  const Tensor whole = empty(input_sizes, grad_in.options());
  dim = wrap_dim("unfold_backward", dim, whole.dim());
  {
    const NoGradGuard no_grad;
    whole.zero_();
    if (whole.dim() == 0) {
      if (size > 0) whole.copy_(grad_in.select(0, 0));
    } else {
      const int64_t count = windows(whole.size(dim), size, step);
      // The i-th elements of all windows are a slice, in which none stands twice.
      for (int64_t i = 0; i < size; ++i) {
        whole.slice(dim, i, i + (count - 1) * step + 1, step).add_(grad_in.select(-1, i));
      }
    }
  }
  return record("unfold_backward", whole, {grad_in},
                [dim, size, step](const Tensor& g) { return Grads{g.unfold(dim, size, step)}; });
}

// ---- several tensors, or a few dimensions -------------------------------------------------------

std::vector<Tensor> broadcast_tensors(TensorList tensors) {
  Dims shape;
  for (const Tensor& t : tensors) shape = broadcast_shapes(shape, t.sizes());
  std::vector<Tensor> expanded;
  for (const Tensor& t : tensors) expanded.push_back(t.expand(shape));
  return expanded;
}

Tensor atleast_1d(const Tensor& self) { return self.dim() == 0 ? self.reshape(1) : self; }

Tensor atleast_2d(const Tensor& self) {
  return self.dim() >= 2 ? self : atleast_1d(self).unsqueeze(0);
}

Tensor atleast_3d(const Tensor& self) {
  return self.dim() >= 3 ? self : atleast_2d(self).unsqueeze(-1);
}

}  // namespace adjoint
