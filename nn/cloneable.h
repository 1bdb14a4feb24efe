#pragma once

#include "adjoint/autograd/grad_mode.h"
#include "adjoint/nn/module.h"

namespace adjoint::nn {

/// The base of modules that can be copied with clone(): `struct NetImpl : Cloneable<NetImpl>`.
/// reset() has to make (anew) all parameters, buffers and submodules; the constructor calls it.
template <class Derived>
class Cloneable : public virtual Module {
 public:
  using Module::Module;

  virtual void reset() = 0;

  /// A deep copy: the clone's parameters and buffers are equal but not shared. It draws random
  /// numbers, since reset() initialises anew. Throws Error if reset() does not make the same
  /// parameters, buffers and submodules as there are.
  std::shared_ptr<Module> clone(const std::optional<Device>& device = std::nullopt) const override {
    const NoGradGuard no_grad;
    auto copy = std::make_shared<Derived>(static_cast<const Derived&>(*this));
    copy->parameters_.clear();
    copy->buffers_.clear();
    copy->children_.clear();
    copy->reset();
    copy_tensors(parameters_, copy->parameters_);
    copy_tensors(buffers_, copy->buffers_);
    check_keys(children_, copy->children_);
    for (const auto& child : children_)
      copy->children_[child.key()]->clone_(*child.value(), device);
    return copy;
  }

 private:
  void clone_(const Module& other, const std::optional<Device>& device) final {
    auto copy = std::dynamic_pointer_cast<Derived>(other.clone(device));
    check(copy != nullptr,
          "clone: reset() made a submodule of type {}, but the one to be cloned is of type {}",
          name(), other.name());
    static_cast<Derived&>(*this) = std::move(*copy);
  }

  template <class Value>
  void check_keys(const OrderedDict<std::string, Value>& from,
                  const OrderedDict<std::string, Value>& to) const {
    check(from.keys() == to.keys(),
          "clone: {} has the {}s [{}], but its reset() made [{}]; are some registered in the "
          "constructor instead of in reset()?",
          name(), from.key_description(), fmt::join(from.keys(), ", "), fmt::join(to.keys(), ", "));
  }
  void copy_tensors(const OrderedDict<std::string, Tensor>& from,
                    OrderedDict<std::string, Tensor>& to) const {
    check_keys(from, to);
    for (const auto& item : from) {
      Tensor& made = to[item.key()];
      check(made.defined() == item->defined(),
            "clone: of {}'s {} '{}' and the one that its reset() made only one is defined", name(),
            from.key_description(), item.key());
      if (!made.defined()) continue;
      made.set_data(item->detach().clone());
      made.requires_grad_(item->requires_grad());
    }
  }
};

}  // namespace adjoint::nn
