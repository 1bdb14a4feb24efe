#pragma once

#include <memory>
#include <utility>

#include "adjoint/core/scalar_type.h"
#include "adjoint/core/shape.h"
#include "adjoint/core/small_blocks.h"
#include "adjoint/core/storage.h"

namespace adjoint {

namespace autograd {
class Node;           // autograd/node.h: a recorded operation
struct AutogradMeta;  // autograd/meta.h: gradient, hooks, what it is a view of
}  // namespace autograd

/// What a Tensor handle points to: a strided view of a storage, and the tensor's place in the
/// recorded graph. Core never looks into the autograd fields; it only keeps them.
struct TensorImpl {
  TensorImpl(std::shared_ptr<Storage> storage_, ScalarType dtype_, IntArrayRef sizes_,
             IntArrayRef strides_, int64_t offset_)
      : storage(std::move(storage_)),
        geometry{sizes_, strides_, offset_},
        numel(adjoint::numel(sizes_)),
        dtype(dtype_),
        contiguous(adjoint::is_contiguous(sizes_, strides_)) {}
  /// Contiguous, from the storage's beginning; `numel_` is the number of elements of that shape.
  TensorImpl(std::shared_ptr<Storage> storage_, ScalarType dtype_, IntArrayRef sizes_,
             int64_t numel_)
      : storage(std::move(storage_)),
        geometry{sizes_, contiguous_strides(sizes_), 0},
        numel(numel_),
        dtype(dtype_),
        contiguous(true) {}
  /// The same elements, unknown to autograd.
  TensorImpl(const TensorImpl& other)
      : storage(other.storage),
        geometry(other.geometry),
        numel(other.numel),
        dtype(other.dtype),
        contiguous(other.contiguous),
        unversioned(other.unversioned),
        inference(other.inference) {}

  /// A new one, from any constructor's arguments.
  template <class... Args>
  static std::shared_ptr<TensorImpl> make(Args&&... args) {
    return std::allocate_shared<TensorImpl>(SmallBlockAllocator<TensorImpl>(),
                                            std::forward<Args>(args)...);
  }

  std::byte* data() const { return storage->data() + geometry.offset * elementSize(dtype); }

  std::shared_ptr<Storage> storage;
  Geometry geometry;
  int64_t numel;
  ScalarType dtype;
  bool contiguous;
  /// A C++ number that became a tensor: in type promotion it counts less than real tensors.
  bool wrapped_number = false;
  /// In-place changes through this handle do not count as a new version: Tensor::data().
  bool unversioned = false;
  /// Made in InferenceMode: never part of a graph, and in-place changes are not counted.
  bool inference = false;

  /// The leaf's flag; a non-leaf requires grad because it has a grad_fn.
  bool requires_grad = false;
  uint32_t output_nr = 0;                        ///< which output of grad_fn this tensor is
  std::shared_ptr<autograd::Node> grad_fn;       ///< the operation that made it, if it was recorded
  std::shared_ptr<autograd::AutogradMeta> meta;  ///< rarely needed parts; null at first
};

}  // namespace adjoint
