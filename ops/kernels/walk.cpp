#include "adjoint/ops/kernels/walk.h"

#include "adjoint/core/parallel.h"
#include "adjoint/ops/kernels/ceil_div.h"

namespace adjoint::kernels {
namespace {

// Elements that one thread takes at a time; below it a loop runs on the calling thread.
constexpr int64_t kGrain = 32768;

// Where one operand runs along the rows of another's columns (a transposed copy), whole rows would
// fetch a cache line for every element. Square tiles use each line up while it is in the
// first-level cache.
constexpr int64_t kTile = 32;

/// The shape that all operands are walked in, with as few dimensions as describe it.
///
/// Dimensions are in the order of the output's strides, so that the innermost is the one that lies
/// closest together in memory, and neighbours that every operand steps through as if they were one
/// are merged: operands of equal layout are a single row, however many dimensions they have.
class Walk {
 public:
  Walk(IntArrayRef shape, const Dims* strides, std::size_t count) : count_(count) {
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

  void run(RowLoop row) const {
    PerOperand steps{};
    for (std::size_t k = 0; k < count_; ++k) steps[k] = strides_[k].back();
    if (tiled_) {
      parallel_for(0, tiles_, kGrain / (kTile * kTile), [&](int64_t from, int64_t to) {
        for (int64_t i = from; i < to; ++i) tile(i, steps, row);
      });
    } else {
      parallel_for(0, numel_, kGrain,
                   [&](int64_t from, int64_t to) { rows(from, to, steps, row); });
    }
  }

 private:
  void merge_dimensions();
  void choose_tiles();
  void swap_dimensions(std::size_t i, std::size_t j);
  void rows(int64_t from, int64_t to, const PerOperand& steps, RowLoop row) const;
  void tile(int64_t number, const PerOperand& steps, RowLoop row) const;

  std::size_t count_;
  Dims sizes_;  // never empty
  std::array<Dims, kMaxOperands> strides_;
  int64_t numel_ = 0;
  bool tiled_ = false;
  int64_t tiles_ = 0;
};

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
        tiles_ *= j + 1 >= last ? ceil_div(sizes_[j], kTile) : sizes_[j];
      }
      return;
    }
  }
}

/// The elements [from, to) in the order of the walk.
void Walk::rows(int64_t from, int64_t to, const PerOperand& steps, RowLoop row) const {
  const std::size_t last = sizes_.size() - 1;
  Dims index(sizes_.size(), 0);
  PerOperand offsets{};
  int64_t rest = from;
  for (std::size_t d = sizes_.size(); d-- > 0;) {
    index[d] = rest % sizes_[d];
    rest /= sizes_[d];
    for (std::size_t k = 0; k < count_; ++k) offsets[k] += index[d] * strides_[k][d];
  }
  for (;;) {
    const int64_t length = std::min(sizes_[last] - index[last], to - from);
    row(offsets, steps, length);
    from += length;
    if (from == to) return;
    // The row is at its end: back to its beginning, and one on in the dimensions outside.
    for (std::size_t k = 0; k < count_; ++k) offsets[k] -= index[last] * steps[k];
    index[last] = 0;
    for (std::size_t d = last; d-- > 0;) {
      for (std::size_t k = 0; k < count_; ++k) offsets[k] += strides_[k][d];
      if (++index[d] < sizes_[d]) break;
      index[d] = 0;
      for (std::size_t k = 0; k < count_; ++k) offsets[k] -= sizes_[d] * strides_[k][d];
    }
  }
}

/// One tile of the last two dimensions.
void Walk::tile(int64_t number, const PerOperand& steps, RowLoop row) const {
  const std::size_t last = sizes_.size() - 1;
  PerOperand offsets{};
  int64_t height = 0, width = 0;
  for (std::size_t d = sizes_.size(); d-- > 0;) {
    const int64_t side = d + 1 >= last ? kTile : 1;
    const int64_t sides = (sizes_[d] + side - 1) / side;
    const int64_t begin = number % sides * side;
    number /= sides;
    if (d == last) width = std::min(side, sizes_[d] - begin);
    if (d + 1 == last) height = std::min(side, sizes_[d] - begin);
    for (std::size_t k = 0; k < count_; ++k) offsets[k] += begin * strides_[k][d];
  }
  for (int64_t i = 0; i < height; ++i) {
    row(offsets, steps, width);
    for (std::size_t k = 0; k < count_; ++k) offsets[k] += strides_[k][last - 1];
  }
}

}  // namespace

void for_each_row(IntArrayRef shape, const Dims* strides, std::size_t count, RowLoop row) {
  Walk(shape, strides, count).run(row);
}

void for_each_row(const Tensor* const* operands, std::size_t count, RowLoop row) {
  const Tensor& out = *operands[0];
  const IntArrayRef shape = out.sizes();
  bool plain = out.is_contiguous();
  for (std::size_t k = 1; k < count; ++k) {
    plain = plain && operands[k]->is_contiguous() && operands[k]->sizes() == shape;
  }
  if (plain) {  // the usual case, and for small tensors the walk would cost more than the work
    parallel_for(0, out.numel(), kGrain, [row](int64_t from, int64_t to) {
      row({from, from, from, from}, {1, 1, 1, 1}, to - from);
    });
    return;
  }
  std::array<Dims, kMaxOperands> strides;
  for (std::size_t k = 0; k < count; ++k) {
    strides[k] = expanded_strides(operands[k]->sizes(), operands[k]->strides(), shape);
  }
  Walk(shape, strides.data(), count).run(row);
}

}  // namespace adjoint::kernels
