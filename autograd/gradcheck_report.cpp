#include "adjoint/autograd/gradcheck_report.h"

#include <algorithm>
#include <cmath>

#include <fmt/ranges.h>

namespace adjoint::autograd::gradcheck_detail {
namespace {

constexpr std::size_t kShown = 5;

/// The multi-index of an element in row-major order.
Dims unravel(int64_t element, IntArrayRef sizes) {
  Dims index(sizes.size(), 0);
  for (std::size_t d = sizes.size(); d-- > 0; element /= sizes[d]) index[d] = element % sizes[d];
  return index;
}

int64_t ravel(IntArrayRef index, IntArrayRef sizes) {
  int64_t element = 0;
  for (std::size_t d = 0; d < sizes.size(); ++d) element = element * sizes[d] + index[d];
  return element;
}

/// What the comparison of two Jacobians is about; finds the patterns in it.
class Comparison {
 public:
  Comparison(const Jacobian& analytic, const Jacobian& numeric, const std::vector<Mismatch>& wrong,
             const Tolerance& tolerance, const Label& output, const Label& input)
      : analytic_(analytic),
        numeric_(numeric),
        wrong_(wrong),
        tolerance_(tolerance),
        output_(output),
        input_(input) {}

  /// One line a pattern found.
  std::vector<std::string> patterns() const {
    std::vector<std::string> found;
    for (std::string text : {place(), relation(), rearrangement()}) {
      if (!text.empty()) found.push_back(std::move(text));
    }
    return found;
  }

 private:
  /// The one coordinate that all wrong elements share and right ones do not.
  std::string place() const {
    for (const bool of_output : {true, false}) {
      const Label& label = of_output ? output_ : input_;
      const auto coordinate = [&](int64_t row, int64_t column, std::size_t d) {
        return unravel(of_output ? row : column, label.sizes)[d];
      };
      for (std::size_t d = 0; d < label.sizes.size(); ++d) {
        const int64_t shared = coordinate(wrong_[0].row, wrong_[0].column, d);
        const auto is_there = [&](const Mismatch& m) {
          return coordinate(m.row, m.column, d) == shared;
        };
        if (!std::all_of(wrong_.begin(), wrong_.end(), is_there)) continue;
        if (right_element_elsewhere([&](int64_t row, int64_t column) {
              return coordinate(row, column, d) != shared;
            })) {
          return fmt::format("only elements at index {} of dimension {} of the {} are wrong",
                             shared, d, of_output ? "output" : "input");
        }
      }
    }
    return "";
  }

  /// Whether an element that agrees, and is not just zero, is where `elsewhere` says.
  template <class F>
  bool right_element_elsewhere(const F& elsewhere) const {
    for (int64_t row = 0; row < numeric_.rows; ++row) {
      for (int64_t column = 0; column < numeric_.columns; ++column) {
        const double n = numeric_.at(row, column);
        if (std::fabs(n) > tolerance_.atol && tolerance_.accepts(analytic_.at(row, column), n) &&
            elsewhere(row, column)) {
          return true;
        }
      }
    }
    return false;
  }

  /// analytic = factor * numeric over the wrong elements, by least squares.
  std::string relation() const {
    double products = 0, squares = 0;
    bool zero = true;
    for (const Mismatch& m : wrong_) {
      const double a = analytic_.at(m.row, m.column), n = numeric_.at(m.row, m.column);
      products += a * n;
      squares += n * n;
      zero = zero && a == 0;
    }
    if (zero) {
      return "the analytic gradient is zero there: does the rule leave this input out, or was a "
             "tensor detached?";
    }
    const double factor = products / squares;
    if (!std::isfinite(factor)) return "";
    for (const Mismatch& m : wrong_) {
      const double expected = factor * numeric_.at(m.row, m.column);
      if (!tolerance_.accepts(analytic_.at(m.row, m.column), expected)) return "";
    }
    if (std::fabs(factor + 1) < tolerance_.rtol) return "the sign is flipped";
    // Any one number is some multiple of another.
    if (wrong_.size() == 1 && std::fabs(2 * factor - std::round(2 * factor)) > tolerance_.rtol) {
      return "";
    }
    return fmt::format("analytic = {:.4g} * numeric", factor);
  }

  /// The right numbers in the wrong places.
  std::string rearrangement() const {
    const IntArrayRef sizes = input_.sizes;
    const std::size_t n = sizes.size();
    if (n >= 2 && sizes[n - 1] == sizes[n - 2] &&
        columns_are_permuted([n](Dims& index) { std::swap(index[n - 1], index[n - 2]); })) {
      return "the gradient is transposed in its last two dimensions";
    }
    for (const std::size_t flipped : {std::size_t{1}, std::size_t{2}}) {
      if (n >= flipped && columns_are_permuted([n, flipped, sizes](Dims& index) {
            for (std::size_t d = n - flipped; d < n; ++d) index[d] = sizes[d] - 1 - index[d];
          })) {
        return flipped == 1 ? "the gradient is flipped along its last dimension"
                            : "the gradient is flipped along its last two dimensions (a kernel "
                              "that has to be rotated by 180 degrees?)";
      }
    }
    if (analytic_.rows == analytic_.columns &&
        agree([&](int64_t row, int64_t column) { return numeric_.at(column, row); })) {
      return "the Jacobian is transposed: is a matrix in the rule to be transposed?";
    }
    return "";
  }

