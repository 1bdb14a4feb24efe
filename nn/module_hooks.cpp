#include "adjoint/nn/module_hooks.h"

#include "adjoint/autograd/record.h"
#include "adjoint/nn/module.h"

namespace adjoint::nn::detail {
namespace {

void replace(const char* hook, const Module& module, Tensors& tensors, Tensors replacement) {
  if (replacement.empty()) return;
  check(replacement.size() == tensors.size(),
        "{}: a hook of {} returned {} tensors in place of {}; it returns nothing, or one for each",
        hook, module.name(), replacement.size(), tensors.size());
  tensors = std::move(replacement);
}

/// Gives the gradients of all its outputs together to a function.
class PassThrough final : public autograd::Node {
 public:
  using Function = std::function<Tensors(Tensors)>;
  PassThrough(const char* name, Function function) : Node(name), function_(std::move(function)) {}
  Tensors apply(Tensors&& gradients, autograd::Needs) override {
    return function_(std::move(gradients));
  }

 private:
  Function function_;
};

/// Replaces the tensors by views of them, whose gradients pass through the function.
void pass_through(const char* name, Tensors& tensors, PassThrough::Function function) {
  if (!autograd::needs_recording(TensorList(tensors))) return;
  autograd::EdgeList edges = autograd::detail::edges_of(TensorList(tensors));
  const auto node = autograd::make_node<PassThrough>(name, std::move(function));
  node->set_edges(std::move(edges));
  const NoGradGuard no_grad;  // views of this kind cannot be changed in place: see check_inplace
  for (Tensor& tensor : tensors) {
    const Tensor view = tensor.detach();
    autograd::detail::set_view(view, tensor);
    autograd::detail::set_history(view, node);
    tensor = view;
  }
}

}  // namespace

ModuleHooksHolder::ModuleHooksHolder(const ModuleHooksHolder& other)
    : hooks_(other.hooks_ ? std::make_shared<ModuleHooks>(*other.hooks_) : nullptr) {}

void ModuleHooks::before(Module& module, Tensors& inputs) const {
  const auto hooks = forward_pre;  // a hook may remove itself
  for (const auto& [id, hook] : hooks) {
    replace("forward_pre_hook", module, inputs, hook(module, inputs));
  }
}

void ModuleHooks::after(Module& module, const Tensors& inputs, Tensors& outputs) const {
  const auto hooks = forward;
  for (const auto& [id, hook] : hooks) {
    replace("forward_hook", module, outputs, hook(module, inputs, outputs));
  }
}

struct ModuleHooks::BackwardWatch::State {
  std::map<unsigned, Hook<Tensors, Tensors>> hooks;
  Module* module;
  std::shared_ptr<Module> owner;  // keeps it alive, if it is owned by a shared_ptr
  Tensors grad_outputs;
  bool watches_inputs = false;
  std::size_t inputs = 0;

  Tensors run(Tensors grad_inputs) const {
    for (const auto& [id, hook] : hooks) {
      replace("full_backward_hook", *module, grad_inputs, hook(*module, grad_inputs, grad_outputs));
    }
    return grad_inputs;
  }
};

ModuleHooks::BackwardWatch::BackwardWatch(const ModuleHooks& hooks, Module& module) {
  if (hooks.full_backward.empty()) return;
  state_ = std::make_shared<State>();
  state_->hooks = hooks.full_backward;
  state_->module = &module;
  state_->owner = module.weak_from_this().lock();
}

void ModuleHooks::BackwardWatch::watch_inputs(Tensors& inputs) {
  if (state_ == nullptr) return;
  state_->inputs = inputs.size();
  state_->watches_inputs = autograd::needs_recording(TensorList(inputs));
  pass_through("module_inputs", inputs,
               [state = state_](Tensors gradients) { return state->run(std::move(gradients)); });
}

void ModuleHooks::BackwardWatch::watch_outputs(Tensors& outputs) {
  if (state_ == nullptr) return;
  pass_through("module_outputs", outputs, [state = state_](Tensors gradients) {
    state->grad_outputs = gradients;
    // With inputs that need no gradient nothing will come by there.
    if (!state->watches_inputs) state->run(Tensors(state->inputs));
    return gradients;
  });
}

}  // namespace adjoint::nn::detail
