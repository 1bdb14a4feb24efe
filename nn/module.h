#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <type_traits>
#include <vector>

#include "adjoint/core/tensor.h"
#include "adjoint/nn/module_hooks.h"
#include "adjoint/nn/ordered_dict.h"
#include "adjoint/nn/pimpl.h"

namespace adjoint::nn {

/// The base of all layers and models: a tree of named parameters (learned), buffers (kept, but not
/// learned) and submodules. Derive, register what you are made of in the constructor, and write
/// `forward`:
///
///     struct NetImpl : nn::Module {
///       NetImpl() : fc(register_module("fc", nn::Linear(3, 4))) {}
///       Tensor forward(const Tensor& x) { return fc(x).relu(); }
///       nn::Linear fc;
///     };
///     TORCH_MODULE(Net);
///
/// Names, signatures and meaning are those of libtorch's torch::nn::Module. Names in the tree are
/// joined by dots: "fc.weight".
class Module : public std::enable_shared_from_this<Module> {
 public:
  using ModuleApplyFunction = std::function<void(Module&)>;
  using ConstModuleApplyFunction = std::function<void(const Module&)>;
  using NamedModuleApplyFunction = std::function<void(const std::string&, Module&)>;
  using ConstNamedModuleApplyFunction = std::function<void(const std::string&, const Module&)>;
  using ModulePointerApplyFunction = std::function<void(const std::shared_ptr<Module>&)>;
  using NamedModulePointerApplyFunction =
      std::function<void(const std::string&, const std::shared_ptr<Module>&)>;

  Module() = default;
  explicit Module(std::string name) : name_(std::move(name)) {}
  virtual ~Module() = default;

  /// The name given to the constructor; else the name of the class.
  const std::string& name() const;

  // ---- what it is made of ----------------------------------------------------------------------

  /// Adds a parameter, a leaf, which then requires grad unless `requires_grad` is false. An
  /// undefined tensor holds the name's place (a layer without bias). Throws Error if the name is
  /// taken, empty or has a dot, or the tensor is no leaf. Returns the registered tensor.
  Tensor& register_parameter(std::string name, Tensor tensor, bool requires_grad = true);
  /// Adds a buffer: saved and converted with the module, but not trained.
  Tensor& register_buffer(std::string name, Tensor tensor);
  /// Adds a submodule. Throws Error if the name is taken, empty or has a dot, if the module is
  /// null, or if it contains this one. Returns it.
  template <std::derived_from<Module> M>
  std::shared_ptr<M> register_module(std::string name, std::shared_ptr<M> module) {
    add_child(std::move(name), module);
    return module;
  }
  template <std::derived_from<Module> M>
  std::shared_ptr<M> register_module(std::string name, ModuleHolder<M> holder) {
    return register_module(std::move(name), holder.ptr());
  }
  /// Puts a module in another's place; throws Error if there is none of this name. Assign the
  /// member that holds the old one too.
  template <std::derived_from<Module> M>
  std::shared_ptr<M> replace_module(const std::string& name, std::shared_ptr<M> module) {
    replace_child(name, module);
    return module;
  }
  template <std::derived_from<Module> M>
  std::shared_ptr<M> replace_module(const std::string& name, ModuleHolder<M> holder) {
    return replace_module(name, holder.ptr());
  }
  /// Throws Error if there is no submodule of this name.
  void unregister_module(const std::string& name);

  /// The defined parameters, own ones first, then, with `recurse`, those of the submodules in the
  /// order of registration. A tensor that is registered in two places (tied weights) comes once,
  /// under its first name.
  std::vector<Tensor> parameters(bool recurse = true) const;
  OrderedDict<std::string, Tensor> named_parameters(bool recurse = true) const;
  std::vector<Tensor> buffers(bool recurse = true) const;
  OrderedDict<std::string, Tensor> named_buffers(bool recurse = true) const;
  /// The direct submodules.
  std::vector<std::shared_ptr<Module>> children() const;
  OrderedDict<std::string, std::shared_ptr<Module>> named_children() const { return children_; }
  /// This module and all below, each before those it contains. With include_self this module has to
  /// be owned by a shared_ptr (as a holder's is), else it throws Error.
  std::vector<std::shared_ptr<Module>> modules(bool include_self = true) const;
  OrderedDict<std::string, std::shared_ptr<Module>> named_modules(
      const std::string& name_prefix = std::string(), bool include_self = true) const;

  /// Calls a function with this module and all below, each before those it contains. The versions
  /// with pointers need this module to be owned by a shared_ptr.
  void apply(const ModuleApplyFunction& function);
  void apply(const ConstModuleApplyFunction& function) const;
  void apply(const NamedModuleApplyFunction& function,
             const std::string& name_prefix = std::string());
  void apply(const ConstNamedModuleApplyFunction& function,
             const std::string& name_prefix = std::string()) const;
  void apply(const ModulePointerApplyFunction& function) const;
  void apply(const NamedModulePointerApplyFunction& function,
             const std::string& name_prefix = std::string()) const;

  // ---- what can be done with it ----------------------------------------------------------------

