#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <vector>

#include "adjoint/nn/any.h"
#include "adjoint/nn/cloneable.h"

namespace adjoint::nn {

/// What can stand in a Sequential: a holder, a module, a shared_ptr to one, or an AnyModule.
template <class T>
concept IsAnyModule = std::constructible_from<AnyModule, T>;

/// Modules one after the other: forward() gives its arguments to the first, and each one's result
/// to the next.
class SequentialImpl : public Cloneable<SequentialImpl> {
 public:
  using Iterator = std::vector<AnyModule>::iterator;
  using ConstIterator = std::vector<AnyModule>::const_iterator;

  SequentialImpl() = default;
  /// Modules, named "0", "1", ...
  template <IsAnyModule... Modules>
  requires(!(sizeof...(Modules) == 1 &&
             (std::same_as<std::remove_cvref_t<Modules>, SequentialImpl> &&
              ...))) explicit SequentialImpl(Modules&&... modules) {
    (push_back(std::forward<Modules>(modules)), ...);
  }
  explicit SequentialImpl(const OrderedDict<std::string, AnyModule>& modules) {
    for (const auto& item : modules) push_back(item.key(), item.value());
  }
  explicit SequentialImpl(std::initializer_list<NamedAnyModule> modules) {
    for (const NamedAnyModule& named : modules) push_back(named.name(), named.module());
  }

  void reset() override {}
  std::shared_ptr<Module> clone(const std::optional<Device>& device = std::nullopt) const override;
  void pretty_print(std::ostream& out) const override { out << "torch::nn::Sequential"; }

  /// The last module's result. Throws Error if there is no module, if one's result is not what the
  /// next one's forward() takes, or if the last result is no Result.
  template <class Result = Tensor, class... Inputs>
  Result forward(Inputs&&... inputs) {
    check(!is_empty(), "Sequential: forward() was called, but it has no modules");
    AnyValue value = modules_.front().any_forward(std::forward<Inputs>(inputs)...);
    for (std::size_t i = 1; i < modules_.size(); ++i) {
      value = modules_[i].any_forward(std::move(value));
    }
    return value.get<Result>();
  }

  /// Appends a module under the next number, or under a name.
  template <IsAnyModule M>
  void push_back(M&& module) {
    push_back(std::to_string(size()), AnyModule(std::forward<M>(module)));
  }
  template <IsAnyModule M>
  void push_back(std::string name, M&& module) {
    push_back(std::move(name), AnyModule(std::forward<M>(module)));
  }
  void push_back(std::string name, AnyModule module);
  /// Appends all modules of a container, under the next numbers.
  template <class Container>
  void extend(const Container& container) {
    for (const auto& module : container) push_back(module);
  }

  std::size_t size() const noexcept { return modules_.size(); }
  bool is_empty() const noexcept { return modules_.empty(); }
  Iterator begin() { return modules_.begin(); }
  Iterator end() { return modules_.end(); }
  ConstIterator begin() const { return modules_.begin(); }
  ConstIterator end() const { return modules_.end(); }

  /// A module as what it is: at<Conv2dImpl>(0). Throws Error out of range and for another type.
  template <std::derived_from<Module> M>
  M& at(std::size_t index) {
    return any_at(index).get<M>();
  }
  template <std::derived_from<Module> M>
  const M& at(std::size_t index) const {
    return any_at(index).get<M>();
  }
  std::shared_ptr<Module> ptr(std::size_t index) const { return any_at(index).ptr(); }
  template <std::derived_from<Module> M>
  std::shared_ptr<M> ptr(std::size_t index) const {
    return any_at(index).ptr<M>();
  }
  std::shared_ptr<Module> operator[](std::size_t index) const { return ptr(index); }

 private:
  const AnyModule& any_at(std::size_t index) const {
    check(index < size(), "Sequential: index {} of {} modules", index, size());
    return modules_[index];
  }

  std::vector<AnyModule> modules_;
};

class Sequential : public ModuleHolder<SequentialImpl> {
 public:
  using ModuleHolder<SequentialImpl>::ModuleHolder;
  using Impl = SequentialImpl;
  Sequential() = default;
  /// Sequential({{"conv", Conv2d(1, 16, 3)}, {"relu", ReLU()}}).
  Sequential(std::initializer_list<NamedAnyModule> modules)
      : ModuleHolder(std::make_shared<SequentialImpl>(modules)) {}
};

}  // namespace adjoint::nn
