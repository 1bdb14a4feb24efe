#include "adjoint/autograd/functional.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "adjoint/autograd/engine.h"
#include "adjoint/autograd/grad_mode.h"

namespace adjoint {
// Of ops/join.h. As with Tensor's methods, linking goes up here while including does not.
Tensor stack(TensorList tensors, int64_t dim);
}  // namespace adjoint

namespace adjoint::autograd::functional::detail {
namespace {

Tensor zeros_like(const Tensor& like) { return empty(like.sizes(), like.options()).fill_(0); }

/// The arguments for the function: new tensors, to tell them from the caller's if the function
/// captured those too. Connected to them if the results are to be differentiable by them.
variable_list prepared(const char* name, const variable_list& inputs, bool create_graph) {
  check(!inputs.empty(), "{}: there are no inputs", name);
  variable_list arguments;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check(inputs[i].defined() && inputs[i].is_floating_point(),
          "{}: input {} is {}, but has to be a floating-point tensor", name, i,
          inputs[i].describe());
    if (create_graph && inputs[i].requires_grad()) {
      arguments.push_back(inputs[i].view_as(inputs[i]));
    } else {
      arguments.push_back(inputs[i].detach().requires_grad_());
    }
  }
  return arguments;
}

/// The vector v as a list that fits `like`, the function's inputs or outputs. Where it was not
/// given it is 1, if they are one element.
variable_list prepared_vector(const char* name, const OneOrMore& v, const variable_list& like,
                              const char* what, bool create_graph) {
  if (v.list.empty()) {
    check(like.size() == 1 && like[0].numel() == 1,
          "{}: the vector v can only be left out if the function has one {} of one element", name,
          what);
    return {empty(like[0].sizes(), like[0].options()).fill_(1)};
  }
  check(v.list.size() == like.size(), "{}: the function has {} {}s, but v has {} tensors", name,
        like.size(), what, v.list.size());
  variable_list vectors;
  for (std::size_t i = 0; i < like.size(); ++i) {
    check(v.list[i].sizes() == like[i].sizes(),
          "{}: v's tensor {} has shape [{}], but {} {} has shape [{}]", name, i,
          fmt::join(v.list[i].sizes(), ", "), what, i, fmt::join(like[i].sizes(), ", "));
    vectors.push_back(create_graph ? v.list[i] : v.list[i].detach());
  }
  return vectors;
}

/// grad() that leaves out outputs that do not require grad, and allows unused inputs.
variable_list gradients(const variable_list& outputs, const variable_list& inputs,
                        const variable_list& vectors, bool create_graph,
                        std::optional<bool> retain_graph = std::nullopt) {
  variable_list used, used_vectors;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].defined() || !outputs[i].requires_grad()) continue;
    used.push_back(outputs[i]);
    used_vectors.push_back(vectors[i]);
  }
  if (used.empty()) return variable_list(inputs.size());
  return grad(used, inputs, used_vectors, retain_graph, create_graph, /*allow_unused=*/true);
}

void check_outputs(const char* name, const variable_list& outputs, bool strict) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    check(outputs[i].defined(), "{}: output {} of the function is undefined", name, i);
    check(!strict || outputs[i].requires_grad(),
          "{} (strict): output {} of the function does not require grad: it does not depend on the "
          "inputs, or not in a differentiable way",
          name, i);
  }
}

/// Zeros for what is undefined, or with strict an Error. `what` is a derivative, `of` what it is
/// taken by.
variable_list filled(const char* name, variable_list derivatives, const variable_list& like,
                     bool strict, bool create_graph, const char* what, const char* of) {
  for (std::size_t i = 0; i < derivatives.size(); ++i) {
    check(!strict || derivatives[i].defined(), "{} (strict): {} does not depend on {} {}", name,
          what, of, i);
    check(!strict || !create_graph || derivatives[i].requires_grad(),
          "{} (strict, create_graph): the derivative of {} by {} {} is constant", name, what, of,
          i);
    if (!derivatives[i].defined()) derivatives[i] = zeros_like(like[i]);
  }
  return derivatives;
}

/// Without a history the caller did not ask for.
variable_list finished(variable_list tensors, bool create_graph) {
  if (create_graph) return tensors;
  for (Tensor& tensor : tensors) tensor = tensor.detach();
  return tensors;
}

variable_list scalar_output(const char* name, const variable_list& outputs, bool strict) {
  check(outputs.size() == 1, "{}: the function should return a single tensor, it returned {}", name,
        outputs.size());
  check_outputs(name, outputs, strict);
  check(outputs[0].numel() == 1, "{}: the function should return a single element, it returned {}",
        name, outputs[0].describe());
  return outputs;
}

/// The first derivatives of f's one output, differentiable, for vhp, hvp and hessian.
variable_list differentiable_gradient(const char* name, const variable_list& outputs,
                                      const variable_list& inputs, bool strict) {
  variable_list first = gradients(outputs, inputs, {Tensor()}, /*create_graph=*/true);
  for (std::size_t i = 0; i < first.size() && strict; ++i) {
    check(first[i].defined(), "{} (strict): the output does not depend on input {}", name, i);
    check(first[i].requires_grad(),
          "{} (strict): the derivative by input {} does not depend on the inputs: the function is "
          "linear in it",
          name, i);
  }
  return first;
}

}  // namespace

