#include "adjoint/ops/einsum.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <fmt/ranges.h>

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/matmul.h"
#include "adjoint/ops/reduce.h"

namespace adjoint {
namespace {

/// What names a dimension: 0 to 51 for A to Z and a to z, and from 52 on for those of the "...".
using Labels = std::vector<int>;
constexpr int kLetters = 52;

bool has(const Labels& labels, int label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

int64_t place_of(const Labels& labels, int label) {
  return std::find(labels.begin(), labels.end(), label) - labels.begin();
}

/// A tensor whose dimensions have names.
struct Named {
  Tensor tensor;
  Labels labels;

  int64_t size(int label) const { return tensor.size(place_of(labels, label)); }

  /// The sum over all dimensions but those in `kept`, in the tensor's dtype unless there is no
  /// other operand.
  Named summed(const Labels& kept, std::optional<ScalarType> dtype) const {
    Named rest{tensor, {}};
    Dims over;
    for (std::size_t d = 0; d < labels.size(); ++d) {
      if (has(kept, labels[d])) {
        rest.labels.push_back(labels[d]);
      } else {
        over.push_back(static_cast<int64_t>(d));
      }
    }
    if (!over.empty()) rest.tensor = tensor.sum(over, false, dtype);
    return rest;
  }

  /// With the dimensions in the order of these labels, which are all that it has.
  Tensor ordered(const Labels& order) const {
    Dims dims;
    for (const int label : order) dims.push_back(place_of(labels, label));
    return tensor.permute(dims);
  }
};

/// Σ left right over the labels that are not in `kept`: one batch of matrix products. The result
/// has the labels of both, then the left's own, then the right's own.
Named contract(const Named& a, const Named& b, const Labels& kept) {
  Labels needed_left = kept, needed_right = kept;
  needed_left.insert(needed_left.end(), b.labels.begin(), b.labels.end());
  needed_right.insert(needed_right.end(), a.labels.begin(), a.labels.end());
  const Named left = a.summed(needed_left, a.tensor.scalar_type());
  const Named right = b.summed(needed_right, b.tensor.scalar_type());

  Labels batch, inner, rows, columns;
  for (const int label : left.labels) {
    (!has(right.labels, label) ? rows : has(kept, label) ? batch : inner).push_back(label);
  }
  for (const int label : right.labels) {
    if (!has(left.labels, label)) columns.push_back(label);
  }
  const auto size_of = [](const Named& operand, const Labels& labels) {
    int64_t product = 1;
    for (const int label : labels) product *= operand.size(label);
    return product;
  };
  const auto joined = [](const Labels& x, const Labels& y, const Labels& z) {
    Labels all = x;
    all.insert(all.end(), y.begin(), y.end());
    all.insert(all.end(), z.begin(), z.end());
    return all;
  };
  const int64_t n = size_of(left, batch), m = size_of(left, rows), k = size_of(left, inner),
                p = size_of(right, columns);
  const Tensor x = left.ordered(joined(batch, rows, inner)).reshape({n, m, k});
  const Tensor y = right.ordered(joined(batch, inner, columns)).reshape({n, k, p});
  const Tensor product = inner.empty() ? x * y : bmm(x, y);

  Named result{{}, joined(batch, rows, columns)};
  Dims sizes;
  for (const int label : result.labels) {
    sizes.push_back(has(left.labels, label) ? left.size(label) : right.size(label));
  }
  result.tensor = product.view(sizes);
  return result;
}

// ---- the equation -------------------------------------------------------------------------------

/// One side's term, as "b...ij": its letters, and where among them the "..." stands, if it does.
struct Term {
  Labels letters;
  std::optional<std::size_t> ellipsis;

  Term(std::string_view text, std::string_view equation) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c == ' ') continue;
      if (c == '.') {
        check(text.substr(i, 3) == "..." && !ellipsis,
              "einsum: '{}': a term has at most one \"...\", of three dots", equation);
        ellipsis = letters.size();
        i += 2;
      } else {
        const bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
        check(upper || lower, "einsum: '{}': dimensions are named by letters, not by '{}'",
              equation, c);
        letters.push_back(upper ? c - 'A' : c - 'a' + 26);
      }
    }
  }

  /// Its labels, where "..." stands for `count` dimensions, the last of all those `most` that the
  /// longest "..." has.
  Labels labels(std::size_t count, std::size_t most) const {
    Labels all = letters;
    for (std::size_t i = 0; i < count && ellipsis; ++i) {
      all.insert(all.begin() + static_cast<std::ptrdiff_t>(*ellipsis + i),
                 kLetters + static_cast<int>(most - count + i));
    }
    return all;
  }
};

