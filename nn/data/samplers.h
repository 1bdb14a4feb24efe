#pragma once

#include <cstdint>
#include <vector>

#include "adjoint/core/array_ref.h"

/// The order in which a data loader asks for examples.
namespace adjoint::data::samplers {

/// Yields the numbers of the examples of one batch after the other, until the epoch ends.
template <class BatchRequest = std::vector<size_t>>
class Sampler {
 public:
  using BatchRequestType = BatchRequest;

  virtual ~Sampler() = default;
  /// Begins the next epoch, of another size if one is given.
  virtual void reset(optional<size_t> new_size = nullopt) = 0;
  /// The next batch, which may be smaller at the end; nothing after it.
  virtual optional<BatchRequest> next(size_t batch_size) = 0;
};

/// Every example once an epoch, in an order drawn anew from the default generator by the
/// constructor and by every reset(), as in libtorch: the order follows from the generator's state
/// before.
class RandomSampler : public Sampler<> {
 public:
  explicit RandomSampler(int64_t size);
  void reset(optional<size_t> new_size = nullopt) override;
  optional<std::vector<size_t>> next(size_t batch_size) override;
  /// How many examples of the epoch were yielded.
  size_t index() const noexcept { return index_; }

 private:
  std::vector<int64_t> order_;
  size_t index_ = 0;
};

/// 0, 1, 2, ...
class SequentialSampler : public Sampler<> {
 public:
  explicit SequentialSampler(size_t size) : size_(size) {}
  void reset(optional<size_t> new_size = nullopt) override;
  optional<std::vector<size_t>> next(size_t batch_size) override;
  size_t index() const noexcept { return index_; }

 private:
  size_t size_;
  size_t index_ = 0;
};

}  // namespace adjoint::data::samplers