Lists vjp(const TensorFunction& f, const variable_list& inputs, const OneOrMore& v,
          bool create_graph, bool strict) {
  const AutoGradMode recording(true);
  const variable_list x = prepared("vjp", inputs, create_graph);
  const variable_list y = f(x);
  check_outputs("vjp", y, strict);
  const variable_list vectors = prepared_vector("vjp", v, y, "output", create_graph);
  variable_list result = filled("vjp", gradients(y, x, vectors, create_graph), x, strict,
                                create_graph, "the function", "input");
  return {finished(y, create_graph), finished(std::move(result), create_graph)};
}

Lists jvp(const TensorFunction& f, const variable_list& inputs, const OneOrMore& v,
          bool create_graph, bool strict) {
  const AutoGradMode recording(true);
  const variable_list x = prepared("jvp", inputs, create_graph);
  const variable_list vectors = prepared_vector("jvp", v, x, "input", create_graph);
  const variable_list y = f(x);
  check_outputs("jvp", y, strict);
  // g(u) = uᵀJ is linear in u, so that where it is differentiated does not matter.
  variable_list u;
  for (const Tensor& output : y) u.push_back(zeros_like(output).requires_grad_());
  const variable_list g = gradients(y, x, u, /*create_graph=*/true);
  for (std::size_t i = 0; i < g.size() && strict; ++i) {
    check(g[i].defined() && g[i].requires_grad(),
          "jvp (strict): the function does not depend on input {}", i);
  }
  variable_list result = filled("jvp", gradients(g, u, vectors, create_graph), y, strict,
                                create_graph, "the gradient", "output");
  return {finished(y, create_graph), finished(std::move(result), create_graph)};
}

Lists vhp(const TensorFunction& f, const variable_list& inputs, const OneOrMore& v,
          bool create_graph, bool strict) {
  const AutoGradMode recording(true);
  const variable_list x = prepared("vhp", inputs, create_graph);
  const variable_list vectors = prepared_vector("vhp", v, x, "input", create_graph);
  const variable_list y = scalar_output("vhp", f(x), strict);
  const variable_list first = differentiable_gradient("vhp", y, x, strict);
  variable_list result = filled("vhp", gradients(first, x, vectors, create_graph), x, strict,
                                create_graph, "the Jacobian", "input");
  return {finished(y, create_graph), finished(std::move(result), create_graph)};
}

Lists hvp(const TensorFunction& f, const variable_list& inputs, const OneOrMore& v,
          bool create_graph, bool strict) {
  const AutoGradMode recording(true);
  const variable_list x = prepared("hvp", inputs, create_graph);
  const variable_list vectors = prepared_vector("hvp", v, x, "input", create_graph);
  const variable_list y = scalar_output("hvp", f(x), strict);
  const variable_list first = differentiable_gradient("hvp", y, x, strict);
  variable_list u;
  for (const Tensor& input : x) u.push_back(zeros_like(input).requires_grad_());
  const variable_list second = gradients(first, x, u, /*create_graph=*/true);
  variable_list result = filled("hvp", gradients(second, u, vectors, create_graph), x, strict,
                                create_graph, "the Hessian", "input");
  return {finished(y, create_graph), finished(std::move(result), create_graph)};
}

std::vector<variable_list> jacobian(const TensorFunction& f, const variable_list& inputs,
                                    bool create_graph, bool strict) {
  const AutoGradMode recording(true);
  const variable_list x = prepared("jacobian", inputs, create_graph);
  const variable_list y = f(x);
  check_outputs("jacobian", y, strict);
  std::vector<variable_list> result;
  for (const Tensor& output : y) {
    std::vector<variable_list> rows(x.size());  // of each input: one an element of the output
    for (int64_t element = 0; element < output.numel(); ++element) {
      const Tensor basis = zeros_like(output);
      basis.reshape({-1}).select(0, element).fill_(1);
      variable_list row =
          filled("jacobian", gradients({output}, x, {basis}, create_graph, /*retain_graph=*/true),
                 x, strict, create_graph, "the function", "input");
      for (std::size_t i = 0; i < x.size(); ++i) rows[i].push_back(std::move(row[i]));
    }
    result.emplace_back();
    for (std::size_t i = 0; i < x.size(); ++i) {
      Dims shape = output.sizes();
      for (const int64_t size : x[i].sizes()) shape.push_back(size);
      result.back().push_back(rows[i].empty() ? empty(shape, x[i].options())
                                              : stack(rows[i], 0).reshape(shape));
    }
    result.back() = finished(std::move(result.back()), create_graph);
  }
  return result;
}

std::vector<variable_list> hessian(const TensorFunction& f, const variable_list& inputs,
                                   bool create_graph, bool strict) {
  const TensorFunction gradient([&](const variable_list& x) {
    const variable_list y = scalar_output("hessian", f(x), strict);
    variable_list first = differentiable_gradient("hessian", y, x, strict);
    for (std::size_t i = 0; i < first.size(); ++i) {
      if (!first[i].defined()) first[i] = zeros_like(x[i]);
    }
    return first;
  });
  return jacobian(gradient, inputs, create_graph, strict);
}

}  // namespace adjoint::autograd::functional::detail
