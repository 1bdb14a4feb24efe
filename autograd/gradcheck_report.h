#pragma once

// Internal: how gradcheck words what it found.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "adjoint/core/tensor.h"

/// The part of gradcheck that explains: two Jacobians in, a text out.
namespace adjoint::autograd::gradcheck_detail {

/// The derivatives of all elements of an output by all elements of an input.
struct Jacobian {
  Jacobian(int64_t outputs, int64_t inputs)
      : rows(outputs), columns(inputs), values(static_cast<std::size_t>(outputs * inputs)) {}
  double& at(int64_t row, int64_t column) {
    return values[static_cast<std::size_t>(row * columns + column)];
  }
  double at(int64_t row, int64_t column) const {
    return values[static_cast<std::size_t>(row * columns + column)];
  }

  int64_t rows, columns;
  std::vector<double> values;
};

/// How the report speaks of a tensor: "input 0", and its shape.
struct Label {
  std::string name;
  Dims sizes;
  std::string description;  ///< shape and dtype
};

struct Tolerance {
  double rtol, atol;
  bool accepts(double analytic, double numeric) const;
};

/// The two one-sided differences of an output element by an input element, with the step h and
/// half of it.
struct OneSided {
  double left, right;
  double left_half, right_half;
};

/// The places in which two Jacobians disagree.
struct Mismatch {
  int64_t row, column;
};
std::vector<Mismatch> mismatches(const Jacobian& analytic, const Jacobian& numeric,
                                 const Tolerance& tolerance);

/// Says where and how `analytic` is wrong: the worst elements with their indices and values, and
/// the pattern, if it is a simple one.
std::string report(const Jacobian& analytic, const Jacobian& numeric, std::vector<Mismatch> wrong,
                   const Tolerance& tolerance, const std::string& operation, const Label& output,
                   const Label& input, const std::function<OneSided(const Mismatch&)>& one_sided);

/// Whether the function has a kink there: the differences to both sides disagree, and do so for
/// every step. (Those of a jump, and of noise, grow as the step shrinks.)
bool is_kink(const OneSided& differences, const Tolerance& tolerance);

/// The multi-index of an element: `[1, 0, 2]`.
std::string index_text(int64_t element, IntArrayRef sizes);

}  // namespace adjoint::autograd::gradcheck_detail
