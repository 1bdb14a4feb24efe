#include "adjoint/ops/kernels/elementwise.h"

namespace adjoint::kernels {

Walk::Walk(const Tensor* const* operands, std::size_t count) : count_(count) {
  const IntArrayRef shape = operands[0]->sizes();
  std::array<Dims, kMaxOperands> strides;
  for (std::size_t k = 0; k < count; ++k) {
    strides[k] = expanded_strides(operands[k]->sizes(), operands[k]->strides(), shape);
  }
  plan(shape, strides.data());
}

Walk::Walk(IntArrayRef shape, const Dims* strides, std::size_t count) : count_(count) {
  plan(shape, strides);
}

void Walk::plan(IntArrayRef shape, const Dims* strides) {
  numel_ = numel(shape);
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 1) continue;
    sizes_.push_back(shape[d]);
    for (std::size_t k = 0; k < count_; ++k) strides_[k].push_back(strides[k][d]);
  }
  if (sizes_.empty()) {
    sizes_.push_back(1);
    for (std::size_t k = 0; k < count_; ++k) strides_[k].push_back(1);
  }
  // By the output's strides, largest first; stable, since equal strides keep the reading order.
  for (std::size_t i = 1; i < sizes_.size(); ++i) {
    for (std::size_t j = i; j > 0 && strides_[0][j - 1] < strides_[0][j]; --j) {
      swap_dimensions(j - 1, j);
    }
  }
  merge_dimensions();
  choose_tiles();
}

void Walk::swap_dimensions(std::size_t i, std::size_t j) {
  std::swap(sizes_[i], sizes_[j]);
  for (std::size_t k = 0; k < count_; ++k) std::swap(strides_[k][i], strides_[k][j]);
}

void Walk::merge_dimensions() {
  for (std::size_t d = sizes_.size() - 1; d-- > 0;) {
    bool mergeable = true;
    for (std::size_t k = 0; k < count_; ++k) {
      mergeable &= strides_[k][d] == strides_[k][d + 1] * sizes_[d + 1];
    }
    if (!mergeable) continue;
    sizes_[d] *= sizes_[d + 1];
    sizes_.erase(d + 1);
    for (std::size_t k = 0; k < count_; ++k) strides_[k].erase(d);
  }
}

void Walk::choose_tiles() {
  if (sizes_.size() < 2) return;
  const std::size_t last = sizes_.size() - 1;
  if (sizes_[last] < kTile / 2) return;
  for (std::size_t k = 1; k < count_; ++k) {
    // A line of the cache holds about 16 elements: smaller steps use it up in one row anyhow.
    if (strides_[k][last] < 16) continue;
    for (std::size_t d = 0; d < last; ++d) {
      if (strides_[k][d] == 0 || strides_[k][d] > 2 || sizes_[d] < kTile / 2) continue;
      // To the second innermost place; the order of the others does not matter much.
      for (std::size_t j = d; j + 1 < last; ++j) swap_dimensions(j, j + 1);
      tiled_ = true;
      tiles_ = 1;
      for (std::size_t j = 0; j <= last; ++j) {
        tiles_ *= j + 1 >= last ? (sizes_[j] + kTile - 1) / kTile : sizes_[j];
      }
      return;
    }
  }
}

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
