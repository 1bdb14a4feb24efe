#include "adjoint/autograd/engine.h"

#include <mutex>
#include <thread>

#include <fmt/ranges.h>
#include <spdlog/logger.h>

#include "adjoint/autograd/anomaly.h"
#include "adjoint/autograd/grad_mode.h"
#include "adjoint/autograd/meta.h"
#include "adjoint/autograd/record.h"
#include "adjoint/autograd/saved_tensor.h"
#include "adjoint/autograd/sweep.h"
#include "adjoint/core/denormals.h"
#include "adjoint/core/logging.h"

namespace adjoint::autograd {
namespace {

/// sum += term, in place if the sum is ours.
void accumulate(Tensor& sum, Tensor term) {
  if (!sum.defined()) {
    sum = std::move(term);
  } else if (may_overwrite(sum)) {
    sum.add_(term);
  } else {
    sum = sum.add(term);
  }
}

/// A gradient as its receiver must have it: summed where the forward broadcast, converted where it
/// promoted.
Tensor fit(Tensor gradient, const OutputMeta& expected, const Node& from, std::size_t input) {
  if (gradient.sizes() != IntArrayRef(expected.sizes)) {
    check(is_expandable_to(expected.sizes, gradient.sizes()),
          "{}: its rule returned a gradient of shape [{}] for input {}, which has shape [{}]",
          from.name(), fmt::join(gradient.sizes(), ", "), input, fmt::join(expected.sizes, ", "));
    gradient = gradient.sum_to_size(expected.sizes);
  }
  if (gradient.scalar_type() != expected.dtype) gradient = gradient.to(expected.dtype);
  return gradient;
}

}  // namespace

void Sweep::capture(const std::vector<Edge>& roots, const std::vector<Edge>& inputs) {
  capturing_ = true;
  captured.resize(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    captures_.emplace(inputs[i].function.get(), std::pair(inputs[i].input_nr, i));
  }
  // All reachable nodes in ascending order: when a node's turn comes, what it leads to is decided.
  std::map<uint64_t, const Node*> reachable;
  std::vector<const Node*> to_visit;
  const auto visit = [&](const Edge& edge) {
    if (edge.is_valid() &&
        reachable.emplace(edge.function->sequence_nr(), edge.function.get()).second) {
      to_visit.push_back(edge.function.get());
    }
  };
  for (const Edge& root : roots) visit(root);
  while (!to_visit.empty()) {
    const Node* node = to_visit.back();
    to_visit.pop_back();
    for (const Edge& edge : node->next_edges()) visit(edge);
  }
  for (const auto& [number, node] : reachable) {
    for (const Edge& edge : node->next_edges()) {
      if (edge.is_valid() &&
          (wanted_.contains(edge.function.get()) || captures_.contains(edge.function.get()))) {
        wanted_.insert(node);
        break;
      }
    }
  }
}

void Sweep::receive(const Edge& edge, Tensor gradient) {
  Waiting& entry = waiting_[edge.function->sequence_nr()];
  if (entry.node == nullptr) {
    entry.node = edge.function;
    entry.gradients.resize(edge.function->num_inputs());
  }
  accumulate(entry.gradients[edge.input_nr], std::move(gradient));
}

std::optional<Sweep::Waiting> Sweep::next() {
  if (waiting_.empty()) return std::nullopt;
  return std::move(waiting_.extract(waiting_.begin()).mapped());
}

namespace {

/// How many sweeps are under way on this thread, each called from a rule or a hook of the one
/// before.
thread_local int sweeps_under_way = 0;
/// So many fit on a thread's stack, with all that rules call in between.
constexpr int kMostSweepsAThread = 64;

struct UnderWay {
  UnderWay() { ++sweeps_under_way; }
  ~UnderWay() { --sweeps_under_way; }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
};

}  // namespace

void Sweep::run() {
  if (sweeps_under_way == kMostSweepsAThread) return run_on_another_stack();
  const UnderWay counted;
  const AutoGradMode recording(create_graph_);
  while (auto waiting = next()) {
    call_hooks(waiting->node, waiting->gradients);
    propagate(waiting->node, std::move(waiting->gradients));
  }
}

void Sweep::run_on_another_stack() {
  std::exception_ptr error;
  std::thread([this, &error, inference = InferenceMode::is_enabled(),
               flush = adjoint::detail::flushes_denormal()] {
    try {
      const InferenceMode mode(inference);
      set_flush_denormal(flush);
      run();
    } catch (...) {
      error = std::current_exception();
    }
  }).join();
  if (error != nullptr) std::rethrow_exception(error);
}

void Sweep::call_hooks(const std::shared_ptr<Node>& node, Grads& gradients) {
  if (node->hooks() == nullptr) return;
  const std::vector<Node::OutputHook> hooks = node->hooks()->of_outputs;  // one may remove itself
  for (const Node::OutputHook& hook : hooks) {
    Tensor& gradient = gradients[hook.output_nr];
    if (!gradient.defined()) continue;
    if (Tensor replaced = hook.hook(gradient); replaced.defined()) {
      check(replaced.sizes() == gradient.sizes(),
            "hook on an output of {}: it returned a gradient of shape [{}] in place of [{}]",
            node->name(), fmt::join(replaced.sizes(), ", "), fmt::join(gradient.sizes(), ", "));
      check(replaced.scalar_type() == gradient.scalar_type(),
            "hook on an output of {}: it returned a gradient of dtype {} in place of {}",
            node->name(), replaced.scalar_type(), gradient.scalar_type());
      gradient = std::move(replaced);
    }
  }
}

namespace {

/// What the hooks before the node's rule make of the gradients that it is to get.
Grads changed_before_rule(const Node& node, Grads gradients) {
  const std::vector<std::shared_ptr<FunctionPreHook>> hooks = node.hooks()->before_rule;
  for (const auto& hook : hooks) {
    gradients = (*hook)(gradients);
    check(gradients.size() == node.num_inputs(),
          "pre hook of {}: it returned {} gradients for {} outputs", node.name(), gradients.size(),
          node.num_inputs());
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      if (!gradients[i].defined()) continue;
      check(gradients[i].sizes() == IntArrayRef(node.outputs()[i].sizes),
            "pre hook of {}: it returned a gradient of shape [{}] for output {} of shape [{}]",
            node.name(), fmt::join(gradients[i].sizes(), ", "), i,
            fmt::join(node.outputs()[i].sizes, ", "));
    }
  }
  return gradients;
}

/// What the hooks after the node's rule make of the gradients that it has returned.
Grads changed_after_rule(const Node& node, Grads results, const Grads& gradients) {
  const std::vector<std::shared_ptr<FunctionPostHook>> hooks = node.hooks()->after_rule;
  const std::size_t expected = results.size();
  for (const auto& hook : hooks) {
    results = (*hook)(results, gradients);
    check(results.size() == expected, "post hook of {}: it returned {} gradients for {} inputs",
          node.name(), results.size(), expected);
  }
  return results;
}

}  // namespace

