#include "adjoint/nn/data/images.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "adjoint/core/parallel.h"

namespace adjoint::data::datasets {

Images::Images(Tensor pixels, const Tensor& targets) {
  check(pixels.scalar_type() == kUInt8 && pixels.dim() == 4,
        "Images: expected pixels of uint8 [count, channels, height, width], got {}",
        pixels.describe());
  check(targets.dim() == 1 && targets.size(0) == pixels.size(0) &&
            isIntegralType(targets.scalar_type()),
        "Images: expected integer targets [{}], one a picture, got {}", pixels.size(0),
        targets.describe());
  pixels_ = pixels.contiguous();
  targets_ = targets.to(kInt64).contiguous();
}

Example<> Images::get(size_t index) {
  const Example<> batch = get_stacked(index);
  return {batch.data[0], batch.target[0]};
}

std::vector<Example<>> Images::get_batch(ArrayRef<size_t> indices) {
  const Example<> batch = get_stacked(indices);
  std::vector<Example<>> examples;
  examples.reserve(indices.size());
  for (int64_t i = 0; i < batch.target.size(0); ++i) {
    examples.emplace_back(batch.data[i], batch.target[i]);
  }
  return examples;
}

Example<> Images::get_stacked(ArrayRef<size_t> indices) const {
  const auto count = static_cast<size_t>(pixels_.size(0));
  for (const size_t i : indices) {
    if (i >= count) {
      throw IndexError(fmt::format("the data set has {} examples, no number {}", count, i));
    }
  }
  Dims sizes = pixels_.sizes();
  sizes[0] = static_cast<int64_t>(indices.size());
  Example<> batch{empty(sizes, kFloat32), empty({sizes[0]}, kInt64)};

  const int64_t pixels_each = sizes[1] * sizes[2] * sizes[3];
  const uint8_t* from = pixels_.data_ptr<uint8_t>();
  const int64_t* targets = targets_.data_ptr<int64_t>();
  float* to = batch.data.data_ptr<float>();
  int64_t* to_targets = batch.target.data_ptr<int64_t>();
  constexpr int64_t kPixelsAPiece = 1 << 15;
  const int64_t grain = kPixelsAPiece / std::max<int64_t>(pixels_each, 1);
  parallel_for(0, sizes[0], grain, [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto example = static_cast<int64_t>(indices[static_cast<size_t>(i)]);
      const uint8_t* source = from + example * pixels_each;
      float* target = to + i * pixels_each;
      // Divided, not multiplied with 1/255, which would differ from PyTorch's ToTensor in the last
      // bit.
      for (int64_t p = 0; p < pixels_each; ++p) target[p] = static_cast<float>(source[p]) / 255.0f;
      to_targets[i] = targets[example];
    }
  });
  return batch;
}

}  // namespace adjoint::data::datasets
