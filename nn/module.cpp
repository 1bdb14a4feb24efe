#include "adjoint/nn/module.h"

#include <typeinfo>
#include <unordered_set>

#include <fmt/ranges.h>

#include "adjoint/autograd/grad_mode.h"
#include "adjoint/core/type_name.h"
#include "adjoint/nn/zero_grad.h"

namespace adjoint {
template class OrderedDict<std::string, Tensor>;
template class OrderedDict<std::string, std::shared_ptr<nn::Module>>;
}  // namespace adjoint

namespace adjoint::nn {
namespace {

std::string join(const std::string& prefix, const std::string& name) {
  return prefix.empty() ? name : prefix + "." + name;
}

template <class Value>
void check_name(const char* function, const std::string& name,
                const OrderedDict<std::string, Value>& taken) {
  check(!name.empty(), "{}: the name is empty", function);
  check(name.find('.') == std::string::npos,
        "{}: the name '{}' has a dot; dots separate the levels of the module tree", function, name);
  check(!taken.contains(name),
        "{}: {} '{}' already defined; names are unique in a module: take another one, or assign to "
        "what is registered (replace_module for a submodule)",
        function, taken.key_description(), name);
}

void convert(const Tensor& tensor, Dtype dtype) {
  if (!tensor.defined() || !tensor.is_floating_point() || tensor.scalar_type() == dtype) return;
  tensor.set_data(tensor.detach().to(dtype));
  Tensor& grad = tensor.mutable_grad();
  if (grad.defined()) grad = grad.detach().to(dtype);
}

}  // namespace

const std::string& Module::name() const {
  if (name_.empty()) name_ = demangle(typeid(*this));
  return name_;
}

// ---- registration -------------------------------------------------------------------------------

Tensor& Module::register_parameter(std::string name, Tensor tensor, bool requires_grad) {
  check_name("register_parameter", name, parameters_);
  if (tensor.defined()) {
    check(tensor.is_leaf(),
          "register_parameter: '{}' ({}) is the result of an operation, not a leaf; register the "
          "tensor it was made from, or its detach()",
          name, tensor.describe());
    check(!requires_grad || tensor.is_floating_point(),
          "register_parameter: '{}' ({}) cannot require grad, only floating-point tensors can; "
          "register it with requires_grad=false, or as a buffer",
          name, tensor.describe());
  }
  Tensor& added = parameters_.insert(std::move(name), std::move(tensor));
  if (added.defined()) added.requires_grad_(requires_grad);
  return added;
}

Tensor& Module::register_buffer(std::string name, Tensor tensor) {
  check_name("register_buffer", name, buffers_);
  return buffers_.insert(std::move(name), std::move(tensor));
}

void Module::check_child(const char* action, const std::string& name,
                         const std::shared_ptr<Module>& module) const {
  check(module != nullptr, "{}: the module '{}' is null", action, name);
  const auto check_not_this = [&](const Module* inner) {
    check(inner != this, "{}: the module '{}' contains the one it is to be registered in", action,
          name);
  };
  check_not_this(module.get());
  module->for_each_below("", [&](const std::string&, const std::shared_ptr<Module>& inner) {
    check_not_this(inner.get());
  });
}

void Module::add_child(std::string name, std::shared_ptr<Module> module) {
  check_name("register_module", name, children_);
  check_child("register_module", name, module);
  children_.insert(std::move(name), std::move(module));
}

void Module::replace_child(const std::string& name, std::shared_ptr<Module> module) {
  check_child("replace_module", name, module);
  children_[name] = std::move(module);
}

void Module::unregister_module(const std::string& name) { children_.erase(name); }

// ---- the tree -----------------------------------------------------------------------------------

template <class Visit>
void Module::for_each_below(const std::string& prefix, const Visit& visit) const {
  for (const auto& child : children_) {
    const std::string name = join(prefix, child.key());
    visit(name, child.value());
    child.value()->for_each_below(name, visit);
  }
}

OrderedDict<std::string, Tensor> Module::collect(OrderedDict<std::string, Tensor> Module::*tensors,
                                                 bool recurse) const {
  OrderedDict<std::string, Tensor> found((this->*tensors).key_description());
  std::unordered_set<const TensorImpl*> seen;
  const auto add_those_of = [&](const std::string& prefix, const Module& module) {
    for (const auto& item : module.*tensors) {
      if (item->defined() && seen.insert(item->impl()).second) {
        found.insert(join(prefix, item.key()), item.value());
      }
    }
  };
  add_those_of("", *this);
  if (recurse) {
    for_each_below("", [&](const std::string& name, const std::shared_ptr<Module>& module) {
      add_those_of(name, *module);
    });
  }
  return found;
}

OrderedDict<std::string, Tensor> Module::named_parameters(bool recurse) const {
  return collect(&Module::parameters_, recurse);
}

std::vector<Tensor> Module::parameters(bool recurse) const {
  return named_parameters(recurse).values();
}

OrderedDict<std::string, Tensor> Module::named_buffers(bool recurse) const {
  return collect(&Module::buffers_, recurse);
}

std::vector<Tensor> Module::buffers(bool recurse) const { return named_buffers(recurse).values(); }

std::vector<std::shared_ptr<Module>> Module::children() const { return children_.values(); }

OrderedDict<std::string, std::shared_ptr<Module>> Module::named_modules(
    const std::string& name_prefix, bool include_self) const {
  OrderedDict<std::string, std::shared_ptr<Module>> found("Module");
  if (include_self) found.insert(name_prefix, shared_self());
  for_each_below(name_prefix, [&](const std::string& name, const std::shared_ptr<Module>& module) {
    found.insert(name, module);
  });
  return found;
}

std::vector<std::shared_ptr<Module>> Module::modules(bool include_self) const {
  return named_modules("", include_self).values();
}

std::shared_ptr<Module> Module::shared_self() const {
  auto self = std::const_pointer_cast<Module>(weak_from_this().lock());
  check(self != nullptr,
        "{}: a pointer to the module itself was asked for, but no shared_ptr owns it (yet: not in "
        "its constructor); make it with std::make_shared or a holder, or leave the module itself "
        "out",
        name());
  return self;
}

void Module::apply(const ModuleApplyFunction& function) {
  function(*this);
  for_each_below("", [&](const std::string&, const auto& module) { function(*module); });
}

void Module::apply(const ConstModuleApplyFunction& function) const {
  function(*this);
  for_each_below("", [&](const std::string&, const auto& module) { function(*module); });
}

void Module::apply(const NamedModuleApplyFunction& function, const std::string& name_prefix) {
  function(name_prefix, *this);
  for_each_below(name_prefix,
                 [&](const std::string& name, const auto& module) { function(name, *module); });
}

void Module::apply(const ConstNamedModuleApplyFunction& function,
                   const std::string& name_prefix) const {
  function(name_prefix, *this);
  for_each_below(name_prefix,
                 [&](const std::string& name, const auto& module) { function(name, *module); });
}

void Module::apply(const ModulePointerApplyFunction& function) const {
  function(shared_self());
  for_each_below("", [&](const std::string&, const auto& module) { function(module); });
}

void Module::apply(const NamedModulePointerApplyFunction& function,
                   const std::string& name_prefix) const {
  function(name_prefix, shared_self());
  for_each_below(name_prefix, function);
}

// ---- modes, conversion, copies ------------------------------------------------------------------

void Module::train(bool on) {
  for (const auto& child : children_) child.value()->train(on);
  is_training_ = on;
}

void Module::zero_grad(bool set_to_none) {
  for (const auto& child : children_) child.value()->zero_grad(set_to_none);
  for (const Tensor& parameter : parameters(/*recurse=*/false)) {
    zero_gradient(parameter, set_to_none);
  }
}

void Module::to(Dtype dtype, bool non_blocking) {
  check(isFloatingType(dtype), "Module::to: expected float32 or float64, got {}", dtype);
  const NoGradGuard no_grad;
  for (const auto& child : children_) child.value()->to(dtype, non_blocking);
  for (const auto& parameter : parameters_) convert(parameter.value(), dtype);
  for (const auto& buffer : buffers_) convert(buffer.value(), dtype);
}

void Module::to(Device, Dtype dtype, bool non_blocking) { to(dtype, non_blocking); }

void Module::to(Device, bool) {}

std::shared_ptr<Module> Module::clone(const std::optional<Device>&) const {
  fail(
      "{} cannot be cloned: derive it from adjoint::nn::Cloneable<{}> instead of Module, and make "
      "its parameters, buffers and submodules in reset()",
      name(), name());
}

void Module::clone_(const Module& other, const std::optional<Device>& device) {
  other.clone(device);  // throws: only a Cloneable knows how to take over a clone's members
}

void Module::clear_members() {
  parameters_.clear();
  buffers_.clear();
  children_.clear();
}

void Module::copy_members(const Module& original, const std::optional<Device>& device) {
  const auto check_keys = [this](const auto& from, const auto& made) {
    check(from.keys() == made.keys(),
          "clone: {} has the {}s [{}], but its reset() made [{}]; are some registered in the "
          "constructor instead of in reset()?",
          name(), from.key_description(), fmt::join(from.keys(), ", "),
          fmt::join(made.keys(), ", "));
  };
  const auto copy_tensors = [&](const OrderedDict<std::string, Tensor>& from,
                                OrderedDict<std::string, Tensor>& to) {
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
  };
  copy_tensors(original.parameters_, parameters_);
  copy_tensors(original.buffers_, buffers_);
  check_keys(original.children_, children_);
  for (const auto& child : original.children_) {
    children_[child.key()]->clone_(*child.value(), device);
  }
}

// ---- printing -----------------------------------------------------------------------------------

void Module::pretty_print(std::ostream& out) const { out << name(); }

void Module::print_tree(std::ostream& out, const std::string& indentation) const {
  pretty_print(out);
  if (children_.is_empty()) return;
  out << "(\n";
  for (const auto& child : children_) {
    out << indentation << "  (" << child.key() << "): ";
    child.value()->print_tree(out, indentation + "  ");
    out << '\n';
  }
  out << indentation << ')';
}

std::ostream& operator<<(std::ostream& out, const Module& module) {
  module.print_tree(out, "");
  return out;
}

}  // namespace adjoint::nn
