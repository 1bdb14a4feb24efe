#pragma once

#include <utility>

#include "adjoint/autograd/tensor_function.h"

/// Python's torch.autograd.functional: derivatives of functions as functions.
///
/// Each takes a function (of one tensor, of several, or of a list; see TensorFunction) and the
/// inputs at which it is differentiated. What comes in as a single tensor comes out as one, and
/// what comes in as a list comes out as a list: with outputs y (what f returns) and inputs x,
///
///     jacobian(f, x)     Tensor                    y Tensor, x Tensor
///                        vector<Tensor>            one of both a list
///                        vector<vector<Tensor>>    both lists: [output][input]
///
/// The inputs need not require grad, their grad() stays as it is. With create_graph the results can
/// be differentiated again, by inputs that require grad too. With strict, a result that is zero
/// because something does not depend on something else is an Error; otherwise it is zeros.
namespace adjoint::autograd::functional {

/// Inputs or vectors: a tensor, or a list of tensors. Undefined or empty: not given.
class OneOrMore {
 public:
  OneOrMore() = default;
  OneOrMore(const Tensor& tensor) {
    if (tensor.defined()) list = {tensor};
  }
  OneOrMore(variable_list tensors) : list(std::move(tensors)), is_list(true) {}
  OneOrMore(std::initializer_list<Tensor> tensors) : list(tensors), is_list(true) {}

