#pragma once

#include <functional>
#include <map>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "adjoint/core/tensor.h"

namespace adjoint::nn {

class Module;

/// What registering a hook returns: remove() takes the hook off again. Forgetting the handle leaves
/// the hook where it is.
class RemovableHandle {
 public:
  RemovableHandle() = default;
  explicit RemovableHandle(std::function<void()> remove) : remove_(std::move(remove)) {}
  /// Does nothing if the hook, or its module, is gone already.
  void remove() {
    if (remove_) std::exchange(remove_, nullptr)();
  }

 private:
  std::function<void()> remove_;
};

namespace detail {

/// Tensors as hooks see them.
using Tensors = std::vector<Tensor>;

/// What a hook may return (nothing, a tensor, a list) as a list, empty for nothing.
inline Tensors hook_result(Tensor tensor) {
  return tensor.defined() ? Tensors{std::move(tensor)} : Tensors();
}
inline Tensors hook_result(Tensors tensors) { return tensors; }

/// A hook of any of the accepted forms, brought to one.
template <class... Parameters>
class Hook {
 public:
  template <class F>
  explicit Hook(F f)
      : call_([f = std::move(f)](Module& module, const Parameters&... tensors) mutable {
          if constexpr (std::is_void_v<std::invoke_result_t<F&, Module&, const Parameters&...>>) {
            f(module, tensors...);
            return Tensors();
          } else {
            return hook_result(f(module, tensors...));
          }
        }) {}
  Tensors operator()(Module& module, const Parameters&... tensors) const {
    return call_(module, tensors...);
  }

 private:
  std::function<Tensors(Module&, const Parameters&...)> call_;
};

/// The hooks of one module. They are called in the order in which they were registered.
class ModuleHooks {
 public:
  std::map<unsigned, Hook<Tensors>> forward_pre;
  std::map<unsigned, Hook<Tensors, Tensors>> forward;
  std::map<unsigned, Hook<Tensors, Tensors>> full_backward;
  unsigned next = 0;

  bool is_empty() const { return forward_pre.empty() && forward.empty() && full_backward.empty(); }

  /// Lets the forward_pre hooks see, and replace, the arguments that are tensors.
  void before(Module& module, Tensors& inputs) const;
  /// Lets the forward hooks see inputs and outputs, and replace the outputs.
  void after(Module& module, const Tensors& inputs, Tensors& outputs) const;

  /// Between both the module runs on these stand-ins for its inputs, whose gradients are then
  /// grad_input; the outputs are replaced by stand-ins whose gradients are grad_output.
  class BackwardWatch {
   public:
    BackwardWatch(const ModuleHooks& hooks, Module& module);
    void watch_inputs(Tensors& inputs);
    void watch_outputs(Tensors& outputs);

   private:
    struct State;
    std::shared_ptr<State> state_;  // null if there is no full_backward hook
  };
};

/// A module's hooks, none at first; copies of a module get copies of them.
class ModuleHooksHolder {
 public:
  ModuleHooksHolder() = default;
  ModuleHooksHolder(const ModuleHooksHolder& other);
  ModuleHooksHolder& operator=(const ModuleHooksHolder& other) {
    hooks_ = ModuleHooksHolder(other).hooks_;
    return *this;
  }

  /// Null if there are none.
  const ModuleHooks* get() const {
    return hooks_ != nullptr && !hooks_->is_empty() ? hooks_.get() : nullptr;
  }
  template <class H, class F>
  RemovableHandle add(std::map<unsigned, H> ModuleHooks::*list, F f) {
    if (hooks_ == nullptr) hooks_ = std::make_shared<ModuleHooks>();
    const unsigned id = hooks_->next++;
    ((*hooks_).*list).emplace(id, H(std::move(f)));
    return RemovableHandle([list, id, owner = std::weak_ptr(hooks_)] {
      if (const auto hooks = owner.lock()) ((*hooks).*list).erase(id);
    });
  }

 private:
  std::shared_ptr<ModuleHooks> hooks_;
};

template <class T>
inline constexpr bool is_tensor = std::is_same_v<std::remove_cvref_t<T>, Tensor>;

inline Tensors tensors_of(const Tensor& tensor) { return {tensor}; }
inline Tensors tensors_of(const Tensors& tensors) { return tensors; }
template <class... T>
requires(is_tensor<T>&&...) Tensors tensors_of(const std::tuple<T...>& tensors) {
  return std::apply([](const auto&... each) { return Tensors{each...}; }, tensors);
}

inline void assign_tensors(Tensor& to, const Tensors& from) { to = from[0]; }
inline void assign_tensors(Tensors& to, const Tensors& from) { to = from; }
template <class... T>
requires(is_tensor<T>&&...) void assign_tensors(std::tuple<T...>& to, const Tensors& from) {
  std::size_t i = 0;
  std::apply([&](auto&... each) { ((each = from[i++]), ...); }, to);
}

/// Hooks see the results that are tensors, lists or tuples of them; of other results, nothing.
template <class T>
concept VisibleToHooks = requires(T& value, const Tensors& tensors) {
  tensors_of(value);
  assign_tensors(value, tensors);
};

/// How many of the first `end` arguments are tensors.
template <class... Args>
constexpr std::size_t count_tensors(std::size_t end) {
  constexpr bool kinds[] = {is_tensor<Args>..., false};
  std::size_t count = 0;
  for (std::size_t i = 0; i < end; ++i) count += kinds[i] ? 1 : 0;
  return count;
}

/// An argument, or the tensor that hooks have put in its place.
template <class Arg>
Arg&& argument_or(std::remove_reference_t<Arg>& argument, Tensors& tensors, std::size_t number) {
  if constexpr (is_tensor<Arg>) {
    return static_cast<Arg&&>(tensors[number]);
  } else {
    return static_cast<Arg&&>(argument);
  }
}

template <class M, std::size_t... I, class... Args>
auto call_through_hooks(const ModuleHooks& hooks, M& module, std::index_sequence<I...>,
                        Args&&... args) -> decltype(module.forward(std::forward<Args>(args)...)) {
  using Result = decltype(module.forward(std::forward<Args>(args)...));
  Tensors inputs;
  const auto collect = [&inputs](const auto& argument) {
    if constexpr (is_tensor<decltype(argument)>) inputs.push_back(argument);
  };
  (collect(args), ...);
  hooks.before(module, inputs);
  ModuleHooks::BackwardWatch watch(hooks, module);
  watch.watch_inputs(inputs);
  const Tensors seen = inputs;  // forward may move from `inputs`
  const auto forward = [&]() -> Result {
    return module.forward(argument_or<Args>(args, inputs, count_tensors<Args...>(I))...);
  };
  if constexpr (VisibleToHooks<Result>) {
    Result result = forward();
    Tensors outputs = tensors_of(result);
    hooks.after(module, seen, outputs);
    watch.watch_outputs(outputs);
    if (!outputs.empty()) assign_tensors(result, outputs);
    return result;
  } else {
    return forward();
  }
}

}  // namespace detail
}  // namespace adjoint::nn
