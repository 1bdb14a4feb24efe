#pragma once

#include <concepts>
#include <string>
#include <vector>

#include "adjoint/nn/cloneable.h"

namespace adjoint::nn {

/// A list of modules of any kind, named "0", "1", ...: registered, so that their parameters count,
/// and called by hand. It has no forward().
class ModuleListImpl : public Cloneable<ModuleListImpl> {
 public:
  using Iterator = std::vector<std::shared_ptr<Module>>::iterator;
  using ConstIterator = std::vector<std::shared_ptr<Module>>::const_iterator;

  ModuleListImpl() = default;
  template <class... Modules>
  requires(!(sizeof...(Modules) == 1 &&
             (std::same_as<std::remove_cvref_t<Modules>, ModuleListImpl> &&
              ...))) explicit ModuleListImpl(Modules&&... modules) {
    (push_back(std::forward<Modules>(modules)), ...);
  }

  void reset() override {}
  std::shared_ptr<Module> clone(const std::optional<Device>& device = std::nullopt) const override;
  void pretty_print(std::ostream& out) const override { out << "torch::nn::ModuleList"; }

  void push_back(std::shared_ptr<Module> module);
  template <class M>
  void push_back(const ModuleHolder<M>& holder) {
    push_back(std::shared_ptr<Module>(holder.ptr()));
  }
  template <class M>
  requires std::derived_from<std::remove_cvref_t<M>, Module>
  void push_back(M&& module) {
    push_back(
        std::shared_ptr<Module>(std::make_shared<std::remove_cvref_t<M>>(std::forward<M>(module))));
  }
  template <class Container>
  void extend(const Container& container) {
    for (const auto& module : container) push_back(module);
  }
  /// Puts a module before the one at `index`; those behind it get the next numbers.
  void insert(std::size_t index, std::shared_ptr<Module> module);
  template <class M>
  void insert(std::size_t index, const ModuleHolder<M>& holder) {
    insert(index, std::shared_ptr<Module>(holder.ptr()));
  }

  std::size_t size() const noexcept { return modules_.size(); }
  bool is_empty() const noexcept { return modules_.empty(); }
  Iterator begin() { return modules_.begin(); }
  Iterator end() { return modules_.end(); }
  ConstIterator begin() const { return modules_.begin(); }
  ConstIterator end() const { return modules_.end(); }

  /// A module as what it is. Throws Error out of range and for another type.
  template <std::derived_from<Module> M>
  M& at(std::size_t index) const {
    return *ptr<M>(index);
  }
  std::shared_ptr<Module> ptr(std::size_t index) const;
  template <std::derived_from<Module> M>
  std::shared_ptr<M> ptr(std::size_t index) const {
    auto typed = std::dynamic_pointer_cast<M>(ptr(index));
    check(typed != nullptr, "ModuleList: module {} is a {}", index, ptr(index)->name());
    return typed;
  }
  std::shared_ptr<Module> operator[](std::size_t index) const { return ptr(index); }

 private:
  std::vector<std::shared_ptr<Module>> modules_;
};

ADJOINT_MODULE(ModuleList);

}  // namespace adjoint::nn