struct Equation {
  std::vector<Term> operands;
  std::optional<Term> result;

  explicit Equation(std::string_view text) {
    std::string_view left = text;
    if (const std::size_t arrow = text.find("->"); arrow != std::string_view::npos) {
      left = text.substr(0, arrow);
      result.emplace(text.substr(arrow + 2), text);
    }
    for (std::size_t from = 0; from <= left.size();) {
      const std::size_t comma = std::min(left.find(',', from), left.size());
      operands.emplace_back(left.substr(from, comma - from), text);
      from = comma + 1;
    }
  }
};

/// A tensor whose dimensions `first` and `second` have become one, the diagonal, at `first`.
Tensor diagonal_of(const Tensor& t, std::size_t first, std::size_t second) {
  return t.diagonal(0, static_cast<int64_t>(first), static_cast<int64_t>(second))
      .movedim(-1, static_cast<int64_t>(first));
}

/// The operand with each label once.
Named without_repeats(const Tensor& operand, const Labels& labels, std::string_view equation) {
  Named named{operand, {}};
  for (const int label : labels) {
    const std::size_t place = named.labels.size();
    if (!has(named.labels, label)) {
      named.labels.push_back(label);
      continue;
    }
    const auto first = static_cast<std::size_t>(place_of(named.labels, label));
    check(named.tensor.sizes()[first] == named.tensor.sizes()[place],
          "einsum: '{}': a letter that an operand has twice needs one size, got {} and {} in [{}]",
          equation, named.tensor.sizes()[first], named.tensor.sizes()[place],
          fmt::join(operand.sizes(), ", "));
    named.tensor = diagonal_of(named.tensor, first, place);
  }
  return named;
}

/// Checks that sizes of one label agree or are 1, and takes dimensions of size 1 out where another
/// operand has more.
void resolve_sizes(std::vector<Named>& operands, std::size_t labels, std::string_view equation) {
  std::vector<int64_t> sizes(labels, 1);
  for (const Named& operand : operands) {
    for (std::size_t d = 0; d < operand.labels.size(); ++d) {
      int64_t& known = sizes[static_cast<std::size_t>(operand.labels[d])];
      const int64_t size = operand.tensor.sizes()[d];
      check(size == 1 || known == 1 || size == known,
            "einsum: '{}': the sizes {} and {} of one dimension do not broadcast", equation, known,
            size);
      if (size != 1) known = size;
    }
  }
  for (Named& operand : operands) {
    for (std::size_t d = operand.labels.size(); d-- > 0;) {
      if (operand.tensor.sizes()[d] == sizes[static_cast<std::size_t>(operand.labels[d])]) continue;
      operand.tensor = operand.tensor.squeeze(static_cast<int64_t>(d));
      operand.labels.erase(operand.labels.begin() + static_cast<std::ptrdiff_t>(d));
    }
  }
}

/// The result's labels where the equation has no "->".
Labels implied_result(const std::vector<Labels>& operands, std::size_t ellipsis) {
  Labels result;
  for (std::size_t i = 0; i < ellipsis; ++i) result.push_back(kLetters + static_cast<int>(i));
  std::array<int, kLetters> counts{};
  for (const Labels& labels : operands) {
    for (const int label : labels) {
      if (label < kLetters) ++counts[static_cast<std::size_t>(label)];
    }
  }
  for (int letter = 0; letter < kLetters; ++letter) {
    if (counts[static_cast<std::size_t>(letter)] == 1) result.push_back(letter);
  }
  return result;
}

/// Throws Error unless the path leads from so many operands to one.
void check_path(IntArrayRef path, std::size_t operands, std::string_view equation) {
  const auto wrong = [&](const char* what) {
    fail(
        "einsum: '{}': the path [{}] {}; it names two of the operands that are left for each of {} "
        "products",
        equation, fmt::join(path, ", "), what, operands - 1);
  };
  if (operands == 1 && path.size() == 1 && path[0] == 0) return;
  if (path.size() != 2 * (operands - 1)) wrong("is of another length");
  for (std::size_t step = 0; step + 1 < operands; ++step) {
    const auto left = static_cast<int64_t>(operands - step);
    const int64_t a = path[2 * step], b = path[2 * step + 1];
    if (a < 0 || b < 0 || a >= left || b >= left) wrong("names an operand that is not there");
    if (a == b) wrong("names one operand twice");
  }
}

}  // namespace

