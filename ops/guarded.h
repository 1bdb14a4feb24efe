#pragma once

// Internal: for the files that define operations.

#include "adjoint/ops/elementwise.h"

/// Functions whose formula vectorises but does not hold for every argument.
namespace adjoint::elementwise {

/// formula(x...) where holds(x...), else exact(x...); all take and return one type. Only `exact`
/// may branch or call a library: it is used for the few elements that need it.
template <class Formula, class Holds, class Exact>
struct Guarded {
  Formula formula;
  Holds holds;
  Exact exact;
};

/// y[i] = function(x[i]...) for i < n.
template <class T, class Function, class... X>
void compute_guarded(const Function& function, int64_t n, T* y, const X*... x) {
  unsigned failures = 0;
  for (int64_t i = 0; i < n; ++i) {
    y[i] = function.formula(x[i]...);
    failures |= function.holds(x[i]...) ? 0u : 1u;
  }
  if (failures == 0) return;
  for (int64_t i = 0; i < n; ++i) {
    if (!function.holds(x[i]...)) y[i] = function.exact(x[i]...);
  }
}

/// out[i] = function(in[i]...); all tensors are of type T. As kernels::map.
template <class T, class Function, class... Inputs>
void map_guarded(const Function& function, const Tensor& out, const Inputs&... in) {
  if (out.numel() == 0) return;
  const std::array<const Tensor*, sizeof...(Inputs) + 1> operands{&out, &in...};
  const auto run = [&](T* to, const std::conditional_t<true, T, Inputs>*... from) {
    const auto row = [&](const kernels::PerOperand& at, const kernels::PerOperand& steps,
                         int64_t n) {
      // A block's results wait until it is done: `out` may be an input, which `exact` needs.
      constexpr int64_t kBlock = 512;
      T y[kBlock], spaced[sizeof...(Inputs)][kBlock];
      for (int64_t begin = 0; begin < n; begin += kBlock) {
        const int64_t size = std::min(kBlock, n - begin);
        const auto dense = [&](const T* first, std::size_t k) -> const T* {
          const T* const source = first + at[k + 1] + begin * steps[k + 1];
          if (steps[k + 1] == 1) return source;
          for (int64_t i = 0; i < size; ++i) spaced[k][i] = source[i * steps[k + 1]];
          return spaced[k];
        };
        [&]<std::size_t... k>(std::index_sequence<k...>) {
          compute_guarded(function, size, y, dense(from, k)...);
        }
        (std::index_sequence_for<Inputs...>());
        T* const target = to + at[0] + begin * steps[0];
        for (int64_t i = 0; i < size; ++i) target[i * steps[0]] = y[i];
      }
    };
    kernels::for_each_row(operands.data(), operands.size(), row);
  };
  run(out.data_ptr<T>(), in.template data_ptr<T>()...);
}

/// What real_function and real_function_ call for a Guarded function: float32 by its formula,
/// float64 by `exact`.
template <class Formula, class Holds, class Exact, class... Inputs>
void map_floating(const char* name, const Guarded<Formula, Holds, Exact>& f, const Tensor& out,
                  const Inputs&... in) {
  const ScalarType dtype = out.scalar_type();
  dispatch_floating(name, dtype, [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_same_v<T, float>) {
      map_guarded<T>(f, out, kernels::converted(in, dtype)...);
    } else {
      kernels::map<T, std::conditional_t<true, T, Inputs>...>(f.exact, out,
                                                              kernels::converted(in, dtype)...);
    }
  });
}

}  // namespace adjoint::elementwise
