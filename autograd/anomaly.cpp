#include "adjoint/autograd/anomaly.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <typeinfo>

#include <fmt/ranges.h>

#include "adjoint/autograd/backtrace.h"
#include "adjoint/autograd/grad_mode.h"
#include "adjoint/autograd/saved_tensor.h"
#include "adjoint/autograd/sweep.h"

namespace adjoint::autograd {

// ---- where an operation was recorded ------------------------------------------------------------

std::shared_ptr<const Trace> Trace::here() {
  auto trace = std::make_shared<Trace>();
  trace->addresses_ = backtrace_addresses();
  if (const std::shared_ptr<Node>& node = CurrentNode::get()) {
    trace->backward_of_ = node->name();
    trace->parent_ = node->trace();
  }
  return trace;
}

namespace {

/// Functions that every recording passes through, or that come before main.
bool is_machinery(std::string_view function) {
  constexpr std::array kParts = {"autograd::backtrace_addresses",
                                 "__interceptor_",  // a sanitizer's
                                 "autograd::Trace::",
                                 "autograd::Node::Node",
                                 "autograd::detail::RuleNode",
                                 "autograd::record",
                                 "autograd::detail::record",
                                 "autograd::make_node",
                                 "autograd::detail::CustomNode::CustomNode",
                                 "__libc_start",
                                 "std::__invoke",
                                 "std::_Function_handler",
                                 "std::function<",
                                 "std::enable_if<"};
  return function == "_start" || function == "?" ||
         std::any_of(kParts.begin(), kParts.end(), [&](std::string_view part) {
           return function.substr(0, function.find('(')).find(part) != std::string_view::npos;
         });
}

/// What stands in <> replaced by "...", if it is long.
std::string shortened(std::string_view function) {
  constexpr std::size_t kLong = 30;
  std::string text;
  for (std::size_t i = 0; i < function.size(); ++i) {
    text += function[i];
    if (function[i] != '<') continue;
    std::size_t end = i + 1;
    for (int depth = 1; end < function.size() && depth > 0; ++end) {
      depth += function[end] == '<' ? 1 : function[end] == '>' && function[end - 1] != '-' ? -1 : 0;
    }
    if (end - i < kLong) continue;
    text += "...>";
    i = end - 1;
  }
  return text;
}

}  // namespace

std::string Trace::text() const {
  std::string text;
  for (const std::string& function : function_names(addresses_)) {
    if (!is_machinery(function)) text += fmt::format("    {}\n", shortened(function));
    if (function == "main") break;
  }
  if (!backward_of_.empty()) {
    text += fmt::format("  during the backward of {}, which was recorded in\n{}", backward_of_,
                        parent_ != nullptr ? parent_->text() : "    (anomaly mode was off then)\n");
  }
  return text;
}

// ---- the check ----------------------------------------------------------------------------------

namespace {

std::string place_of(const Node& node) {
  if (node.trace() == nullptr) {
    return fmt::format(
        "  {} was recorded while anomaly mode was off: turn it on before the forward pass to see "
        "where",
        node.name());
  }
  return fmt::format("  {} was recorded in\n{}", node.name(), node.trace()->text());
}

/// How many of a gradient's elements are special, and where the first NaN is.
struct Census {
  int64_t nans = 0, infinities = 0, first_nan = -1;
};

Census census_of(const Tensor& gradient) {
  Census census;
  if (!gradient.defined() || !gradient.is_floating_point()) return census;
  const NoGradGuard no_grad;
  const Tensor dense = gradient.contiguous();
  dispatch_floating("anomaly mode", dense.scalar_type(), [&]<class T>(std::type_identity<T>) {
    const T* const values = dense.data_ptr<T>();
    for (int64_t i = 0; i < dense.numel(); ++i) {
      if (std::isinf(values[i])) ++census.infinities;
      if (!std::isnan(values[i])) continue;
      if (census.nans++ == 0) census.first_nan = i;
    }
  });
  return census;
}

std::string index_text(int64_t element, IntArrayRef sizes) {
  Dims index(sizes.size(), 0);
  for (std::size_t d = sizes.size(); d-- > 0; element /= sizes[d]) index[d] = element % sizes[d];
  return fmt::format("[{}]", fmt::join(index, ", "));
}

}  // namespace

Grads apply_checked(Node& node, Grads&& upstream, Needs needs) {
  const bool check_nan = AnomalyMode::should_check_nan();
  bool upstream_is_infinite = false;
  for (std::size_t i = 0; check_nan && i < upstream.size(); ++i) {
    const Census census = census_of(upstream[i]);
    upstream_is_infinite |= census.infinities > 0;
    if (census.nans == 0) continue;
    fail(
        "anomaly mode: the gradient of output {} of {} ({}) is NaN in {} of {} elements, and no "
        "rule made it so: it was given to backward, or a hook returned it\n{}",
        i, node.name(), upstream[i].describe(), census.nans, upstream[i].numel(), place_of(node));
  }
  Grads results;
  try {
    results = node.apply(std::move(upstream), needs);
  } catch (const Error& error) {
    if (typeid(error) != typeid(Error)) throw;
    fail("{}\n{}", error.what(), place_of(node));
  }
  for (std::size_t i = 0; check_nan && i < results.size(); ++i) {
    const Census census = census_of(results[i]);
    if (!needs[i] || census.nans == 0) continue;
    fail(
        "anomaly mode: the rule of {} returned NaN as gradient of its input {} ({}): in {} of {} "
        "elements, the first one at {}; its upstream gradient has no NaN{}\n{}",
        node.name(), i, results[i].describe(), census.nans, results[i].numel(),
        index_text(census.first_nan, results[i].sizes()),
        upstream_is_infinite ? ", but infinities" : "", place_of(node));
  }
  return results;
}

}  // namespace adjoint::autograd
