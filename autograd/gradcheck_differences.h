#pragma once

// Internal: the finite differences of gradcheck.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "adjoint/autograd/gradcheck.h"
#include "adjoint/autograd/gradcheck_report.h"

/// The numeric half of gradcheck: derivatives by finite differences.
namespace adjoint::autograd::gradcheck_detail {

/// The elements of a tensor in row-major order.
using Values = std::vector<double>;
Values values_of(const Tensor& tensor);
/// The values as a new tensor of the shape and dtype of `like`.
Tensor tensor_of(const Values& values, const Tensor& like);

/// A direction in the space of an input's elements: pairs of element and component.
using Direction = std::vector<std::pair<int64_t, double>>;

/// What tells gradgradcheck's messages from gradcheck's.
struct Wording {
  std::string check = "gradcheck";
  std::function<std::string(std::size_t)> input = [](std::size_t i) {
    return fmt::format("input {}", i);
  };
  std::function<std::string(std::size_t)> output = [](std::size_t i) {
    return fmt::format("output {}", i);
  };
};

/// Evaluates a function at its inputs and near them. The inputs' elements are moved in place and
/// moved back, past autograd: all handles see the moved values, and no version is counted.
class Differences {
 public:
  /// `sources` are the inputs that will be moved, `outputs` what the function returned for the
  /// inputs as they are. Throws Error if an element of a source is one of another in memory.
  Differences(const GradcheckFunction& function, const variable_list& inputs,
              const std::vector<std::size_t>& sources, const GradcheckOptions& options,
              const Wording& wording);

  /// The function's outputs; those of every later call have to be of the same shapes.
  const variable_list& outputs() const { return outputs_; }
  /// Their values, computed anew; empty for undefined ones.
  std::vector<Values> evaluate() const;
  /// The derivatives of all outputs along a direction in the k-th source.
  std::vector<Values> along(std::size_t k, const Direction& direction) const;
  /// The Jacobian of every output by the k-th source.
  std::vector<Jacobian> jacobians(std::size_t k) const;
  OneSided one_sided(std::size_t output, std::size_t k, const Mismatch& at) const;

 private:
  void check_memory() const;
  std::vector<Values> evaluate_moved(std::size_t k, const Direction& direction, double t) const;

  const GradcheckFunction& function_;
  const variable_list& inputs_;
  const std::vector<std::size_t>& sources_;
  const GradcheckOptions& options_;
  const Wording& wording_;
  std::vector<std::vector<int64_t>> offsets_;  // where the elements of each source lie
  variable_list outputs_;
};

}  // namespace adjoint::autograd::gradcheck_detail