  variable_list list;
  bool is_list = false;
};

namespace detail {

using Lists = std::pair<variable_list, variable_list>;
Lists vjp(const TensorFunction& f, const variable_list& inputs, const OneOrMore& v,
          bool create_graph, bool strict);
Lists jvp(const TensorFunction& f, const variable_list& inputs, const OneOrMore& v,
          bool create_graph, bool strict);
Lists vhp(const TensorFunction& f, const variable_list& inputs, const OneOrMore& v,
          bool create_graph, bool strict);
Lists hvp(const TensorFunction& f, const variable_list& inputs, const OneOrMore& v,
          bool create_graph, bool strict);
std::vector<variable_list> jacobian(const TensorFunction& f, const variable_list& inputs,
                                    bool create_graph, bool strict);
std::vector<variable_list> hessian(const TensorFunction& f, const variable_list& inputs,
                                   bool create_graph, bool strict);

/// Inputs as a list.
inline variable_list listed(const Tensor& tensor) { return {tensor}; }
inline const variable_list& listed(const variable_list& tensors) { return tensors; }

/// A list as what T is: itself, or its only element.
template <class T, class Element>
auto unlisted(std::vector<Element> list) {
  if constexpr (std::is_same_v<T, Tensor>) {
    return std::move(list[0]);
  } else {
    return list;
  }
}
template <class Output, class Input>
auto unlisted(std::vector<variable_list> rows) {
  std::vector<decltype(unlisted<Input>(variable_list()))> result;
  for (variable_list& row : rows) result.push_back(unlisted<Input>(std::move(row)));
  return unlisted<Output>(std::move(result));
}
template <class Output, class Input>
auto unlisted(Lists lists) {
  return std::pair(unlisted<Output>(std::move(lists.first)),
                   unlisted<Input>(std::move(lists.second)));
}

/// What f returns: a tensor, or a list (a tuple counts as one).
template <class F>
using Output =
    std::conditional_t<std::is_same_v<tensor_function_result<F>, Tensor>, Tensor, variable_list>;

}  // namespace detail

/// The pair of f(x) and vᵀJ, the vector-Jacobian product. v has the outputs' shapes; it may be left
/// out if there is one output of one element.
template <class F, class Inputs>
requires(std::same_as<Inputs, Tensor> || std::same_as<Inputs, variable_list>)  //
    auto vjp(const F& f, const Inputs& inputs, const OneOrMore& v = {}, bool create_graph = false,
             bool strict = false) {
  return detail::unlisted<detail::Output<F>, Inputs>(
      detail::vjp(f, detail::listed(inputs), v, create_graph, strict));
}
template <class F>
auto vjp(const F& f, std::initializer_list<Tensor> inputs, const OneOrMore& v = {},
         bool create_graph = false, bool strict = false) {
  return vjp(f, variable_list(inputs), v, create_graph, strict);
}

/// The pair of f(x) and Jv, the Jacobian-vector product. v has the inputs' shapes; it may be left
/// out if there is one input of one element. Computed by differentiating uᵀJ by u, on which it
/// depends linearly: two backward passes in place of a forward mode.
template <class F, class Inputs>
requires(std::same_as<Inputs, Tensor> || std::same_as<Inputs, variable_list>)  //
    auto jvp(const F& f, const Inputs& inputs, const OneOrMore& v = {}, bool create_graph = false,
             bool strict = false) {
  return detail::unlisted<detail::Output<F>, detail::Output<F>>(
      detail::jvp(f, detail::listed(inputs), v, create_graph, strict));
}
template <class F>
auto jvp(const F& f, std::initializer_list<Tensor> inputs, const OneOrMore& v = {},
         bool create_graph = false, bool strict = false) {
  return jvp(f, variable_list(inputs), v, create_graph, strict);
}

/// The pair of f(x) and vᵀH, for an f whose value is one tensor of one element. v has the inputs'
/// shapes, and may be left out as in jvp. H is symmetric: this is hvp, and costs less.
template <class F, class Inputs>
requires(std::same_as<Inputs, Tensor> || std::same_as<Inputs, variable_list>)  //
    auto vhp(const F& f, const Inputs& inputs, const OneOrMore& v = {}, bool create_graph = false,
             bool strict = false) {
  return detail::unlisted<Tensor, Inputs>(
      detail::vhp(f, detail::listed(inputs), v, create_graph, strict));
}
template <class F>
auto vhp(const F& f, std::initializer_list<Tensor> inputs, const OneOrMore& v = {},
         bool create_graph = false, bool strict = false) {
  return vhp(f, variable_list(inputs), v, create_graph, strict);
}

/// The pair of f(x) and Hv, likewise.
template <class F, class Inputs>
requires(std::same_as<Inputs, Tensor> || std::same_as<Inputs, variable_list>)  //
    auto hvp(const F& f, const Inputs& inputs, const OneOrMore& v = {}, bool create_graph = false,
             bool strict = false) {
  return detail::unlisted<Tensor, Inputs>(
      detail::hvp(f, detail::listed(inputs), v, create_graph, strict));
}
template <class F>
auto hvp(const F& f, std::initializer_list<Tensor> inputs, const OneOrMore& v = {},
         bool create_graph = false, bool strict = false) {
  return hvp(f, variable_list(inputs), v, create_graph, strict);
}

/// The derivatives of all elements of every output by all elements of every input: tensors of shape
/// output shape + input shape.
template <class F, class Inputs>
requires(std::same_as<Inputs, Tensor> || std::same_as<Inputs, variable_list>)  //
    auto jacobian(const F& f, const Inputs& inputs, bool create_graph = false,
                  bool strict = false) {
  return detail::unlisted<detail::Output<F>, Inputs>(
      detail::jacobian(f, detail::listed(inputs), create_graph, strict));
}
template <class F>
auto jacobian(const F& f, std::initializer_list<Tensor> inputs, bool create_graph = false,
              bool strict = false) {
  return jacobian(f, variable_list(inputs), create_graph, strict);
}

/// The second derivatives of an f whose value is one tensor of one element: for a tensor x a tensor
/// of shape x's + x's, for a list [i][j] of shape xᵢ's + xⱼ's.
template <class F, class Inputs>
requires(std::same_as<Inputs, Tensor> || std::same_as<Inputs, variable_list>)  //
    auto hessian(const F& f, const Inputs& inputs, bool create_graph = false, bool strict = false) {
  return detail::unlisted<Inputs, Inputs>(
      detail::hessian(f, detail::listed(inputs), create_graph, strict));
}
template <class F>
auto hessian(const F& f, std::initializer_list<Tensor> inputs, bool create_graph = false,
             bool strict = false) {
  return hessian(f, variable_list(inputs), create_graph, strict);
}

}  // namespace adjoint::autograd::functional
