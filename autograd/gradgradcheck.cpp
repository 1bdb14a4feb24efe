// gradgradcheck: gradcheck of the gradients as functions of inputs and upstream gradients.

#include <fmt/format.h>

#include "adjoint/autograd/engine.h"
#include "adjoint/autograd/grad_mode.h"
#include "adjoint/autograd/gradcheck.h"
#include "adjoint/autograd/gradcheck_check.h"

namespace adjoint::autograd {
namespace {

using namespace gradcheck_detail;

/// Upstream gradients for gradgradcheck, between -1 and 1; every second element of a longer tensor
/// if they are to be non-contiguous.
Tensor random_upstream(const Tensor& output, bool non_contiguous, const Generator& generator) {
  Values values = random_values(output.numel(), generator);
  for (double& value : values) value = 2 * value - 1;
  Tensor upstream = tensor_of(values, output);
  if (non_contiguous && upstream.numel() > 1) {
    Dims strides = contiguous_strides(output.sizes());
    for (int64_t& stride : strides) stride *= 2;
    const Tensor sparse = empty_strided(output.sizes(), strides, output.options());
    upstream = sparse.copy_(upstream);
  }
  return upstream.requires_grad_();
}

}  // namespace

bool gradgradcheck(const GradcheckFunction& function, const variable_list& inputs,
                   const variable_list& grad_outputs, const GradcheckOptions& options) {
  const AutoGradMode recording(true);
  const auto differentiable_outputs = [](const variable_list& all) {
    variable_list found;
    for (const Tensor& output : all) {
      if (is_differentiable(output)) found.push_back(output);
    }
    return found;
  };

  Wording wording;
  wording.check = "gradgradcheck";
  const std::vector<std::size_t> sources = sources_among(inputs, wording);
  variable_list upstream = grad_outputs;
  if (upstream.empty()) {
    const Generator generator = make_generator();
    for (const Tensor& output : differentiable_outputs(function(inputs))) {
      upstream.push_back(random_upstream(output, options.gen_non_contig_grad_outputs(), generator));
    }
  }
  // The inputs and the upstream gradients in, the gradients out.
  const std::size_t inputs_count = inputs.size();
  const GradcheckFunction gradients([&](const variable_list& all) {
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(inputs_count);
    const variable_list arguments(all.begin(), end), upstream_now(end, all.end());
    variable_list differentiated;
    for (const std::size_t source : sources) differentiated.push_back(arguments[source]);
    return grad(differentiable_outputs(function(arguments)), differentiated, upstream_now,
                /*retain_graph=*/true, /*create_graph=*/true, /*allow_unused=*/true);
  });
  wording.input = [&](std::size_t i) {
    return i < inputs_count ? fmt::format("input {}", i)
                            : fmt::format("grad_output {}", i - inputs_count);
  };
  wording.output = [&](std::size_t i) {
    return fmt::format("the gradient of input {}", sources[i]);
  };

  variable_list all = inputs;
  all.insert(all.end(), upstream.begin(), upstream.end());
  return checked(gradients, all, options, wording, /*all_differentiable=*/true);
}

}  // namespace adjoint::autograd
