#pragma once

#include "adjoint/autograd/node.h"

namespace adjoint::autograd {

namespace detail {

/// Computes anew what saved tensors did not keep: see autograd/checkpoint.cpp.
class Recomputation {
 public:
  virtual ~Recomputation() = default;
  /// The index-th of the tensors that were saved.
  virtual Tensor value(uint32_t index) = 0;
};

/// Sees all tensors that are saved on this thread while it is the current one.
class SaveObserver {
 public:
  virtual ~SaveObserver() = default;
  /// Whoever will compute `tensor` again, as number `index` (set here), if it shall not be kept;
  /// otherwise null. `keeps` says that it will be kept anyhow.
  virtual std::shared_ptr<Recomputation> on_save(const Tensor& tensor, bool keeps,
                                                 uint32_t& index) = 0;
  static SaveObserver*& current();
};

}  // namespace detail

/// A tensor kept for the backward pass, with the version that it had: get() throws Error if the
/// values were changed in place since, and names the operation.
///
/// It is sealed when the operation is recorded (see RuleNode): from then on it holds the tensor's
/// memory and its place in the graph at that time, not the tensor itself, which may get another
/// place by an in-place operation, even one that makes this very node its origin.
class SavedTensor {
 public:
  SavedTensor() = default;
  SavedTensor(const Tensor& tensor, bool is_output) : tensor_(tensor), is_output_(is_output) {}
  SavedTensor(const SavedTensor& other);
  SavedTensor(SavedTensor&&) = default;
  SavedTensor& operator=(const SavedTensor&) = delete;
  SavedTensor& operator=(SavedTensor&&) = default;

  /// The tensor as it was saved, in its place in the graph (so that rules are differentiable).
  Tensor get() const;
  operator Tensor() const { return get(); }

 private:
  void seal();
  /// The tensor with its place in the graph, if that matters now.
  Tensor placed(const Tensor& tensor) const;

  Tensor tensor_;
  std::shared_ptr<detail::Recomputation> recomputation_;  // in place of tensor_, which is undefined
  std::shared_ptr<Node> grad_fn_;
  uint32_t output_nr_ = 0;
  uint32_t version_ = 0;  // or the number within recomputation_
  bool is_output_ = false;
  bool sealed_ = false;
};

/// Keeps an input of the operation that is being recorded; with `needed` false it keeps nothing
/// (get() gives an undefined tensor), so that memory is not held for a gradient nobody will ask
/// for.
inline SavedTensor save(const Tensor& input, bool needed = true) {
  return needed ? SavedTensor(input, false) : SavedTensor();
}
/// Keeps an output of it. The node does not own its own output then (a cycle that would never be
/// freed): it keeps the memory, and get() puts the node back as its grad_fn.
inline SavedTensor save_output(const Tensor& output) { return SavedTensor(output, true); }

/// The node whose rule runs now on this thread, as the engine sets it: what SavedTensor::get names
/// in its errors and gives to saved outputs.
class CurrentNode {
 public:
  explicit CurrentNode(const std::shared_ptr<Node>& node);
  ~CurrentNode();
  CurrentNode(const CurrentNode&) = delete;
  CurrentNode& operator=(const CurrentNode&) = delete;

  /// Null outside of backward.
  static const std::shared_ptr<Node>& get();

 private:
  const std::shared_ptr<Node>* before_;
};

namespace detail {

/// What copying a SavedTensor does on this thread while a CopyMode exists. A closure cannot be
/// asked for its captures, but copying it copies each of them: that is how a node seals, and
/// lists, what its rule has saved.
class CopyMode {
 public:
  /// Copies are sealed.
  CopyMode() : CopyMode(nullptr) {}
  /// Copies note themselves in the list.
  explicit CopyMode(std::vector<SavedInfo>* found);
  ~CopyMode();
  CopyMode(const CopyMode&) = delete;
  CopyMode& operator=(const CopyMode&) = delete;

  static CopyMode* current();
  std::vector<SavedInfo>* found() const { return found_; }
  /// How many tensors were sealed so far.
  int sealed = 0;

 private:
  std::vector<SavedInfo>* found_;
  CopyMode* before_;
};

}  // namespace detail

}  // namespace adjoint::autograd
