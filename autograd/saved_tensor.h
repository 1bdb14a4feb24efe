#pragma once

#include "adjoint/autograd/node.h"

namespace adjoint::autograd {

/// A tensor kept for the backward pass, with the version that it had: get() throws Error if the
/// values were changed in place since, and names the operation.
class SavedTensor {
 public:
  SavedTensor() = default;
  SavedTensor(const Tensor& tensor, bool is_output);
  SavedTensor(const SavedTensor& other);
  SavedTensor(SavedTensor&&) = default;
  SavedTensor& operator=(const SavedTensor&) = default;
  SavedTensor& operator=(SavedTensor&&) = default;

  /// The tensor as it was saved, in its place in the graph (so that rules are differentiable).
  Tensor get() const;
  operator Tensor() const { return get(); }

 private:
  Tensor tensor_;
  uint32_t version_ = 0;
  uint32_t output_nr_ = 0;
  bool is_output_ = false;
};

/// Keeps an input of the operation that is being recorded.
inline SavedTensor save(const Tensor& input) { return SavedTensor(input, false); }
/// Keeps an output of it. The node does not own its own output then (a cycle that would never be
/// freed): it keeps the memory, and get() puts the node back as its grad_fn.
inline SavedTensor save_output(const Tensor& output) { return SavedTensor(output, true); }

/// The node whose rule runs now on this thread, as the engine sets it: what SavedTensor::get names
/// in its errors and gives to saved outputs.
class CurrentNode {
 public:
  explicit CurrentNode(std::shared_ptr<Node> node);
  ~CurrentNode();
  CurrentNode(const CurrentNode&) = delete;
  CurrentNode& operator=(const CurrentNode&) = delete;

 private:
  std::shared_ptr<Node> before_;
};

/// While one exists, every SavedTensor that is copied on this thread notes itself in the list: a
/// node lists what its rule has saved by copying the rule.
class SavedTensorCollector {
 public:
  SavedTensorCollector();
  ~SavedTensorCollector();
  SavedTensorCollector(const SavedTensorCollector&) = delete;
  SavedTensorCollector& operator=(const SavedTensorCollector&) = delete;

  std::vector<SavedInfo> found;

 private:
  SavedTensorCollector* before_;
};

}  // namespace adjoint::autograd
