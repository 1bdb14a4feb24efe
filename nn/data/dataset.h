#pragma once

#include <concepts>
#include <type_traits>
#include <utility>
#include <vector>

#include "adjoint/nn/data/example.h"
#include "adjoint/nn/data/transforms.h"

/// Data sets: what can be asked for examples by number. Names and meaning are libtorch's.
namespace adjoint::data::datasets {

template <class Source, class AppliedTransform>
class MapDataset;
template <class DatasetType, class TransformType>
MapDataset<DatasetType, TransformType> map(DatasetType dataset, TransformType transform);

/// A data set that yields batches.
template <class Self, class Batch = std::vector<Example<>>, class BatchRequest = ArrayRef<size_t>>
class BatchDataset {
 public:
  using SelfType = Self;
  using BatchType = Batch;
  using BatchRequestType = BatchRequest;

  virtual ~BatchDataset() = default;
  virtual Batch get_batch(BatchRequest request) = 0;
  /// The number of examples, or nothing if it is not known.
  virtual optional<size_t> size() const = 0;

  /// This data set with `transform` applied to every batch.
  template <class TransformType>
  MapDataset<Self, TransformType> map(TransformType transform) & {
    return datasets::map(static_cast<Self&>(*this), std::move(transform));
  }
  template <class TransformType>
  MapDataset<Self, TransformType> map(TransformType transform) && {
    return datasets::map(std::move(static_cast<Self&>(*this)), std::move(transform));
  }
};

/// A data set that yields single examples; a batch is a list of them.
template <class Self, class SingleExample = Example<>>
class Dataset : public BatchDataset<Self, std::vector<SingleExample>> {
 public:
  using ExampleType = SingleExample;

  virtual ExampleType get(size_t index) = 0;
  std::vector<ExampleType> get_batch(ArrayRef<size_t> indices) override {
    std::vector<ExampleType> batch;
    batch.reserve(indices.size());
    for (const size_t i : indices) batch.push_back(get(i));
    return batch;
  }
};

/// A tensor whose first dimension counts the examples.
struct TensorDataset : public Dataset<TensorDataset, TensorExample> {
  explicit TensorDataset(Tensor tensor) : tensor(std::move(tensor)) {}
  explicit TensorDataset(const std::vector<Tensor>& tensors)
      : tensor(transforms::detail::stack(tensors)) {}

  TensorExample get(size_t index) override { return tensor[static_cast<int64_t>(index)]; }
  optional<size_t> size() const override { return static_cast<size_t>(tensor.size(0)); }

  Tensor tensor;
};

/// A data set that can do what Stack does faster by itself: without a tensor for each example.
template <class D>
concept Stackable = requires(D& dataset, ArrayRef<size_t> indices) {
  { dataset.get_stacked(indices) } -> std::same_as<Example<>>;
};

/// A data set with a transform applied to its batches.
template <class Source, class AppliedTransform>
class MapDataset : public BatchDataset<MapDataset<Source, AppliedTransform>,
                                       typename AppliedTransform::OutputBatchType,
                                       typename Source::BatchRequestType> {
 public:
  using DatasetType = Source;
  using TransformType = AppliedTransform;
  using BatchRequestType = typename Source::BatchRequestType;
  using OutputBatchType = typename AppliedTransform::OutputBatchType;

  MapDataset(Source dataset, AppliedTransform transform)
      : dataset_(std::move(dataset)), transform_(std::move(transform)) {}

  OutputBatchType get_batch(BatchRequestType indices) override {
    if constexpr (Stackable<Source> && std::same_as<AppliedTransform, transforms::Stack<>>) {
      return dataset_.get_stacked(indices);
    } else {
      return transform_.apply_batch(dataset_.get_batch(std::move(indices)));
    }
  }
  optional<size_t> size() const override { return dataset_.size(); }

  const Source& dataset() const noexcept { return dataset_; }
  const AppliedTransform& transform() const noexcept { return transform_; }

 private:
  Source dataset_;
  AppliedTransform transform_;
};

template <class DatasetType, class TransformType>
MapDataset<DatasetType, TransformType> map(DatasetType dataset, TransformType transform) {
  static_assert(
      std::same_as<typename DatasetType::BatchType, typename TransformType::InputBatchType>,
      "the transform does not take what the data set yields");
  return {std::move(dataset), std::move(transform)};
}

}  // namespace adjoint::data::datasets
