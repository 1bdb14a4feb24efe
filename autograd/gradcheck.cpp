#include "adjoint/autograd/gradcheck.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <spdlog/logger.h>

#include "adjoint/autograd/engine.h"
#include "adjoint/autograd/grad_mode.h"
#include "adjoint/autograd/gradcheck_check.h"
#include "adjoint/core/logging.h"
#include "adjoint/core/random.h"

namespace adjoint::autograd {
namespace {

using namespace gradcheck_detail;

double dot(const Values& a, const Values& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// One run of gradcheck. Throws GradcheckError if a gradient is wrong.
class Check {
 public:
  /// With `all_differentiable`, outputs that do not require grad have to be constant even if others
  /// do require it.
  Check(const GradcheckFunction& function, const variable_list& inputs,
        const GradcheckOptions& options, const Wording& wording, bool all_differentiable)
      : options_(options),
        wording_(wording),
        tolerance_{options.rtol(), options.atol()},
        all_differentiable_(all_differentiable),
        sources_(sources_among(inputs, wording)),
        differences_(function, inputs, sources_, options, wording),
        outputs_(differences_.outputs()) {
    for (const std::size_t source : sources_) source_tensors_.push_back(inputs[source]);
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      if (is_differentiable(outputs_[i])) targets_.push_back(i);
    }
  }

  void run();

 private:
  void check_slow();
  void check_fast();
  void check_undifferentiated();
  void check_linear(std::size_t output);
  void check_zero_and_undefined();
  void compare(std::size_t output, std::size_t input, const Jacobian& analytic,
               const Jacobian& numeric);

  std::vector<Jacobian> analytic_jacobians(std::size_t output);
  std::vector<Values> gradients(std::size_t output, const Tensor& upstream);

  std::string name_of(std::size_t output) const {
    const auto node = outputs_[output].grad_fn();
    return node != nullptr ? node->name() : "no operation";
  }
  Label label(std::string name, const Tensor& tensor) const {
    return {std::move(name), tensor.sizes(), tensor.describe()};
  }
  template <class... Args>
  [[noreturn]] void wrong(fmt::format_string<Args...> format, Args&&... args) const {
    throw GradcheckError(wording_.check + ": " + fmt::format(format, std::forward<Args>(args)...));
  }

  const GradcheckOptions& options_;
  const Wording& wording_;
  const Tolerance tolerance_;
  const bool all_differentiable_;
  const std::vector<std::size_t> sources_;  // the inputs that require grad
  const Differences differences_;
  const variable_list& outputs_;
  variable_list source_tensors_;
  std::vector<std::size_t> targets_;  // the outputs that require grad
  bool kinks_accepted_ = false;
};

void Check::run() {
  if (targets_.empty() || all_differentiable_) check_undifferentiated();
  if (targets_.empty()) return;
  if (options_.fast_mode()) {
    check_fast();
  } else {
    check_slow();
  }
  for (const std::size_t target : targets_) check_linear(target);
  if (options_.check_undefined_grad()) check_zero_and_undefined();
}

/// The gradients of <output, upstream> by every source; zeros where none arrives.
std::vector<Values> Check::gradients(std::size_t output, const Tensor& upstream) {
  const variable_list found = grad({outputs_[output]}, source_tensors_, {upstream},
                                   /*retain_graph=*/true, /*create_graph=*/false,
                                   /*allow_unused=*/true);
  std::vector<Values> values;
  for (std::size_t k = 0; k < found.size(); ++k) {
    const ScalarType dtype = source_tensors_[k].scalar_type();
    if (options_.check_grad_dtypes() && found[k].defined() && found[k].scalar_type() != dtype) {
      wrong("the gradient of {} is {}, but the input is {}", wording_.input(sources_[k]),
            found[k].scalar_type(), dtype);
    }
    values.push_back(found[k].defined()
                         ? values_of(found[k])
                         : Values(static_cast<std::size_t>(source_tensors_[k].numel())));
  }
  return values;
}

/// The Jacobian of one output by every source, row by row: row i is the gradient for the upstream
/// gradient that is 1 at element i and 0 elsewhere.
std::vector<Jacobian> Check::analytic_jacobians(std::size_t output) {
  const int64_t rows = outputs_[output].numel();
  std::vector<Jacobian> jacobians;
  for (const Tensor& source : source_tensors_) jacobians.emplace_back(rows, source.numel());
  for (int64_t row = 0; row < rows; ++row) {
    Values basis(static_cast<std::size_t>(rows));
    basis[static_cast<std::size_t>(row)] = 1;
    const Tensor upstream = tensor_of(basis, outputs_[output]);
    const std::vector<Values> first = gradients(output, upstream);
    const std::vector<Values> second = gradients(output, upstream);
    for (std::size_t k = 0; k < first.size(); ++k) {
      for (std::size_t i = 0; i < first[k].size(); ++i) {
        const double difference = std::fabs(first[k][i] - second[k][i]);
        if (difference > options_.nondet_tol()) {
          wrong(
              "backward is not deterministic: the gradient of {} (computed by {}) at {} with "
              "respect to {} at {} was {:.17g} and, for the same upstream gradient, {:.17g}; they "
              "may differ by nondet_tol = {:g}",
              wording_.output(output), name_of(output), index_text(row, outputs_[output].sizes()),
              wording_.input(sources_[k]),
              index_text(static_cast<int64_t>(i), source_tensors_[k].sizes()), first[k][i],
              second[k][i], options_.nondet_tol());
        }
        jacobians[k].at(row, static_cast<int64_t>(i)) = first[k][i];
      }
    }
  }
  return jacobians;
}

void Check::compare(std::size_t output, std::size_t input, const Jacobian& analytic,
                    const Jacobian& numeric) {
  std::vector<Mismatch> found = mismatches(analytic, numeric, tolerance_);
  // In float32 rounding bends every function: no bend is told from a kink.
  const bool knows_kinks = outputs_[output].scalar_type() == kFloat64 &&
                           source_tensors_[input].scalar_type() == kFloat64;
  const auto one_sided = [&](const Mismatch& m) {
    return knows_kinks ? differences_.one_sided(output, input, m) : OneSided{};
  };
  if (options_.allow_kinks()) {
    std::erase_if(found, [&](const Mismatch& m) {
      const OneSided sides = one_sided(m);
      const auto [low, high] = std::minmax(sides.left, sides.right);
      const double value = analytic.at(m.row, m.column);
      const bool subgradient = is_kink(sides, tolerance_) && value >= low - tolerance_.atol &&
                               value <= high + tolerance_.atol;
      if (subgradient) {
        logger().warn(
            "{}: {} at {} has a kink in {} at {}: the derivative is {:g} to the left, {:g} to the "
            "right; the gradient there, {:g}, was accepted",
            wording_.check, wording_.output(output), index_text(m.row, outputs_[output].sizes()),
            wording_.input(sources_[input]), index_text(m.column, source_tensors_[input].sizes()),
            sides.left, sides.right, value);
        kinks_accepted_ = true;
      }
      return subgradient;
    });
  }
  if (found.empty()) return;
  std::string text =
      report(analytic, numeric, std::move(found), tolerance_, name_of(output),
             label(wording_.output(output), outputs_[output]),
             label(wording_.input(sources_[input]), source_tensors_[input]), one_sided);
  if (differences_.evaluate() != differences_.evaluate()) {
    text +=
        "  note: the function gives different values for the same inputs; if it draws random "
        "numbers, set the seed inside it\n";
  }
  wrong("{}", text);
}

void Check::check_slow() {
  std::vector<std::vector<Jacobian>> numeric;
  for (std::size_t k = 0; k < sources_.size(); ++k) numeric.push_back(differences_.jacobians(k));
  for (const std::size_t target : targets_) {
    const std::vector<Jacobian> analytic = analytic_jacobians(target);
    for (std::size_t k = 0; k < sources_.size(); ++k) {
      compare(target, k, analytic[k], numeric[k][target]);
    }
  }
}

void Check::check_fast() {
  const Generator generator = make_generator();
  std::vector<Values> v(outputs_.size());
  std::vector<std::vector<Values>> analytic(outputs_.size());  // vᵀJ, one a target and source
  for (const std::size_t target : targets_) {
    v[target] = random_values(outputs_[target].numel(), generator);
    analytic[target] = gradients(target, tensor_of(v[target], outputs_[target]));
    const auto again = gradients(target, tensor_of(v[target], outputs_[target]));
    for (std::size_t k = 0; k < sources_.size(); ++k) {
      for (std::size_t i = 0; i < again[k].size(); ++i) {
        // The full check names the element.
        if (std::fabs(again[k][i] - analytic[target][k][i]) > options_.nondet_tol()) check_slow();
      }
    }
  }
  for (std::size_t k = 0; k < sources_.size(); ++k) {
    Values u = random_values(source_tensors_[k].numel(), generator);
    const double norm = std::sqrt(dot(u, u));
    Direction direction;
    for (std::size_t i = 0; i < u.size(); ++i) {
      u[i] /= norm;
      direction.emplace_back(static_cast<int64_t>(i), u[i]);
    }
    const std::vector<Values> numeric = differences_.along(k, direction);  // Ju, one an output
    for (const std::size_t target : targets_) {
      const double vju = dot(v[target], numeric[target]);
      // Every element of J may be off by atol, so vᵀJu by the sum of that over all elements.
      const double scale = std::accumulate(u.begin(), u.end(), 0.0) *
                           std::accumulate(v[target].begin(), v[target].end(), 0.0);
      const Tolerance tolerance{tolerance_.rtol, tolerance_.atol * scale};
      const double expected = dot(analytic[target][k], u);
      if (tolerance.accepts(expected, vju)) continue;
      check_slow();
      if (kinks_accepted_) return;
      wrong(
          "fast mode: the random projection of the Jacobian of {} by {} is {:.10g} by backward and "
          "{:.10g} by differences, although every element is within the tolerance; run the full "
          "check (fast_mode(false))",
          wording_.output(target), wording_.input(sources_[k]), expected, vju);
    }
  }
}

/// What is not differentiable has to be constant.
void Check::check_undifferentiated() {
  const auto is_undifferentiated = [](const Tensor& t) {
    return t.defined() && !t.requires_grad();
  };
  if (std::none_of(outputs_.begin(), outputs_.end(), is_undifferentiated)) return;
  for (std::size_t k = 0; k < sources_.size(); ++k) {
    const std::vector<Jacobian> numeric = differences_.jacobians(k);
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      if (!is_undifferentiated(outputs_[i])) continue;
      for (int64_t row = 0; row < numeric[i].rows; ++row) {
        for (int64_t column = 0; column < numeric[i].columns; ++column) {
          if (tolerance_.accepts(0, numeric[i].at(row, column))) continue;
          wrong(
              "{} ({}) does not require grad, but depends on {}: at {} its derivative by element "
              "{} is {:.8g}; was it computed from detached tensors, or under a NoGradGuard?",
              wording_.output(i), outputs_[i].describe(), wording_.input(sources_[k]),
              index_text(row, outputs_[i].sizes()), index_text(column, source_tensors_[k].sizes()),
              numeric[i].at(row, column));
        }
      }
    }
  }
}

/// Upstream gradients of one element each do not tell a linear rule from, say, one that squares the
/// upstream gradient: the gradient for a random combination has to be that of the gradients.
void Check::check_linear(std::size_t output) {
  const Generator generator = make_generator();
  const int64_t rows = outputs_[output].numel();
  const Values a = random_values(rows, generator), b = random_values(rows, generator);
  Values sum(a.size());
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = 2 * a[i] - 3 * b[i];
  const auto of_a = gradients(output, tensor_of(a, outputs_[output]));
  const auto of_b = gradients(output, tensor_of(b, outputs_[output]));
  const auto of_sum = gradients(output, tensor_of(sum, outputs_[output]));
  for (std::size_t k = 0; k < sources_.size(); ++k) {
    for (std::size_t i = 0; i < of_sum[k].size(); ++i) {
      const double expected = 2 * of_a[k][i] - 3 * of_b[k][i];
      if (tolerance_.accepts(of_sum[k][i], expected)) continue;
      // Large gradients that cancel leave their rounding errors.
      const double size = 2 * std::fabs(of_a[k][i]) + 3 * std::fabs(of_b[k][i]);
      if (std::fabs(of_sum[k][i] - expected) <= tolerance_.rtol * size) continue;
      wrong(
          "backward of {} (computed by {}) is not linear in the upstream gradient: for 2a - 3b the "
          "gradient with respect to {} at {} is {:.8g}, but twice that for a less three times that "
          "for b is {:.8g}",
          wording_.output(output), name_of(output), wording_.input(sources_[k]),
          index_text(static_cast<int64_t>(i), source_tensors_[k].sizes()), of_sum[k][i], expected);
    }
  }
}

/// Zeros upstream, to all outputs together and to each alone (so that the others get none), have to
/// come out as zeros.
void Check::check_zero_and_undefined() {
  const auto expect_zero = [&](const std::vector<std::size_t>& used) {
    variable_list outputs, zeros;
    for (const std::size_t target : used) {
      outputs.push_back(outputs_[target]);
      zeros.push_back(
          tensor_of(Values(static_cast<std::size_t>(outputs_[target].numel())), outputs_[target]));
    }
    const variable_list found = grad(outputs, source_tensors_, zeros, true, false, true);
    for (std::size_t k = 0; k < found.size(); ++k) {
      if (!found[k].defined()) continue;
      for (const double value : values_of(found[k])) {
        if (value == 0) continue;
        wrong(
            "the gradient with respect to {} contains {:g}, although all upstream gradients are "
            "zero or undefined",
            wording_.input(sources_[k]), value);
      }
    }
  };
  expect_zero(targets_);
  if (targets_.size() == 1) return;
  for (const std::size_t target : targets_) expect_zero({target});
}

}  // namespace