void Sweep::propagate(const std::shared_ptr<Node>& node, Grads gradients) {
  if (capturing_) {
    const auto [first, last] = captures_.equal_range(node.get());
    for (auto it = first; it != last; ++it) {
      captured[it->second.second] = gradients[it->second.first];
    }
    if (!wanted_.contains(node.get())) return;
  }

  const ArrayRef<Edge> edges = node->next_edges();
  Needs needs;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const Node* target = edges[i].function.get();
    if (target != nullptr && (leads_somewhere(target) || captures_.contains(target))) needs.add(i);
  }
  Grads results;
  {
    const CurrentNode current(node);
    if (node->hooks() != nullptr) gradients = changed_before_rule(*node, std::move(gradients));
    const bool hooked = node->hooks() != nullptr && !node->hooks()->after_rule.empty();
    const Grads seen = hooked ? gradients : Grads();
    results = AnomalyMode::is_enabled() ? apply_checked(*node, std::move(gradients), needs)
                                        : node->apply(std::move(gradients), needs);
    if (hooked) results = changed_after_rule(*node, std::move(results), seen);
  }
  if (!retain_graph_) node->release_saved();
  if (results.size() != edges.size() && !edges.empty()) {
    fail("{}: its rule returned {} gradients for {} inputs", node->name(), results.size(),
         edges.size());
  }
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (!results[i].defined() || !needs[i] || !edges[i].is_valid()) continue;
    const OutputMeta& expected = edges[i].function->outputs()[edges[i].input_nr];
    receive(edges[i], fit(std::move(results[i]), expected, *node, i));
  }
}

