#include "adjoint/nn/data/samplers.h"

#include <algorithm>
#include <numeric>

#include "adjoint/core/random.h"

namespace adjoint::data::samplers {

RandomSampler::RandomSampler(int64_t size) {
  check(size >= 0, "RandomSampler: the size cannot be negative: {}", size);
  reset(static_cast<size_t>(size));
}

void RandomSampler::reset(optional<size_t> new_size) {
  order_.resize(new_size.value_or(order_.size()));
  random::fill_randperm(order_.data(), static_cast<int64_t>(order_.size()));
  index_ = 0;
}

optional<std::vector<size_t>> RandomSampler::next(size_t batch_size) {
  if (index_ == order_.size()) return nullopt;
  const auto begin = order_.begin() + static_cast<std::ptrdiff_t>(index_);
  const size_t count = std::min(batch_size, order_.size() - index_);
  index_ += count;
  return std::vector<size_t>(begin, begin + static_cast<std::ptrdiff_t>(count));
}

void SequentialSampler::reset(optional<size_t> new_size) {
  size_ = new_size.value_or(size_);
  index_ = 0;
}

optional<std::vector<size_t>> SequentialSampler::next(size_t batch_size) {
  if (index_ == size_) return nullopt;
  std::vector<size_t> batch(std::min(batch_size, size_ - index_));
  std::iota(batch.begin(), batch.end(), index_);
  index_ += batch.size();
  return batch;
}

}  // namespace adjoint::data::samplers