std::vector<std::size_t> gradcheck_detail::sources_among(const variable_list& inputs,
                                                         const Wording& wording) {
  std::vector<std::size_t> sources;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!is_differentiable(inputs[i])) continue;
    sources.push_back(i);
    if (inputs[i].scalar_type() != kFloat64) {
      logger().warn(
          "{}: {} is {}; differences are precise enough only in float64, so the check will likely "
          "fail",
          wording.check, wording.input(i), inputs[i].scalar_type());
    }
  }
  check(!sources.empty(),
        "{}: expected at least one input that requires grad; make it with requires_grad(true), or "
        "call x.requires_grad_()",
        wording.check);
  return sources;
}

Values gradcheck_detail::random_values(int64_t count, const Generator& generator) {
  Values values(static_cast<std::size_t>(count));
  random::fill_uniform(values.data(), count, 0, 1, generator);
  return values;
}

bool gradcheck_detail::checked(const GradcheckFunction& function, const variable_list& inputs,
                               const GradcheckOptions& options, const Wording& wording,
                               bool all_differentiable) {
  check(options.eps() > 0 && std::isfinite(options.eps()),
        "{}: eps is the step of the differences and has to be positive, got {}", wording.check,
        options.eps());
  check(options.atol() >= 0 && options.rtol() >= 0 && options.nondet_tol() >= 0,
        "{}: tolerances cannot be negative, got atol {}, rtol {}, nondet_tol {}", wording.check,
        options.atol(), options.rtol(), options.nondet_tol());
  const AutoGradMode recording(true);
  try {
    Check(function, inputs, options, wording, all_differentiable).run();
    return true;
  } catch (const GradcheckError&) {
    if (options.raise_exception()) throw;
    return false;
  }
}

bool gradcheck(const GradcheckFunction& function, const variable_list& inputs,
               const GradcheckOptions& options) {
  return checked(function, inputs, options, Wording());
}

}  // namespace adjoint::autograd