  template <class Permute>
  bool columns_are_permuted(const Permute& permute) const {
    std::vector<int64_t> from(static_cast<std::size_t>(numeric_.columns));
    for (int64_t column = 0; column < numeric_.columns; ++column) {
      Dims index = unravel(column, input_.sizes);
      permute(index);
      from[static_cast<std::size_t>(column)] = ravel(index, input_.sizes);
    }
    return agree([&](int64_t row, int64_t column) {
      return numeric_.at(row, from[static_cast<std::size_t>(column)]);
    });
  }

  /// Whether the analytic Jacobian is what `expected` makes of the numeric one.
  template <class F>
  bool agree(const F& expected) const {
    for (int64_t row = 0; row < analytic_.rows; ++row) {
      for (int64_t column = 0; column < analytic_.columns; ++column) {
        if (!tolerance_.accepts(analytic_.at(row, column), expected(row, column))) return false;
      }
    }
    return true;
  }

  const Jacobian& analytic_;
  const Jacobian& numeric_;
  const std::vector<Mismatch>& wrong_;
  const Tolerance& tolerance_;
  const Label& output_;
  const Label& input_;
};

}  // namespace

bool Tolerance::accepts(double analytic, double numeric) const {
  if (analytic == numeric) return true;  // equal infinities too
  const double error = std::fabs(analytic - numeric);
  return std::isfinite(error) && error <= atol + rtol * std::fabs(numeric);
}

std::vector<Mismatch> mismatches(const Jacobian& analytic, const Jacobian& numeric,
                                 const Tolerance& tolerance) {
  std::vector<Mismatch> wrong;
  for (int64_t row = 0; row < analytic.rows; ++row) {
    for (int64_t column = 0; column < analytic.columns; ++column) {
      if (!tolerance.accepts(analytic.at(row, column), numeric.at(row, column))) {
        wrong.push_back({row, column});
      }
    }
  }
  return wrong;
}

bool is_kink(const OneSided& differences, const Tolerance& tolerance) {
  const auto is_stable = [](double slope, double half) {
    return std::fabs(slope - half) <= 0.1 * std::max(std::fabs(slope), std::fabs(half)) + 1e-6;
  };
  return !tolerance.accepts(differences.left, differences.right) &&
         is_stable(differences.left, differences.left_half) &&
         is_stable(differences.right, differences.right_half);
}

std::string index_text(int64_t element, IntArrayRef sizes) {
  return fmt::format("[{}]", fmt::join(IntArrayRef(unravel(element, sizes)), ", "));
}

std::string report(const Jacobian& analytic, const Jacobian& numeric, std::vector<Mismatch> wrong,
                   const Tolerance& tolerance, const std::string& operation, const Label& output,
                   const Label& input, const std::function<OneSided(const Mismatch&)>& one_sided) {
  std::string text = fmt::format(
      "the gradient of {} (computed by {}) with respect to {} is wrong\n"
      "  {}: {}; {}: {}\n"
      "  {} of {} elements of the Jacobian disagree: |analytic - numeric| > {:g} + {:g} * "
      "|numeric|{}\n",
      output.name, operation, input.name, output.name, output.description, input.name,
      input.description, wrong.size(), analytic.values.size(), tolerance.atol, tolerance.rtol,
      wrong.size() > kShown ? fmt::format("; the worst {}:", kShown) : ":");
  const Comparison comparison(analytic, numeric, wrong, tolerance, output, input);
  const std::vector<std::string> patterns = comparison.patterns();

  const auto error = [&](const Mismatch& m) {
    const double difference = std::fabs(analytic.at(m.row, m.column) - numeric.at(m.row, m.column));
    return std::isnan(difference) ? INFINITY : difference;
  };
  std::stable_sort(wrong.begin(), wrong.end(),
                   [&](const Mismatch& a, const Mismatch& b) { return error(a) > error(b); });
  wrong.resize(std::min(wrong.size(), kShown));
  text += fmt::format("  {:<16} {:<16} {:>14} {:>14} {:>14}\n", "output element", "input element",
                      "analytic", "numeric", "error");
  for (const Mismatch& m : wrong) {
    const double a = analytic.at(m.row, m.column), n = numeric.at(m.row, m.column);
    text += fmt::format("  {:<16} {:<16} {:>14.8g} {:>14.8g} {:>14.3g}",
                        index_text(m.row, output.sizes), index_text(m.column, input.sizes), a, n,
                        std::fabs(a - n));
    if (const OneSided sides = one_sided(m); is_kink(sides, tolerance)) {
      text += fmt::format("  (a kink: {:.6g} to the left, {:.6g} to the right)", sides.left,
                          sides.right);
    }
    text += '\n';
  }
  for (const std::string& pattern : patterns) text += fmt::format("  pattern: {}\n", pattern);
  return text;
}

}  // namespace adjoint::autograd::gradcheck_detail