namespace {

/// The upstream gradient of a root: what the caller gave, checked, or 1.
Tensor root_gradient(const char* what, const Tensor& root, const Tensor& given) {
  if (!given.defined()) {
    check(root.numel() == 1,
          "{}: an output of {} needs an upstream gradient; only for a tensor of one element is it "
          "1 by "
          "itself: reduce it first, as in y.sum().backward(), or pass a tensor of its shape",
          what, root.describe());
    return empty(root.sizes(), root.options()).fill_(1);
  }
  check(given.sizes() == root.sizes(), "{}: the upstream gradient has shape [{}], the output [{}]",
        what, fmt::join(given.sizes(), ", "), fmt::join(root.sizes(), ", "));
  return given.scalar_type() == root.scalar_type() ? given : given.to(root.scalar_type());
}

}  // namespace

std::vector<Edge> root_edges(const char* what, const variable_list& roots) {
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < roots.size(); ++i) {
    edges.push_back(gradient_edge(roots[i]));
    check(edges.back().is_valid(),
          "{}: output {} ({}) does not require grad and was not computed from anything that does; "
          "was it computed under a NoGradGuard, or from detached tensors?",
          what, i, roots[i].describe());
  }
  return edges;
}

void start(Sweep& sweep, const char* what, const variable_list& roots,
           const std::vector<Edge>& edges, const variable_list& gradients) {
  check(gradients.empty() || gradients.size() == roots.size(),
        "{}: expected one upstream gradient an output ({}), got {}", what, roots.size(),
        gradients.size());
  const AutoGradMode recording(sweep.create_graph());
  for (std::size_t i = 0; i < roots.size(); ++i) {
    sweep.receive(edges[i],
                  root_gradient(what, roots[i], gradients.empty() ? Tensor() : gradients[i]));
  }
}

namespace {

variable_list sweep(const char* what, const variable_list& roots, const variable_list& root_grads,
                    std::optional<bool> retain_graph, bool create_graph,
                    const variable_list* inputs) {
  const std::vector<Edge> edges = root_edges(what, roots);
  Sweep run(retain_graph.value_or(create_graph), create_graph);
  if (inputs != nullptr) {
    std::vector<Edge> input_edges;
    for (std::size_t i = 0; i < inputs->size(); ++i) {
      input_edges.push_back(gradient_edge((*inputs)[i]));
      check(
          input_edges.back().is_valid(),
          "{}: input {} ({}) does not require grad; call requires_grad_() on it before it is used",
          what, i, (*inputs)[i].describe());
    }
    run.capture(edges, input_edges);
  }
  start(run, what, roots, edges, root_grads);
  run.run();
  return std::move(run.captured);
}

}  // namespace

namespace {

void warn_of_cycle() {
  static std::once_flag warned;
  std::call_once(warned, [] {
    logger().warn(
        "backward with create_graph: a leaf's grad() now keeps a graph that keeps the leaf, and "
        "neither is freed before mutable_grad().reset(); autograd::grad makes no such cycle");
  });
}

}  // namespace

void backward(const variable_list& tensors, const variable_list& grad_tensors,
              std::optional<bool> retain_graph, bool create_graph, const variable_list& inputs) {
  if (create_graph) warn_of_cycle();
  if (inputs.empty()) {
    sweep("backward", tensors, grad_tensors, retain_graph, create_graph, nullptr);
    return;
  }
  variable_list grads =
      sweep("backward", tensors, grad_tensors, retain_graph, create_graph, &inputs);
  const AutoGradMode recording(create_graph);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (grads[i].defined()) accumulate_into_grad(inputs[i], std::move(grads[i]));
  }
}

variable_list grad(const variable_list& outputs, const variable_list& inputs,
                   const variable_list& grad_outputs, std::optional<bool> retain_graph,
                   bool create_graph, bool allow_unused) {
  check(!inputs.empty(), "grad: the list of inputs is empty");
  variable_list grads = sweep("grad", outputs, grad_outputs, retain_graph, create_graph, &inputs);
  for (std::size_t i = 0; i < inputs.size() && !allow_unused; ++i) {
    check(grads[i].defined(),
          "grad: the outputs do not depend on input {} ({}); pass allow_unused=true to get an "
          "undefined tensor for it",
          i, inputs[i].describe());
  }
  return grads;
}

void accumulate_into_grad(const Tensor& tensor, Tensor gradient) {
  Tensor& grad = meta_of(tensor.impl()).grad;
  if (!grad.defined()) {
    // The gradient itself when nobody else can see it.
    grad = may_overwrite(gradient) ? std::move(gradient) : gradient.clone();
  } else if (GradMode::is_enabled()) {
    grad = grad.add(gradient);
  } else {
    grad.add_(gradient);
  }
}

}  // namespace adjoint::autograd
