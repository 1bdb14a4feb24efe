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
    const std::shared_ptr<Derived> copy(new Derived(static_cast<const Derived&>(*this)));
    copy->clear_members();
    copy->reset();
    copy->copy_members(*this, device);
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
};

}  // namespace adjoint::nn
