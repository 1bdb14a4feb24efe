#pragma once

#include <vector>

#include "adjoint/nn/data/dataset.h"

namespace adjoint::data::datasets {

/// Pictures held in memory as bytes, a quarter of what floats take; a batch becomes float32 in
/// [0, 1] when it is fetched. Copies share the memory.
class Images : public Dataset<Images> {
 public:
  /// pixels: uint8 [count, channels, height, width]; targets: [count], any integer dtype. Throws
  /// Error if they are not.
  Images(Tensor pixels, const Tensor& targets);

  /// data: float32 [channels, height, width]; target: int64 [].
  Example<> get(size_t index) override;
  std::vector<Example<>> get_batch(ArrayRef<size_t> indices) override;
  /// data: float32 [batch, channels, height, width]; target: int64 [batch]. What `map(Stack<>())`
  /// uses. Throws IndexError for an index out of range.
  Example<> get_stacked(ArrayRef<size_t> indices) const;
  optional<size_t> size() const override { return static_cast<size_t>(pixels_.size(0)); }

  /// The bytes as they are held: uint8 [count, channels, height, width].
  const Tensor& pixels() const { return pixels_; }
  /// int64 [count].
  const Tensor& targets() const { return targets_; }

 private:
  Tensor pixels_, targets_;
};

}  // namespace adjoint::data::datasets
