#pragma once

#include <concepts>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "adjoint/autograd/node.h"

namespace adjoint::autograd {

namespace detail {

template <std::size_t>
using TensorArgument = const Tensor&;

template <class F, std::size_t... I>
constexpr bool takes_tensors(std::index_sequence<I...>) {
  return std::is_invocable_v<F&, TensorArgument<I>...>;
}

/// The smallest number of tensors from N to 8 that F takes; 0 if there is none.
template <class F, std::size_t N = 1>
constexpr std::size_t arity() {
  if constexpr (takes_tensors<F>(std::make_index_sequence<N>())) {
    return N;
  } else if constexpr (N < 8) {
    return arity<F, N + 1>();
  } else {
    return 0;
  }
}

template <class F, std::size_t... I>
auto result_of_tensors(std::index_sequence<I...>) -> std::invoke_result_t<F&, TensorArgument<I>...>;
template <class F>
auto result_of_call() {
  if constexpr (arity<F>() > 0) {
    using Result = decltype(result_of_tensors<F>(std::make_index_sequence<arity<F>()>()));
    return std::type_identity<std::decay_t<Result>>();
  } else {
    return std::type_identity<std::decay_t<std::invoke_result_t<F&, const variable_list&>>>();
  }
}

}  // namespace detail

/// What a function of tensors returns, be it written as one of several tensors or of a list.
template <class F>
using tensor_function_result = typename decltype(detail::result_of_call<std::decay_t<F>>())::type;

/// A function of a list of tensors, or of one to eight tensors, which returns a tensor, a list, or
/// a tuple of them. It is called with a list of the inputs and returns a list of the outputs.
class TensorFunction {
 public:
  template <class F>
  requires(!std::same_as<std::decay_t<F>, TensorFunction>) TensorFunction(F f)
      : call_([f = std::move(f)](const variable_list& inputs) mutable {
          if constexpr (detail::arity<F>() > 0) {
            return call_with_tensors<detail::arity<F>()>(f, inputs);
          } else {
            return listed(f(inputs));
          }
        }) {}

  variable_list operator()(const variable_list& inputs) const { return call_(inputs); }

 private:
  template <class F, std::size_t... I>
  static variable_list apply(F& f, const variable_list& inputs, std::index_sequence<I...>) {
    return listed(f(inputs[I]...));
  }
  template <std::size_t N, class F>
  static variable_list call_with_tensors(F& f, const variable_list& inputs) {
    if constexpr (detail::takes_tensors<F>(std::make_index_sequence<N>())) {
      if (inputs.size() == N) return apply(f, inputs, std::make_index_sequence<N>());
    }
    if constexpr (N < 8) return call_with_tensors<N + 1>(f, inputs);
    fail("the function was given {} tensors, which is not how many it takes", inputs.size());
  }

  static variable_list listed(Tensor output) { return {std::move(output)}; }
  static variable_list listed(variable_list outputs) { return outputs; }
  template <class... Tensors>
  static variable_list listed(const std::tuple<Tensors...>& outputs) {
    return std::apply([](const auto&... each) { return variable_list{each...}; }, outputs);
  }

  std::function<variable_list(const variable_list&)> call_;
};

}  // namespace adjoint::autograd
