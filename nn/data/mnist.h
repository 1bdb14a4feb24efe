#pragma once

#include <string>
#include <vector>

#include "adjoint/nn/data/images.h"

namespace adjoint::data::datasets {

/// MNIST, or a data set with files of the same names and format, such as Fashion-MNIST (Debian has
/// it in the package dataset-fashion-mnist, in /usr/share/datasets/fashion-mnist).
class MNIST : public Dataset<MNIST> {
 public:
  enum class Mode { kTrain, kTest };

  /// Reads {train,t10k}-images-idx3-ubyte and -labels-idx1-ubyte from the folder `root`, each with
  /// or without ".gz". Throws Error if one is missing or is not what it should be.
  explicit MNIST(const std::string& root, Mode mode = Mode::kTrain);

  /// data: float32 [1, rows, columns] in [0, 1]; target: int64 [].
  Example<> get(size_t index) override { return images_.get(index); }
  std::vector<Example<>> get_batch(ArrayRef<size_t> indices) override {
    return images_.get_batch(indices);
  }
  Example<> get_stacked(ArrayRef<size_t> indices) const { return images_.get_stacked(indices); }
  optional<size_t> size() const override { return images_.size(); }
  bool is_train() const noexcept { return mode_ == Mode::kTrain; }

  /// All pictures as float32 [count, 1, rows, columns] in [0, 1]: converted now, at four times the
  /// memory that in_memory() takes.
  Tensor images() const;
  /// int64 [count].
  const Tensor& targets() const { return images_.targets(); }
  /// The pictures as they are held.
  const Images& in_memory() const { return images_; }

 private:
  Mode mode_;
  Images images_;
};

}  // namespace adjoint::data::datasets
