#pragma once

#include <concepts>
#include <functional>

#include "adjoint/nn/cloneable.h"
#include "adjoint/nn/pimpl.h"

namespace adjoint::nn {

/// A function as a module, to stand in a Sequential: Functional([](Tensor x) { return x.exp(); }).
/// Further arguments are passed on behind the input: Functional(f, 1) calls f(input, 1).
class FunctionalImpl : public Cloneable<FunctionalImpl> {
 public:
  using Function = std::function<Tensor(Tensor)>;

  /// Throws Error for an empty function.
  explicit FunctionalImpl(Function function) : function_(std::move(function)) {
    check(function_ != nullptr, "Functional: the function is empty");
  }
  template <class F, class... Args>
  requires(sizeof...(Args) > 0 &&
           std::invocable<F&, Tensor, Args&...>) explicit FunctionalImpl(F function, Args... args)
      : function_([function, args...](Tensor input) mutable {
          return std::invoke(function, std::move(input), args...);
        }) {}

  void reset() override {}
  void pretty_print(std::ostream& out) const override { out << "torch::nn::Functional()"; }
  bool is_serializable() const override { return false; }
  Tensor forward(Tensor input) { return function_(std::move(input)); }
  Tensor operator()(Tensor input) { return forward(std::move(input)); }

 private:
  Function function_;
};
ADJOINT_MODULE(Functional);

}  // namespace adjoint::nn
