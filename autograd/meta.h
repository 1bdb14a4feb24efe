#pragma once

// Internal: used by the files of autograd alone.

#include <atomic>
#include <memory>

#include "adjoint/autograd/node.h"

namespace adjoint::autograd {

/// The parts of a tensor's autograd state that most tensors never need.
struct AutogradMeta {
  Tensor grad;
  /// The leaf's sink in all graphs that it is part of, made for the first of them; it has the
  /// leaf's hooks. The flag is set while a thread takes it.
  std::shared_ptr<Node> accumulate_grad;
  std::atomic_flag accumulate_grad_busy;
  bool retains_grad = false;
  unsigned retain_hook = 0;  ///< the number of the hook that does it

  /// For a view: the tensor whose memory it shows (itself no view), and the version at which the
  /// view's grad_fn was right. After an in-place change of either, it is made anew from the base.
  Tensor base;
  uint32_t view_version = 0;
  bool view_made_without_grad = false;
};

/// The tensor's meta, made now if it has none.
AutogradMeta& meta_of(TensorImpl* impl);

/// The sink that adds what it receives to the leaf's grad(). Its number is lower than that of every
/// node that leads to it.
std::shared_ptr<Node> accumulate_grad_node(const Tensor& leaf);
/// Adds `gradient` to tensor.grad(), or makes it that.
void accumulate_into_grad(const Tensor& tensor, Tensor gradient);

}  // namespace adjoint::autograd
