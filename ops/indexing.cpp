#include "adjoint/ops/indexing.h"

#include <numeric>
#include <string_view>

#include <fmt/ranges.h>

#include "adjoint/ops/creation.h"
#include "adjoint/ops/index.h"
#include "adjoint/ops/indices.h"

namespace adjoint {
namespace indexing {

// ---- what an index list is made of --------------------------------------------------------------

Slice::Slice(std::optional<int64_t> start_index, std::optional<int64_t> stop_index,
             std::optional<int64_t> step_index)
    : step_(step_index.value_or(1)) {
  check(step_ != 0, "Slice: the step cannot be 0");
  start_ = start_index.value_or(step_ > 0 ? 0 : INDEX_MAX);
  stop_ = stop_index.value_or(step_ > 0 ? INDEX_MAX : INDEX_MIN);
}

TensorIndex::TensorIndex(std::nullopt_t) : value_(None) {}
TensorIndex::TensorIndex(EllipsisIndexType) : value_(Ellipsis) {}
TensorIndex::TensorIndex(int64_t integer) : value_(integer) {}
TensorIndex::TensorIndex(Boolean boolean) : value_(boolean.value) {}
TensorIndex::TensorIndex(Slice slice) : value_(slice) {}
TensorIndex::TensorIndex(Tensor tensor) : value_(std::move(tensor)) {}
TensorIndex::TensorIndex(const TensorIndex&) = default;
TensorIndex::TensorIndex(TensorIndex&&) noexcept = default;
TensorIndex& TensorIndex::operator=(const TensorIndex&) = default;
TensorIndex& TensorIndex::operator=(TensorIndex&&) noexcept = default;
TensorIndex::~TensorIndex() = default;

TensorIndex::TensorIndex(const char* ellipsis) : value_(Ellipsis) {
  check(std::string_view(ellipsis) == "...",
        "TensorIndex: the one string that is an index is \"...\", got \"{}\"", ellipsis);
}

std::ostream& operator<<(std::ostream& stream, const Slice& slice) {
  return stream << slice.start() << ':' << slice.stop() << ':' << slice.step();
}

std::ostream& operator<<(std::ostream& stream, const TensorIndex& tensor_index) {
  if (tensor_index.is_none()) return stream << "None";
  if (tensor_index.is_ellipsis()) return stream << "...";
  if (tensor_index.is_integer()) return stream << tensor_index.integer();
  if (tensor_index.is_boolean()) return stream << (tensor_index.boolean() ? "true" : "false");
  if (tensor_index.is_slice()) return stream << tensor_index.slice();
  return stream << tensor_index.tensor();
}

std::ostream& operator<<(std::ostream& stream, const std::vector<TensorIndex>& tensor_indices) {
  const char* before = "(";
  for (const TensorIndex& index : tensor_indices) {
    stream << before << index;
    before = ", ";
  }
  return stream << (tensor_indices.empty() ? "()" : ")");
}

namespace {

// ---- integers, slices, None, Ellipsis: a view ---------------------------------------------------

bool is_mask(const Tensor& t) {
  return t.scalar_type() == kBool || t.scalar_type() == kUInt8;  // uint8 as in old PyTorch code
}

/// How many of the tensor's dimensions an index is about.
int64_t dims_taken(const TensorIndex& index) {
  if (index.is_integer() || index.is_slice()) return 1;
  if (!index.is_tensor()) return 0;
  return is_mask(index.tensor()) ? index.tensor().dim() : 1;
}

/// What is left when the indices that make views are applied.
struct Selection {
  struct At {
    int64_t dim;   ///< of the view: the first that the index is about
    Tensor index;  ///< a list of indices, or a mask, which is about as many as it has dimensions
  };
  Tensor view;
  std::vector<At> rest;

  bool is_one_mask() const { return rest.size() == 1 && is_mask(rest[0].index); }
};

/// Reads the list from left to right.
class Selector {
 public:
  explicit Selector(const Tensor& self) : selection_{self, {}} {}

