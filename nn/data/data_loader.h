#pragma once

#include <chrono>
#include <functional>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>

#include "adjoint/nn/arg.h"
#include "adjoint/nn/data/dataset.h"
#include "adjoint/nn/data/samplers.h"

namespace adjoint::data {

/// libtorch's options. Batches are fetched by the thread that asks for them, which is where all the
/// program's threads are idle and share the work: `workers`, `max_jobs`, `timeout` and
/// `enforce_ordering` are accepted and change nothing.
struct DataLoaderOptions {
  DataLoaderOptions() = default;
  DataLoaderOptions(size_t batch_size) : batch_size_(batch_size) {}

  ADJOINT_ARG(size_t, batch_size) = 1;
  ADJOINT_ARG(size_t, workers) = 0;
  ADJOINT_ARG(optional<size_t>, max_jobs);
  ADJOINT_ARG(optional<std::chrono::milliseconds>, timeout);
  ADJOINT_ARG(bool, enforce_ordering) = true;
  /// Leave out the last batch of an epoch if it is smaller than the others.
  ADJOINT_ARG(bool, drop_last) = false;
};

/// Walks over the batches of an epoch. Copies walk together.
template <class Batch>
class Iterator {
 public:
  using difference_type = std::ptrdiff_t;
  using value_type = Batch;
  using pointer = Batch*;
  using reference = Batch&;
  using iterator_category = std::input_iterator_tag;

  /// The end of every epoch.
  Iterator() = default;
  explicit Iterator(std::function<optional<Batch>()> next)
      : walk_(std::make_shared<Walk>(Walk{std::move(next), nullopt})) {
    walk_->batch = walk_->next();
  }

  Iterator& operator++() {
    (void)**this;
    walk_->batch = walk_->next();
    return *this;
  }
  Batch& operator*() const {
    check(!at_end(), "DataLoader: the iterator is past the end of the epoch");
    return *walk_->batch;
  }
  Batch* operator->() const { return &**this; }

  friend bool operator==(const Iterator& a, const Iterator& b) {
    return a.walk_ == b.walk_ || (a.at_end() && b.at_end());
  }

 private:
  struct Walk {
    std::function<optional<Batch>()> next;
    optional<Batch> batch;
  };

  bool at_end() const { return walk_ == nullptr || !walk_->batch; }

  std::shared_ptr<Walk> walk_;
};

/// Yields the batches of a data set in the order of a sampler: `for (auto& batch : *loader)` is an
/// epoch. What libtorch calls a stateless data loader.
template <class Dataset, class Sampler>
class StatelessDataLoader {
 public:
  using BatchType = typename Dataset::BatchType;

  StatelessDataLoader(Dataset dataset, Sampler sampler, DataLoaderOptions options)
      : dataset_(std::move(dataset)), sampler_(std::move(sampler)), options_(std::move(options)) {
    check(options_.batch_size() > 0, "make_data_loader: the batch size must be at least 1");
  }

  /// Begins an epoch: a RandomSampler draws its order now.
  Iterator<BatchType> begin() {
    sampler_.reset();
    return Iterator<BatchType>([this] { return next(); });
  }
  Iterator<BatchType> end() { return {}; }
  const DataLoaderOptions& options() const noexcept { return options_; }

 private:
  optional<BatchType> next() {
    auto indices = sampler_.next(options_.batch_size());
    if (!indices || (options_.drop_last() && indices->size() < options_.batch_size())) {
      return nullopt;
    }
    return dataset_.get_batch(*indices);
  }

  Dataset dataset_;
  Sampler sampler_;
  DataLoaderOptions options_;
};

template <class Dataset, class Sampler>
std::unique_ptr<StatelessDataLoader<Dataset, Sampler>> make_data_loader(Dataset dataset,
                                                                        Sampler sampler,
                                                                        DataLoaderOptions options) {
  return std::make_unique<StatelessDataLoader<Dataset, Sampler>>(
      std::move(dataset), std::move(sampler), std::move(options));
}

/// With a sampler made for the data set's size, which must be known: by default a random one.
template <class Sampler = samplers::RandomSampler, class Dataset>
requires std::is_constructible_v<Sampler, size_t>
    std::unique_ptr<StatelessDataLoader<Dataset, Sampler>> make_data_loader(
        Dataset dataset, DataLoaderOptions options = {}) {
  const optional<size_t> size = dataset.size();
  check(size.has_value(),
        "make_data_loader: the data set does not know its size; make a sampler and pass it");
  return make_data_loader(std::move(dataset), Sampler(*size), std::move(options));
}

}  // namespace adjoint::data