  /// Sets the mode that layers like dropout look at, here and in all submodules.
  virtual void train(bool on = true);
  void eval() { train(false); }
  virtual bool is_training() const noexcept { return is_training_; }
  /// Makes all parameters' gradients zero, or undefined with set_to_none.
  virtual void zero_grad(bool set_to_none = false);
  /// Converts all floating-point parameters, their gradients and buffers to float32 or float64, in
  /// place: the tensors are the same ones. Throws Error for another dtype. (As in Python; C++
  /// libtorch converts integer buffers too.)
  virtual void to(Dtype dtype, bool non_blocking = false);
  virtual void to(Device device, Dtype dtype, bool non_blocking = false);
  virtual void to(Device device, bool non_blocking = false);
  /// A deep copy; throws Error unless the class derives from Cloneable.
  virtual std::shared_ptr<Module> clone(const std::optional<Device>& device = std::nullopt) const;
  /// Whether it can be saved: false for what has code in place of parameters.
  virtual bool is_serializable() const { return true; }

  // ---- hooks: Python's; they are called when the module is, as in `fc(x)` and within a
  // Sequential,
  //      and not by fc->forward(x) --------------------------------------------------------------

  /// Before forward: `hook(module, inputs)` with those arguments that are tensors. What it returns,
  /// a list of as many or, for a module of one argument, a tensor, replaces them. It may return
  /// nothing.
  template <class Hook>
  RemovableHandle register_forward_pre_hook(Hook hook) {
    return hooks_.add(&detail::ModuleHooks::forward_pre, std::move(hook));
  }
  /// After forward: `hook(module, inputs, outputs)`, which may replace the outputs likewise. They
  /// are the result, or its elements if it is a list or tuple of tensors.
  template <class Hook>
  RemovableHandle register_forward_hook(Hook hook) {
    return hooks_.add(&detail::ModuleHooks::forward, std::move(hook));
  }
  /// In backward: `hook(module, grad_inputs, grad_outputs)` when the gradients of the inputs have
  /// been computed; it may replace grad_inputs. If no input requires grad they are undefined, and
  /// the hook is called as soon as grad_outputs are known. Inputs and outputs of a module with such
  /// a hook cannot be changed in place.
  template <class Hook>
  RemovableHandle register_full_backward_hook(Hook hook) {
    return hooks_.add(&detail::ModuleHooks::full_backward, std::move(hook));
  }
  /// Null if it has none.
  const detail::ModuleHooks* hooks() const { return hooks_.get(); }

  /// This module as a LinearImpl (or Linear), null if it is none: `module->as<Linear>()`.
  template <class M>
  auto* as() noexcept {
    return dynamic_cast<Contained<M>*>(this);
  }
  template <class M>
  const auto* as() const noexcept {
    return dynamic_cast<const Contained<M>*>(this);
  }

  /// Prints one line about this module, without its submodules.
  virtual void pretty_print(std::ostream& out) const;
  /// Prints the tree.
  friend std::ostream& operator<<(std::ostream& out, const Module& module);

 protected:
  OrderedDict<std::string, Tensor> parameters_{"Parameter"};

 private:
  template <class Derived>
  friend class Cloneable;

  template <class M>
  struct ContainedOf {
    using type = M;
  };
  template <IsModuleHolder M>
  struct ContainedOf<M> {
    using type = typename M::ContainedType;
  };
  template <class M>
  using Contained = typename ContainedOf<M>::type;

  /// Takes over the members of `other`, a clone of which is made: how Cloneable copies submodules.
  virtual void clone_(const Module& other, const std::optional<Device>& device);
  /// The parts of Cloneable::clone that need not know the type: drop what the copy shares with the
  /// original, and once reset() made it anew, make it equal.
  void clear_members();
  void copy_members(const Module& original, const std::optional<Device>& device);

  void add_child(std::string name, std::shared_ptr<Module> module);
  void replace_child(const std::string& name, std::shared_ptr<Module> module);
  void check_child(const char* action, const std::string& name,
                   const std::shared_ptr<Module>& module) const;
  std::shared_ptr<Module> shared_self() const;
  /// Calls visit(full name, module) for all modules below, each before those it contains.
  template <class Visit>
  void for_each_below(const std::string& prefix, const Visit& visit) const;
  /// The defined tensors of one of the dictionaries, here and below, each once.
  OrderedDict<std::string, Tensor> collect(OrderedDict<std::string, Tensor> Module::*tensors,
                                           bool recurse) const;
  void print_tree(std::ostream& out, const std::string& indentation) const;

  OrderedDict<std::string, Tensor> buffers_{"Buffer"};
  OrderedDict<std::string, std::shared_ptr<Module>> children_{"Submodule"};
  detail::ModuleHooksHolder hooks_;
  mutable std::string name_;
  bool is_training_ = true;
};

template <class M, class... Args>
decltype(auto) call_with_hooks(M& module, Args&&... args) {
  if constexpr (std::derived_from<M, Module>) {
    if (const detail::ModuleHooks* hooks = module.hooks()) {
      return detail::call_through_hooks(*hooks, module, std::index_sequence_for<Args...>(),
                                        std::forward<Args>(args)...);
    }
  }
  return module.forward(std::forward<Args>(args)...);
}

std::ostream& operator<<(std::ostream& out, const Module& module);

}  // namespace adjoint::nn