  Selection select(ArrayRef<TensorIndex> indices) {
    check(!indices.empty(), "index: the list of indices is empty; \"...\" means all elements");
    const int64_t ndim = selection_.view.dim();
    int64_t taken = 0, ellipses = 0;
    for (const TensorIndex& index : indices) {
      taken += dims_taken(index);
      ellipses += index.is_ellipsis() ? 1 : 0;
    }
    if (taken > ndim) {
      throw IndexError(fmt::format("index: {} indices for a tensor of {} dimensions", taken, ndim));
    }
    if (ellipses > 1) throw IndexError("index: more than one ellipsis");
    for (const TensorIndex& index : indices) {
      if (index.is_ellipsis()) {
        dim_ += ndim - taken;
        source_dim_ += ndim - taken;
      } else {
        apply(index);
        source_dim_ += dims_taken(index);
      }
    }
    return std::move(selection_);
  }

 private:
  void apply(const TensorIndex& index) {
    Tensor& view = selection_.view;
    if (index.is_integer()) {
      pick(index.integer());
    } else if (index.is_slice()) {
      const Slice& slice = index.slice();
      check(slice.step() > 0, "index: the step of a slice must be positive, got {}; use flip",
            slice.step());
      view = view.slice(dim_++, slice.start(), slice.stop(), slice.step());
    } else if (index.is_none()) {
      view = view.unsqueeze(dim_++);
    } else if (index.is_boolean()) {
      mask_without_dims(index.boolean());
    } else {
      apply(index.tensor());
    }
  }

  void apply(const Tensor& index) {
    if (index.dim() == 0 && is_mask(index)) {
      mask_without_dims(index.item<bool>());
    } else if (is_mask(index)) {
      mask(index);
    } else {
      check(index.scalar_type() == kInt64 || index.scalar_type() == kInt32,
            "index: tensors used as indices are int64, int32 or bool, got {}", index.scalar_type());
      if (index.dim() == 0) return pick(index.item<int64_t>());
      add(index, 1);
    }
  }

  void pick(int64_t i) {
    const int64_t size = selection_.view.size(dim_);
    if (i < -size || i >= size) {
      throw IndexError(fmt::format("index: index {} is out of range for dimension {} of size {}", i,
                                   source_dim_, size));
    }
    selection_.view = selection_.view.select(dim_, i);
  }

  /// A new dimension, of size 1 or 0.
  void mask_without_dims(bool value) {
    selection_.view = selection_.view.unsqueeze(dim_);
    add(zeros({value ? 1 : 0}, kInt64), 1);
  }

  void mask(const Tensor& m) {
    for (int64_t d = 0; d < m.dim(); ++d) {
      if (m.size(d) == selection_.view.size(dim_ + d)) continue;
      throw IndexError(fmt::format(
          "index: a mask of shape [{}] does not fit: its dimension {} is of size {}, the tensor's "
          "dimension {} of size {}",
          fmt::join(m.sizes(), ", "), d, m.size(d), source_dim_ + d,
          selection_.view.size(dim_ + d)));
    }
    add(m, m.dim());
  }

  void add(const Tensor& index, int64_t dims) {
    selection_.rest.push_back({dim_, index});
    dim_ += dims;
  }

  Selection selection_;
  int64_t dim_ = 0;         // of the view: the next one
  int64_t source_dim_ = 0;  // the same, as it counts in the tensor itself
};

// ---- lists of indices ---------------------------------------------------------------------------

/// Lists of indices into dimensions that lie side by side, as one list into their product.
struct Places {
  Tensor view;      ///< the tensor, its dimensions moved if need be
  int64_t first;    ///< the first of the indexed dimensions ...
  int64_t last;     ///< ... and the last
  Dims list_shape;  ///< what takes their place in the result
  Tensor list;      ///< of list_shape's elements

