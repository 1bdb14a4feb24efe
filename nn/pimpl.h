#pragma once

#include <concepts>
#include <memory>
#include <ostream>
#include <type_traits>
#include <utility>

#include "adjoint/core/error.h"

namespace adjoint::nn {

/// module.forward(args...) with the module's hooks before and after it, if it has any.
template <class M, class... Args>
decltype(auto) call_with_hooks(M& module, Args&&... args);

namespace detail {
/// The base of all holders: tells them from modules.
struct ModuleHolderIndicator {};
}  // namespace detail

template <class T>
concept IsModuleHolder = std::derived_from<std::remove_cvref_t<T>, detail::ModuleHolderIndicator>;

/// A shared pointer to a module that reads like the module itself: `Linear fc(3, 4)` makes a
/// LinearImpl, `fc->weight` reaches into it, `fc(x)` is `fc->forward(x)`. Copies share the module.
/// `Linear fc{nullptr}` is empty until assigned; using it while empty throws Error.
template <class Contained>
class ModuleHolder : public detail::ModuleHolderIndicator {
 public:
  using ContainedType = Contained;

  /// Makes the module with no arguments.
  ModuleHolder() : impl_(make_default()) {}
  ModuleHolder(std::nullptr_t) {}
  ModuleHolder(std::shared_ptr<Contained> module) : impl_(std::move(module)) {}
  /// Makes the module with these arguments.
  template <class Head, class... Tail>
  requires(!(sizeof...(Tail) == 0 &&
             std::derived_from<std::remove_cvref_t<Head>,
                               ModuleHolder<Contained>>)) explicit ModuleHolder(Head&& head,
                                                                                Tail&&... tail)
      : impl_(new Contained(std::forward<Head>(head), std::forward<Tail>(tail)...)) {}

  bool is_empty() const noexcept { return impl_ == nullptr; }
  explicit operator bool() const noexcept { return !is_empty(); }

  const std::shared_ptr<Contained>& ptr() const {
    check(!is_empty(),
          "the module holder is empty: it was made with nullptr and no module was assigned since");
    return impl_;
  }
  Contained* get() { return ptr().get(); }
  const Contained* get() const { return ptr().get(); }
  Contained* operator->() { return get(); }
  const Contained* operator->() const { return get(); }
  Contained& operator*() { return *get(); }
  const Contained& operator*() const { return *get(); }

  /// forward(args...), with the module's hooks.
  template <class... Args>
  decltype(auto) operator()(Args&&... args) {
    return call_with_hooks(*get(), std::forward<Args>(args)...);
  }
  template <class Index>
  decltype(auto) operator[](Index&& index) {
    return (*get())[std::forward<Index>(index)];
  }

 protected:
  std::shared_ptr<Contained> impl_;

 private:
  static std::shared_ptr<Contained> make_default() {
    static_assert(std::is_default_constructible_v<Contained>,
                  "this module cannot be made without arguments; to fill the holder later, write "
                  "`Linear fc{nullptr};`");
    return std::make_shared<Contained>();
  }
};

/// Prints the module.
template <class Contained>
std::ostream& operator<<(std::ostream& out, const ModuleHolder<Contained>& module) {
  return out << *module;
}

}  // namespace adjoint::nn

/// Defines the holder `Name` of the module ImplType.
#define ADJOINT_MODULE_IMPL(Name, ImplType)                    \
  class Name : public ::adjoint::nn::ModuleHolder<ImplType> {  \
   public:                                                     \
    using ::adjoint::nn::ModuleHolder<ImplType>::ModuleHolder; \
    using Impl [[maybe_unused]] = ImplType;                    \
  }
/// Defines the holder `Name` of the module NameImpl:
///
///     struct NetImpl : nn::Module { ... };
///     ADJOINT_MODULE(Net);
#define ADJOINT_MODULE(Name) ADJOINT_MODULE_IMPL(Name, Name##Impl)

// libtorch's names, so that code written for it compiles.
#define TORCH_MODULE_IMPL(Name, ImplType) ADJOINT_MODULE_IMPL(Name, ImplType)
#define TORCH_MODULE(Name) ADJOINT_MODULE(Name)
