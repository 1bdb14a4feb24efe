// Tensor's autograd methods: a tensor's own place in the graph.

#include <mutex>
#include <thread>

#include <spdlog/logger.h>

#include "adjoint/autograd/engine.h"
#include "adjoint/autograd/meta.h"
#include "adjoint/autograd/record.h"
#include "adjoint/core/inference.h"
#include "adjoint/core/logging.h"

namespace adjoint {
namespace autograd {
namespace {

/// The end of the graph at a leaf. The leaf owns it, so it does not own the leaf.
class AccumulateGrad final : public Node {
 public:
  explicit AccumulateGrad(const Tensor& leaf) : Node("AccumulateGrad"), leaf_(leaf.impl_ptr()) {
    add_output(leaf);
  }
  Grads apply(Grads&& upstream, Needs) override {
    if (auto leaf = leaf_.lock()) {
      accumulate_into_grad(Tensor(std::move(leaf)), std::move(upstream[0]));
    }
    return {};
  }

 private:
  std::weak_ptr<TensorImpl> leaf_;
};

/// Holds a flag, for so short a time that waiting in the system would cost more.
class Busy {
 public:
  explicit Busy(std::atomic_flag& flag) : flag_(flag) {
    while (flag_.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
  }
  ~Busy() { flag_.clear(std::memory_order_release); }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  std::atomic_flag& flag_;
};

}  // namespace

AutogradMeta& meta_of(TensorImpl* impl) {
  if (impl->meta == nullptr) impl->meta = std::make_shared<AutogradMeta>();
  return *impl->meta;
}

std::shared_ptr<Node> accumulate_grad_node(const Tensor& leaf) {
  AutogradMeta& meta = meta_of(leaf.impl());
  const Busy busy(meta.accumulate_grad_busy);  // threads that build their own graphs share leaves
  if (meta.accumulate_grad == nullptr) meta.accumulate_grad = make_node<AccumulateGrad>(leaf);
  std::shared_ptr<Node> sink = meta.accumulate_grad;
  if (sink.use_count() == 2) sink->record_again();  // it is in no other graph now
  return sink;
}

}  // namespace autograd

using autograd::gradient_edge;
using autograd::meta_of;

bool Tensor::requires_grad() const {
  TensorImpl* self = impl();
  if (self->meta != nullptr && self->meta->base.defined()) return gradient_edge(*this).is_valid();
  return self->requires_grad || self->grad_fn != nullptr;
}

const Tensor& Tensor::requires_grad_(bool requires_grad) const {
  check(!requires_grad || is_floating_point(),
        "requires_grad_: only floating-point tensors have gradients, this one is {}; convert it "
        "first, "
        "as in x.to(torch::kFloat32)",
        describe());
  check(requires_grad || is_leaf(),
        "requires_grad_(false): the tensor is the result of {}, not a leaf; use detach() for a "
        "tensor "
        "without its history",
        is_leaf() ? "" : grad_fn()->name());
  check(!requires_grad || !is_inference() || detail::inference_mode,
        "requires_grad_: an inference tensor ({}), one made in InferenceMode, cannot require grad "
        "outside of it; use its clone()",
        describe());
  if (is_leaf()) {
    impl()->requires_grad = requires_grad;
    meta_of(impl());  // made here, where no other thread uses the tensor yet
  }
  return *this;
}

bool Tensor::is_leaf() const { return grad_fn() == nullptr; }

std::shared_ptr<autograd::Node> Tensor::grad_fn() const {
  TensorImpl* self = impl();
  if (self->meta != nullptr && self->meta->base.defined())
    gradient_edge(*this);  // refreshes a view
  return self->grad_fn;
}

const Tensor& Tensor::grad() const {
  static const Tensor none;
  const auto& meta = impl()->meta;
  if (meta != nullptr && meta->grad.defined()) return meta->grad;
  if (impl()->grad_fn != nullptr && !retains_grad()) {
    static std::once_flag warned;
    std::call_once(warned, [&] {
      logger().warn(
          "grad: the tensor ({}) is the result of {}, not a leaf, and keeps no gradient; call "
          "retain_grad() on it before backward if it is to",
          std::string(describe()), grad_fn()->name());
    });
  }
  return meta == nullptr ? none : meta->grad;
}

Tensor& Tensor::mutable_grad() const { return meta_of(impl()).grad; }

bool Tensor::retains_grad() const { return impl()->meta != nullptr && impl()->meta->retains_grad; }

void Tensor::retain_grad() const {
  check(requires_grad(), "retain_grad: the tensor ({}) does not require grad", describe());
  if (is_leaf() || retains_grad()) return;
  meta_of(impl()).retains_grad = true;
  meta_of(impl()).retain_hook =
      register_hook([self = std::weak_ptr(impl_)](const Tensor& gradient) {
        if (auto alive = self.lock()) autograd::accumulate_into_grad(Tensor(alive), gradient);
        return Tensor();
      });
}

unsigned Tensor::add_hook(std::function<Tensor(const Tensor&)> hook) const {
  check(requires_grad(),
        "register_hook: the tensor ({}) does not require grad, so it never gets a gradient; call "
        "requires_grad_() first",
        describe());
  const autograd::Edge origin = gradient_edge(*this);
  auto& hooks = origin.function->mutable_hooks().of_outputs;
  const unsigned id = hooks.empty() ? 0 : hooks.back().id + 1;
  hooks.push_back({origin.input_nr, id, std::move(hook)});
  return id;
}

void Tensor::remove_hook(unsigned pos) const {
  const std::shared_ptr<autograd::Node> origin = grad_fn();
  auto& hooks = (origin ? origin : autograd::accumulate_grad_node(*this))->mutable_hooks();
  const auto removed = std::erase_if(hooks.of_outputs, [&](const auto& h) { return h.id == pos; });
  check(removed != 0, "remove_hook: the tensor has no hook number {}", pos);
}

void Tensor::backward(const Tensor& gradient, std::optional<bool> retain_graph, bool create_graph,
                      std::optional<TensorList> inputs) const {
  check(!inputs.has_value() || !inputs->empty(), "backward: the list of inputs is empty");
  autograd::backward({*this}, {gradient}, retain_graph, create_graph,
                     inputs ? inputs->vec() : autograd::variable_list());
}

Tensor Tensor::detach() const { return Tensor(TensorImpl::make(*impl())); }

Tensor& Tensor::detach_() const {
  check(!is_view(), "detach_: the tensor is a view; use detach()");
  impl()->grad_fn.reset();
  impl()->output_nr = 0;
  impl()->requires_grad = false;
  return const_cast<Tensor&>(*this);
}

Tensor Tensor::_base() const {
  check(is_view(), "_base: the tensor ({}) is no view", describe());
  return impl()->meta->base;
}

Tensor Tensor::data() const {
  Tensor plain = detach();
  plain.impl()->unversioned = true;
  return plain;
}

void Tensor::set_data(const Tensor& new_data) const {
  TensorImpl* self = impl();
  check(is_leaf(), "set_data: the tensor is the result of {}, not a leaf",
        is_leaf() ? "" : grad_fn()->name());
  check(!requires_grad() || new_data.is_floating_point(),
        "set_data: the tensor requires grad, the new data is {}", new_data.scalar_type());
  const TensorImpl* other = new_data.impl();
  const bool of_other_kind =
      self->dtype != other->dtype || !(self->geometry.sizes == other->geometry.sizes);
  self->storage = other->storage;
  self->geometry = other->geometry;
  self->numel = other->numel;
  self->dtype = other->dtype;
  self->contiguous = other->contiguous;
  if (of_other_kind && self->meta != nullptr && self->meta->accumulate_grad != nullptr) {
    // A sink of the old shape must not receive gradients for the new one.
    const auto before = std::exchange(self->meta->accumulate_grad, nullptr);
    autograd::accumulate_grad_node(*this)->take_hooks(*before);
  }
}

bool Tensor::is_view() const { return impl()->meta != nullptr && impl()->meta->base.defined(); }

}  // namespace adjoint