  Dims indexed_sizes() const {
    return view.sizes().slice(static_cast<std::size_t>(first),
                              static_cast<std::size_t>(last - first) + 1);
  }
  /// The view's sizes with these in place of the indexed ones.
  Dims with(IntArrayRef sizes) const {
    const IntArrayRef all = view.sizes();
    Dims shape(all.slice(0, static_cast<std::size_t>(first)));
    for (const int64_t size : sizes) shape.push_back(size);
    for (const int64_t size : all.slice(static_cast<std::size_t>(last) + 1)) shape.push_back(size);
    return shape;
  }
};

/// A mask alone needs no lists, one a dimension, to be put together again.
Places places_of_mask(const Selection& selection) {
  const auto& [dim, mask] = selection.rest[0];
  const Tensor list = nonzero(mask.reshape(-1)).view(-1);
  return {selection.view, dim, dim + mask.dim() - 1, list.sizes(), list};
}

Places places_of(const Selection& selection) {
  if (selection.is_one_mask()) return places_of_mask(selection);
  std::vector<int64_t> dims;
  std::vector<Tensor> lists;  // one for each of them
  for (const auto& [dim, index] : selection.rest) {
    int64_t d = dim;
    for (Tensor& list : is_mask(index) ? nonzero_numpy(index) : std::vector<Tensor>{index}) {
      dims.push_back(d++);
      lists.push_back(std::move(list));
    }
  }
  const auto count = static_cast<int64_t>(dims.size());
  Places places{selection.view, dims.front(), dims.back(), {}, {}};
  if (places.last - places.first + 1 != count) {  // not side by side: to the front
    std::vector<int64_t> front(dims.size());
    std::iota(front.begin(), front.end(), 0);
    places.view = places.view.movedim(dims, front);
    places.first = 0;
    places.last = count - 1;
  }
  for (const Tensor& list : lists) {
    places.list_shape = broadcast_shapes(places.list_shape, list.sizes(), "index");
  }
  // Row by row, as in the offset of an element: list = (i0 * size1 + i1) * size2 + ...
  for (std::size_t k = 0; k < lists.size(); ++k) {
    const int64_t size = places.view.size(places.first + static_cast<int64_t>(k));
    const Tensor checked = indices::checked("index", lists[k], size, indices::Negative::kFromTheEnd)
                               .expand(places.list_shape);
    places.list = k == 0 ? checked : places.list.mul(size).add(checked);
  }
  places.list = places.list.reshape(-1);
  return places;
}

/// The elements at the places.
Tensor read(const Places& places) {
  const Dims shape = places.with(places.list_shape);
  Tensor y;
  {
    const NoGradGuard no_grad;
    const Tensor flat = places.view.flatten(places.first, places.last);
    y = index_select(flat, places.first, places.list);
    y = y.alias(shape, contiguous_strides(shape), 0);
  }
  if (!autograd::needs_recording({places.view})) return y;
  return autograd::record(
      "index", y, {places.view},
      [first = places.first, sizes = Dims(places.view.sizes()),
       flat_sizes = places.with(numel(places.indexed_sizes())), list = autograd::save(places.list),
       count = places.list_shape.size()](const Tensor& g) {
        const Tensor rows = g.flatten(first, first + static_cast<int64_t>(count) - 1);
        return autograd::Grads{
            index_add(zeros(flat_sizes, g.options()), first, list.get(), rows).view(sizes)};
      });
}

/// `value` without the leading dimensions of size 1 that a place of so many dimensions does not
/// have: NumPy drops them.
Tensor without_leading_ones(Tensor value, std::size_t ndim) {
  while (value.sizes().size() > ndim && value.size(0) == 1) value = value.select(0, 0);
  return value;
}

void check_broadcasts(const Tensor& value, IntArrayRef shape) {
  if (!is_expandable_to(value.sizes(), shape)) {
    fail("index_put_: a value of shape [{}] does not broadcast to the indexed shape [{}]",
         fmt::join(value.sizes(), ", "), fmt::join(shape, ", "));
  }
}

/// Writes `value`, which broadcasts, to the places, or adds it to what is there.
void write(const Places& places, const Tensor& given, bool accumulate) {
  const Dims shape = places.with(places.list_shape);
  const Tensor value = without_leading_ones(given, shape.size());
  check_broadcasts(value, shape);
  const Dims rows_shape = places.with(places.list.numel());
  const Tensor rows = value.to(places.view.scalar_type()).expand(shape).reshape(rows_shape);
  const Tensor& view = places.view;
  const Dims flat_shape = places.with(numel(places.indexed_sizes()));
  if (view_strides(view.sizes(), view.strides(), flat_shape).has_value()) {
    const Tensor flat = view.view(flat_shape);
    accumulate ? flat.index_add_(places.first, places.list, rows)
               : flat.index_copy_(places.first, places.list, rows);
  } else {
    const Tensor flat = view.reshape(flat_shape);
    view.copy_((accumulate ? flat.index_add(places.first, places.list, rows)
                           : flat.index_copy(places.first, places.list, rows))
                   .view(view.sizes()));
  }
}

}  // namespace
}  // namespace indexing

// ---- the methods --------------------------------------------------------------------------------

using indexing::Selection;
using indexing::Selector;
using indexing::TensorIndex;

Tensor Tensor::index(ArrayRef<TensorIndex> indices) const {
  const Selection selection = Selector(*this).select(indices);
  if (!selection.rest.empty()) return indexing::read(indexing::places_of(selection));
  return selection.view.is_same(*this) ? view(sizes()) : selection.view;
}

Tensor Tensor::index(std::initializer_list<TensorIndex> indices) const {
  return index(ArrayRef<TensorIndex>(indices));
}

Tensor Tensor::operator[](const Tensor& index) const { return this->index({index}); }

Tensor& Tensor::index_put_(ArrayRef<TensorIndex> indices, const Tensor& value,
                           bool accumulate) const {
  const Selection selection = Selector(*this).select(indices);
  if (!selection.rest.empty()) {
    indexing::write(indexing::places_of(selection), value, accumulate);
    return const_cast<Tensor&>(*this);
  }
  const Tensor& view = selection.view;
  const Tensor source = indexing::without_leading_ones(value, view.sizes().size());
  indexing::check_broadcasts(source, view.sizes());
  accumulate ? view.add_(source.to(scalar_type())) : view.copy_(source);
  return const_cast<Tensor&>(*this);
}

Tensor& Tensor::index_put_(ArrayRef<TensorIndex> indices, const Scalar& value) const {
  const Selection selection = Selector(*this).select(indices);
  if (selection.rest.empty()) {
    selection.view.fill_(value);
  } else if (selection.is_one_mask()) {
    const auto& [dim, mask] = selection.rest[0];
    Dims shape(mask.sizes());  // with the view's dimensions after it, along which it broadcasts
    shape.resize(static_cast<std::size_t>(selection.view.dim() - dim));
    std::fill(shape.begin() + mask.dim(), shape.end(), 1);
    selection.view.masked_fill_(mask.to(kBool).reshape(shape), value);
  } else {
    indexing::write(indexing::places_of(selection), empty({}, scalar_type()).fill_(value),
                    /*accumulate=*/false);
  }
  return const_cast<Tensor&>(*this);
}

Tensor& Tensor::index_put_(std::initializer_list<TensorIndex> indices, const Tensor& value,
                           bool accumulate) const {
  return index_put_(ArrayRef<TensorIndex>(indices), value, accumulate);
}

Tensor Tensor::index_put(ArrayRef<TensorIndex> indices, const Tensor& value,
                         bool accumulate) const {
  return clone().index_put_(indices, value, accumulate);
}

Tensor Tensor::index_put(std::initializer_list<TensorIndex> indices, const Tensor& value,
                         bool accumulate) const {
  return index_put(ArrayRef<TensorIndex>(indices), value, accumulate);
}

Tensor& Tensor::index_put_(std::initializer_list<TensorIndex> indices, const Scalar& value) const {
  return index_put_(ArrayRef<TensorIndex>(indices), value);
}

}  // namespace adjoint
