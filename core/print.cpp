#include <cmath>
#include <iomanip>
#include <ostream>
#include <span>

#include <fmt/ranges.h>

#include "adjoint/core/tensor.h"

namespace adjoint {
namespace {

constexpr int kLineWidth = 80;

/// How the numbers of one matrix are written: divided by `scale`, right-aligned in `width` columns.
/// Matrices are laid out alone, so that one block's large numbers do not widen another's.
struct NumberFormat {
  double scale = 1;
  int width = 0;
  std::ios_base::fmtflags notation = {};  ///< fixed, scientific, or neither: up to 6 digits
};

/// Puts the stream's format back at the end of its scope.
class FormatGuard {
 public:
  explicit FormatGuard(std::ostream& out) : out_(out) { saved_.copyfmt(out); }
  ~FormatGuard() { out_.copyfmt(saved_); }
  FormatGuard(const FormatGuard&) = delete;
  FormatGuard& operator=(const FormatGuard&) = delete;

 private:
  std::ostream& out_;
  std::ios saved_{nullptr};
};

/// The number of digits before the point; zero or negative for numbers below 0.1.
int digits_before_point(double magnitude) {
  return magnitude == 0 ? 1 : static_cast<int>(std::floor(std::log10(magnitude))) + 1;
}

/// Integers as they are, numbers of similar magnitude with four decimals (after a common factor, if
/// they are far from 1), all else in scientific notation. NaN and infinity do not count.
NumberFormat choose_format(std::span<const double> values) {
  bool integers = true, any = false;
  double smallest = 0, largest = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    const double magnitude = std::fabs(value);
    integers = integers && value == std::ceil(value);
    smallest = any ? std::min(smallest, magnitude) : magnitude;
    // libtorch's layout, quirk included: negative numbers raise the maximum only in first place.
    if (!any || value > largest) largest = magnitude;
    any = true;
  }
  const int most = digits_before_point(largest), least = digits_before_point(smallest);
  if (integers) {
    if (most > 9) return {1, 11, std::ios_base::scientific};
    return {1, most + 1, {}};
  }
  if (most - least > 4) {
    const bool long_exponent = std::abs(most) > 99 || std::abs(least) > 99;
    return {1, long_exponent ? 12 : 11, std::ios_base::scientific};
  }
  if (most > 5 || most < 0) return {std::pow(10, most - 1), 7, std::ios_base::fixed};
  return {1, most == 0 ? 7 : most + 6, std::ios_base::fixed};
}

void apply(std::ostream& out, const NumberFormat& format) {
  out.setf(format.notation, std::ios_base::floatfield);
  if (format.notation != std::ios_base::fmtflags{}) out.precision(4);
}

void print_scale(std::ostream& out, double scale) {
  const FormatGuard guard(out);
  out.unsetf(std::ios_base::floatfield);
  out << scale << " *\n";
}

/// A row-major matrix, in as many groups of columns as the line's width asks for.
void print_matrix(std::ostream& out, std::span<const double> values, int64_t columns, int indent) {
  const NumberFormat format = choose_format(values);
  const std::string margin(static_cast<std::size_t>(indent), ' ');
  apply(out, format);
  out << margin;
  const int64_t rows = static_cast<int64_t>(values.size()) / columns;
  const int64_t per_line = (kLineWidth - indent) / (format.width + 1);
  for (int64_t first = 0; first < columns; first += per_line) {
    const int64_t last = std::min(first + per_line, columns);
    if (per_line < columns) {
      if (first != 0) out << '\n';
      out << "Columns " << first + 1 << " to " << last << margin;
    }
    if (format.scale != 1) {
      print_scale(out, format.scale);
      out << margin;
    }
    for (int64_t row = 0; row < rows; ++row) {
      // As libtorch has it, the rows below a factor stand one further in, except for the first.
      if (row != 0) out << (format.scale != 1 ? " " : "") << margin;
      for (int64_t column = first; column < last; ++column) {
        const double value = values[static_cast<std::size_t>(row * columns + column)];
        out << std::setw(format.width) << value / format.scale << (column + 1 < last ? ' ' : '\n');
      }
    }
  }
}

/// Three dimensions and more: a matrix for every index of the leading ones, of which the first
/// counts fastest.
void print_blocks(std::ostream& out, std::span<const double> values, IntArrayRef sizes) {
  const std::size_t leading = sizes.size() - 2;
  const int64_t columns = sizes.back();
  const int64_t block = sizes[leading] * columns;
  const Dims strides = contiguous_strides(sizes);
  const int64_t blocks = static_cast<int64_t>(values.size()) / block;
  for (int64_t n = 0; n < blocks; ++n) {
    int64_t rest = n, at = 0;
    out << (n == 0 ? "(" : "\n(");
    for (std::size_t d = 0; d < leading; ++d) {
      const int64_t index = rest % sizes[d];
      rest /= sizes[d];
      at += index * strides[d];
      out << index + 1 << ',';
    }
    out << ".,.) = \n";
    print_matrix(out, values.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(block)),
                 columns, 1);
  }
}

/// All elements in row-major order.
std::vector<double> elements(const Tensor& tensor) {
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(tensor.numel()));
  const IntArrayRef sizes = tensor.sizes(), strides = tensor.strides();
  dispatch(tensor.scalar_type(), [&]<class T>(std::type_identity<T>) {
    Dims index(sizes.size(), 0);
    for (int64_t i = 0, at = 0; i < tensor.numel(); ++i) {
      values.push_back(static_cast<double>(tensor.data_ptr<T>()[at]));
      for (std::size_t d = sizes.size(); d-- > 0;) {
        at += strides[d];
        if (++index[d] < sizes[d]) break;
        at -= strides[d] * sizes[d];
        index[d] = 0;
      }
    }
  });
  return values;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) {
  if (!tensor.defined()) return out << "[ Tensor (undefined) ]";
  const FormatGuard guard(out);
  const std::vector<double> values = elements(tensor);
  if (tensor.dim() == 0) {
    out.unsetf(std::ios_base::floatfield);
    out << values[0] << '\n';
  } else if (tensor.dim() == 1 && !values.empty()) {
    const NumberFormat format = choose_format(values);
    apply(out, format);
    if (format.scale != 1) print_scale(out, format.scale);
    for (const double value : values) {
      out << std::setw(format.width) << value / format.scale << '\n';
    }
  } else if (tensor.dim() == 2 && !values.empty()) {
    print_matrix(out, values, tensor.size(1), 0);
  } else if (!values.empty()) {
    print_blocks(out, values, tensor.sizes());
  }
  return out << fmt::format("[ CPU{}Type{{{}}} ]", toString(tensor.scalar_type()),
                            fmt::join(tensor.sizes(), ","));
}

}  // namespace adjoint
