#include "adjoint/autograd/saved_tensor.h"

#include "adjoint/autograd/grad_mode.h"

namespace adjoint::autograd {
namespace {

const std::shared_ptr<Node> no_node;
thread_local const std::shared_ptr<Node>* current_node = &no_node;
thread_local detail::CopyMode* copy_mode = nullptr;
thread_local detail::SaveObserver* save_observer = nullptr;

}  // namespace

CurrentNode::CurrentNode(const std::shared_ptr<Node>& node) : before_(current_node) {
  current_node = &node;
}

CurrentNode::~CurrentNode() { current_node = before_; }

const std::shared_ptr<Node>& CurrentNode::get() { return *current_node; }

detail::SaveObserver*& detail::SaveObserver::current() { return save_observer; }

detail::CopyMode::CopyMode(std::vector<SavedInfo>* found) : found_(found), before_(copy_mode) {
  copy_mode = this;
}

detail::CopyMode::~CopyMode() { copy_mode = before_; }

detail::CopyMode* detail::CopyMode::current() { return copy_mode; }

SavedTensor::SavedTensor(const SavedTensor& other)
    : tensor_(other.tensor_),
      recomputation_(other.recomputation_),
      grad_fn_(other.grad_fn_),
      output_nr_(other.output_nr_),
      version_(other.version_),
      is_output_(other.is_output_),
      sealed_(other.sealed_) {
  detail::CopyMode* mode = detail::CopyMode::current();
  if (mode == nullptr || !tensor_.defined()) return;
  if (mode->found() != nullptr) {
    mode->found()->push_back({tensor_.sizes(), tensor_.scalar_type(), tensor_.nbytes(), is_output_,
                              tensor_.impl()->storage.get()});
  } else if (!sealed_) {
    seal();
    ++mode->sealed;
  }
}

void SavedTensor::seal() {
  if (tensor_.is_inference()) {
    fail(
        "an inference tensor ({}) cannot be saved for backward: it was made in InferenceMode, "
        "where "
        "in-place changes are not counted; use its clone()",
        tensor_.describe());
  }
  sealed_ = true;
  version_ = tensor_.impl()->storage->version();
  // A leaf that requires grad stays itself: it cannot change its place, and gradients of gradients
  // have to find their way to it.
  const bool keeps = !is_output_ && tensor_.impl()->requires_grad && tensor_.is_leaf();
  if (is_output_) {
    output_nr_ = tensor_.output_nr();
  } else if (!keeps) {
    Edge edge = gradient_edge(tensor_);
    grad_fn_ = std::move(edge.function);
    output_nr_ = edge.input_nr;
  }
  if (save_observer != nullptr) [[unlikely]] {
    uint32_t index = 0;
    recomputation_ = save_observer->on_save(tensor_, keeps, index);
    if (recomputation_ != nullptr) {
      version_ = index;
      tensor_.reset();
      return;
    }
  }
  if (!keeps) tensor_ = tensor_.detach();
}

Tensor SavedTensor::get() const {
  if (recomputation_ != nullptr) return placed(recomputation_->value(version_));
  if (!sealed_ || !tensor_.defined()) return tensor_;
  const uint32_t now = tensor_.impl()->storage->version();
  if (now != version_) {
    const std::shared_ptr<Node>& node = CurrentNode::get();
    fail(
        "{}: a tensor that backward needs ({}{}) was changed in place since: it was saved at "
        "version {} and is at version {} now; use the out-of-place operation, or change a clone()",
        node ? node->name() : "backward", is_output_ ? "its own output, " : "", tensor_.describe(),
        version_, now);
  }
  return placed(tensor_);
}

Tensor SavedTensor::placed(const Tensor& tensor) const {
  if (!GradMode::is_enabled() || tensor.requires_grad()) return tensor;
  const std::shared_ptr<Node>& origin = is_output_ ? CurrentNode::get() : grad_fn_;
  if (origin == nullptr) return tensor;
  Tensor result = tensor.detach();
  result.impl()->grad_fn = origin;
  result.impl()->output_nr = output_nr_;
  return result;
}

}  // namespace adjoint::autograd