Tensor einsum(std::string_view equation, TensorList operands, std::optional<IntArrayRef> path) {
  const Equation parsed(equation);
  check(parsed.operands.size() == operands.size(),
        "einsum: '{}' has {} operands, but {} tensors were given", equation, parsed.operands.size(),
        operands.size());
  std::size_t ellipsis = 0;  // dimensions of the longest "..."
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const Term& term = parsed.operands[i];
    const std::size_t dims = operands[i].sizes().size(), letters = term.letters.size();
    check(term.ellipsis ? dims >= letters : dims == letters,
          "einsum: '{}': operand {} has {} letters{}, but the tensor is [{}]", equation, i, letters,
          term.ellipsis ? " and \"...\"" : "", fmt::join(operands[i].sizes(), ", "));
    check(operands[i].scalar_type() == operands[0].scalar_type(),
          "einsum: the operands are {} and {}; convert one of them, as with x.to(torch::kFloat32)",
          operands[0].scalar_type(), operands[i].scalar_type());
    if (term.ellipsis) ellipsis = std::max(ellipsis, dims - letters);
  }

  std::vector<Labels> labels;
  std::vector<Named> named;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const Term& term = parsed.operands[i];
    labels.push_back(term.labels(operands[i].sizes().size() - term.letters.size(), ellipsis));
    named.push_back(without_repeats(operands[i], labels.back(), equation));
  }
  resolve_sizes(named, kLetters + ellipsis, equation);

  const Labels result =
      parsed.result ? parsed.result->labels(ellipsis, ellipsis) : implied_result(labels, ellipsis);
  for (const int label : result) {
    const auto known = [label](const Labels& l) { return has(l, label); };
    check(label >= kLetters || std::any_of(labels.begin(), labels.end(), known),
          "einsum: '{}': the result has a letter that no operand has", equation);
    check(std::count(result.begin(), result.end(), label) == 1,
          "einsum: '{}': the result has a letter twice", equation);
  }

  if (path) check_path(*path, named.size(), equation);
  for (std::size_t step = 0; named.size() > 1; ++step) {
    const std::size_t first = path ? static_cast<std::size_t>((*path)[2 * step]) : 0;
    const std::size_t second = path ? static_cast<std::size_t>((*path)[2 * step + 1]) : 1;
    const Named a = std::move(named[first]), b = std::move(named[second]);
    named.erase(named.begin() + static_cast<std::ptrdiff_t>(std::max(first, second)));
    named.erase(named.begin() + static_cast<std::ptrdiff_t>(std::min(first, second)));
    Labels kept = result;  // and what the others have
    for (const Named& other : named) {
      kept.insert(kept.end(), other.labels.begin(), other.labels.end());
    }
    named.insert(path ? named.end() : named.begin(), contract(a, b, kept));
  }
  return named[0].summed(result, std::nullopt).ordered(result);
}

Tensor tensordot(const Tensor& self, const Tensor& other, IntArrayRef dims_self,
                 IntArrayRef dims_other) {
  check(dims_self.size() == dims_other.size(),
        "tensordot: dimensions are summed in pairs, but there are {} and {}", dims_self.size(),
        dims_other.size());
  check(self.scalar_type() == other.scalar_type(),
        "tensordot: the operands are {} and {}; convert one of them", self.scalar_type(),
        other.scalar_type());
  // The labels are the numbers of self's dimensions, and then those of other's.
  Named left{self, {}}, right{other, {}};
  for (int d = 0; d < self.dim(); ++d) left.labels.push_back(d);
  for (int d = 0; d < other.dim(); ++d) right.labels.push_back(static_cast<int>(self.dim()) + d);
  Labels kept = left.labels;
  kept.insert(kept.end(), right.labels.begin(), right.labels.end());
  for (std::size_t i = 0; i < dims_self.size(); ++i) {
    const int64_t a = wrap_dim("tensordot", dims_self[i], self.dim()),
                  b = wrap_dim("tensordot", dims_other[i], other.dim());
    check(self.size(a) == other.size(b),
          "tensordot: dimension {} of [{}] and dimension {} of [{}] differ in size", a,
          fmt::join(self.sizes(), ", "), b, fmt::join(other.sizes(), ", "));
    const int label = static_cast<int>(a);
    check(has(kept, label) && right.labels[static_cast<std::size_t>(b)] >= self.dim(),
          "tensordot: a dimension is summed twice: [{}] of the first, [{}] of the second",
          fmt::join(dims_self, ", "), fmt::join(dims_other, ", "));
    std::erase(kept, label);
    right.labels[static_cast<std::size_t>(b)] = label;
  }
  return contract(left, right, kept).tensor;
}

}  // namespace adjoint
