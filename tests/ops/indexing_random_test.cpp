// Index lists that mix all that they can hold: against PyTorch's results, and against the
// definition by loops.

#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/golden/lines.h"

namespace adjoint {
namespace {

using golden::split;
using indexing::None;
using indexing::Slice;
using indexing::TensorIndex;
using Ints = std::vector<int64_t>;

// ---- the cases of indexing.txt ------------------------------------------------------------------

Ints parse_ints(const std::string& text, const std::string& separator = ",") {
  Ints numbers;
  for (const std::string& part : split(text, separator)) {
    if (!part.empty()) numbers.push_back(std::stoll(part));
  }
  return numbers;
}

/// `2,3 : 1 2 3 4 5 6`, as float64
Tensor parse_tensor(const std::string& text) {
  const std::vector<std::string> parts = split(text, " : ");
  const Ints numbers = parse_ints(parts.at(1), " ");
  return tensor(numbers, kFloat64).view(parse_ints(parts[0].substr(parts[0][0] == ' ' ? 1 : 0)));
}

/// `l2,1:0,-1`, without its letter
Tensor parse_index(const std::string& text, ScalarType dtype) {
  const std::vector<std::string> parts = split(text, ":");
  return tensor(parse_ints(parts.at(1)), kInt64).view(parse_ints(parts[0])).to(dtype);
}

TensorIndex parse_entry(const std::string& text) {
  const std::string rest = text.substr(1);
  switch (text[0]) {
    case 'n':
      return None;
    case 'e':
      return "...";
    case 'i':
      return int64_t{std::stoll(rest)};
    case 'b':
      return rest == "1";
    case 'l':
      return parse_index(rest, kInt64);
    case 'm':
      return parse_index(rest, kBool);
    default: {
      std::array<std::optional<int64_t>, 3> bounds;
      const std::vector<std::string> parts = split(rest, ":");
      for (std::size_t i = 0; i < 3; ++i) {
        if (!parts.at(i).empty()) bounds[i] = std::stoll(parts[i]);
      }
      return Slice(bounds[0], bounds[1], bounds[2]);
    }
  }
}

struct Case {
  bool put;
  Ints sizes;
  std::vector<TensorIndex> indices;
  Tensor result;
  std::vector<Tensor> gradients;

  /// 0, 1, 2, ...
  Tensor x() const { return arange(numel(sizes), kFloat64).view(sizes).clone().requires_grad_(); }
};

template <class F>
int for_each_case(const F& f) {
  std::ifstream file(ADJOINT_TESTS_DIR "/golden/indexing.txt");
  int count = 0;
  for (std::string line; std::getline(file, line); ++count) {
    SCOPED_TRACE(line);
    const std::vector<std::string> parts = split(line, " ; ");
    Case one{line.starts_with("put"), parse_ints(parts.at(0).substr(4)), {}, {}, {}};
    for (const std::string& entry : split(parts.at(1), " ")) {
      if (!entry.empty()) one.indices.push_back(parse_entry(entry));
    }
    if (one.indices.empty()) one.indices.push_back("...");  // Python's x[()]
    one.result = parse_tensor(parts.at(2));
    for (std::size_t i = 3; i < parts.size(); ++i) one.gradients.push_back(parse_tensor(parts[i]));
    f(one);
  }
  return count;
}

Tensor upstream(IntArrayRef sizes) {
  Tensor g = empty(sizes, kFloat64);
  for (int64_t i = 0; i < g.numel(); ++i) {
    g.data_ptr<double>()[i] = static_cast<double>(i % 7 - 3);
  }
  return g;
}

void expect_equal(const Tensor& ours, const Tensor& expected) {
  EXPECT_EQ(ours.sizes(), expected.sizes());
  EXPECT_TRUE(ours.sizes() == expected.sizes() && ours.equal(expected))
      << "got " << ours << ", expected " << expected;
}

TEST(RandomIndexing, GivesPyTorchsValuesAndGradients) {
  EXPECT_GT(for_each_case([](const Case& c) {
              const Tensor x = c.x();
              if (!c.put) {
                const Tensor y = x.index(c.indices);
                expect_equal(y, c.result);
                y.backward(upstream(y.sizes()));
                expect_equal(x.grad(), c.gradients[0]);
                return;
              }
              const Tensor value = (-1 - arange(c.gradients[1].numel(), kFloat64))
                                       .view(c.gradients[1].sizes())
                                       .requires_grad_();
              const Tensor y = x * 1;
              const int64_t version = y._version();
              y.index_put_(c.indices, value);
              EXPECT_GT(y._version(), version);
              expect_equal(y, c.result);
              y.backward(upstream(y.sizes()));
              expect_equal(x.grad(), c.gradients[0]);
              const bool reached = value.grad().defined();
              expect_equal(reached ? value.grad() : value.detach() * 0, c.gradients[1]);
              // Without recording, in place in memory of another layout: the same.
              Ints doubled = c.sizes;
              doubled.back() *= 2;
              const Tensor strided = zeros(doubled, kFloat64).slice(-1, 0, std::nullopt, 2);
              strided.copy_(x.detach());
              strided.index_put_(c.indices, value.detach());
              expect_equal(strided, c.result);
            }),
            300);
}

// ---- the definition -----------------------------------------------------------------------------

/// What result dimensions and places an index list names, one element after the other, by NumPy's
/// rules; an integer counts as applied before all lists.
class ByLoops {
 public:
  ByLoops(IntArrayRef sizes, const std::vector<TensorIndex>& indices) : sizes_(sizes.vec()) {
    std::size_t taken = 0;
    for (const TensorIndex& i : indices) taken += width(i);
    for (const TensorIndex& i : indices) {
      if (i.is_ellipsis()) {
        for (std::size_t k = sizes_.size() - taken; k > 0; --k) add_slice(Slice());
      } else if (i.is_none()) {
        dims_.push_back({Dim::kNew, 1, 0, 0, 0});
      } else if (i.is_integer()) {
        fixed_.emplace_back(source_, i.integer() < 0 ? i.integer() + sizes_[source_] : i.integer());
        ++source_;
      } else if (i.is_slice()) {
        add_slice(i.slice());
      } else {
        add_lists(i);
      }
    }
    while (source_ < sizes_.size()) add_slice(Slice());
    arrange();
  }

  Ints result_sizes;

  /// The offset in a contiguous tensor of the result's element at `position`.
  int64_t offset(const Ints& position) const {
    Ints index(sizes_.size(), 0);
    for (const auto& [d, i] : fixed_) index[d] = i;
    for (const auto& [dim, at] : plain_) {
      if (dim.kind == Dim::kSlice) index[dim.source] = dim.from + position[at] * dim.step;
    }
    for (const auto& [d, list] : lists_) {
      // Broadcast: aligned at the last dimension, a size of 1 is read at 0.
      int64_t flat = 0;
      const std::size_t lead = lists_shape_.size() - list.sizes().size();
      for (std::size_t k = 0; k < list.sizes().size(); ++k) {
        const int64_t p = list.sizes()[k] == 1 ? 0 : position[lists_at_ + lead + k];
        flat = flat * list.sizes()[k] + p;
      }
      const int64_t i = list.contiguous().data_ptr<int64_t>()[flat];
      if (d != kNone) index[d] = i < 0 ? i + sizes_[d] : i;
    }
    int64_t found = 0;
    for (std::size_t d = 0; d < sizes_.size(); ++d) found = found * sizes_[d] + index[d];
    return found;
  }

 private:
  static constexpr std::size_t kNone = 99;
  struct Dim {
    enum { kSlice, kNew, kList } kind;
    int64_t size;
    std::size_t source;
    int64_t from, step;
  };

  static std::size_t width(const TensorIndex& i) {
    if (i.is_none() || i.is_ellipsis() || i.is_boolean()) return 0;
    return i.is_tensor() && i.tensor().scalar_type() == kBool ? i.tensor().sizes().size() : 1;
  }

  void add_slice(const Slice& slice) {
    std::vector<int64_t> chosen;
    const int64_t n = sizes_[source_];
    const int64_t start =
        slice.start() < 0 ? std::max<int64_t>(slice.start() + n, 0) : slice.start();
    const int64_t stop = slice.stop() < 0 ? slice.stop() + n : slice.stop();
    for (int64_t i = start; i < std::min(stop, n); i += slice.step()) chosen.push_back(i);
    dims_.push_back({Dim::kSlice, static_cast<int64_t>(chosen.size()), source_++,
                     chosen.empty() ? 0 : chosen[0], slice.step()});
  }

  void add_lists(const TensorIndex& i) {
    const auto add = [&](std::size_t source, const Tensor& list) {
      lists_.emplace_back(source, list);
      dims_.push_back({Dim::kList, 0, source, 0, 0});
    };
    if (i.is_boolean()) return add(kNone, zeros({i.boolean() ? 1 : 0}, kInt64));
    const Tensor& t = i.tensor();
    if (t.scalar_type() == kInt64) return add(source_++, t);
    std::vector<Ints> found(t.sizes().size());
    Ints at(t.sizes().size(), 0);
    for (int64_t n = 0; n < t.numel(); ++n) {
      int64_t rest = n;
      for (std::size_t d = at.size(); d-- > 0; rest /= t.sizes()[d]) at[d] = rest % t.sizes()[d];
      if (!t.contiguous().data_ptr<bool>()[n]) continue;
      for (std::size_t d = 0; d < at.size(); ++d) found[d].push_back(at[d]);
    }
    for (const Ints& list : found) add(source_++, tensor(list, kInt64));
  }

  void arrange() {
    for (const auto& [d, list] : lists_) {
      for (std::size_t k = 0; k < list.sizes().size(); ++k) {
        const int64_t size = list.sizes()[list.sizes().size() - 1 - k];
        if (lists_shape_.size() <= k) lists_shape_.insert(lists_shape_.begin(), 1);
        int64_t& common = lists_shape_[lists_shape_.size() - 1 - k];
        if (size != 1) common = size;
      }
    }
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < dims_.size(); ++i) {
      if (dims_[i].kind == Dim::kList) places.push_back(i);
    }
    const bool together = !places.empty() && places.back() - places.front() + 1 == places.size();
    const auto insert_lists = [&] {
      lists_at_ = result_sizes.size();
      result_sizes.insert(result_sizes.end(), lists_shape_.begin(), lists_shape_.end());
    };
    if (!places.empty() && !together) insert_lists();
    for (std::size_t i = 0; i < dims_.size(); ++i) {
      if (dims_[i].kind == Dim::kList) {
        if (together && i == places.front()) insert_lists();
      } else {
        plain_.emplace_back(dims_[i], result_sizes.size());
        result_sizes.push_back(dims_[i].size);
      }
    }
  }

  Ints sizes_;
  std::size_t source_ = 0;
  std::vector<Dim> dims_;
  std::vector<std::pair<std::size_t, int64_t>> fixed_;
  std::vector<std::pair<Dim, std::size_t>> plain_;  // with their places in the result
  std::vector<std::pair<std::size_t, Tensor>> lists_;
  Ints lists_shape_;
  std::size_t lists_at_ = 0;
};

/// The offsets of the elements that the list names, in the order of the result.
std::pair<Ints, Ints> by_loops(IntArrayRef sizes, const std::vector<TensorIndex>& indices) {
  const ByLoops definition(sizes, indices);
  Ints offsets, position(definition.result_sizes.size(), 0);
  const int64_t count = numel(definition.result_sizes);
  for (int64_t n = 0; n < count; ++n) {
    offsets.push_back(definition.offset(position));
    for (std::size_t d = position.size(); d-- > 0;) {
      if (++position[d] < definition.result_sizes[d]) break;
      position[d] = 0;
    }
  }
  return {definition.result_sizes, offsets};
}

TEST(RandomIndexing, FollowsTheDefinition) {
  for_each_case([](const Case& c) {
    const auto [sizes, offsets] = by_loops(c.sizes, c.indices);
    const Tensor x = c.x();
    const Tensor y = x.detach().index(c.indices);
    EXPECT_EQ(y.sizes(), IntArrayRef(sizes));
    expect_equal(y, tensor(offsets, kFloat64).view(sizes));

    // Written to: of several values for one place the last one stays, and has the gradient.
    const Tensor value = (-1 - arange(y.numel(), kFloat64)).view(sizes).requires_grad_();
    const Tensor z = x * 1;
    z.index_put_(c.indices, value);
    std::vector<double> expected(static_cast<std::size_t>(x.numel())), dx(expected.size());
    std::vector<double> with_halves(expected.size());
    const Tensor g = upstream(x.sizes());
    std::map<int64_t, std::size_t> last;
    for (std::size_t i = 0; i < offsets.size(); ++i) last[offsets[i]] = i;
    for (int64_t i = 0; i < x.numel(); ++i) {
      const auto k = static_cast<std::size_t>(i);
      expected[k] = last.contains(i) ? -1 - static_cast<double>(last[i]) : static_cast<double>(i);
      with_halves[k] = last.contains(i) ? 0.5 : static_cast<double>(i);
      dx[k] = last.contains(i) ? 0 : g.data_ptr<double>()[i];
    }
    std::vector<double> dvalue(offsets.size(), 0);
    for (const auto& [place, i] : last) dvalue[i] = g.data_ptr<double>()[place];
    expect_equal(z, tensor(expected, kFloat64).view(x.sizes()));
    z.backward(g);
    expect_equal(x.grad(), tensor(dx, kFloat64).view(x.sizes()));
    if (value.grad().defined()) expect_equal(value.grad(), tensor(dvalue, kFloat64).view(sizes));

    // A number, which a mask alone takes by another way.
    x.mutable_grad().reset();
    const Tensor w = x * 1;
    w.index_put_(c.indices, 0.5);
    expect_equal(w, tensor(with_halves, kFloat64).view(x.sizes()));
    w.backward(g);
    expect_equal(x.grad(), tensor(dx, kFloat64).view(x.sizes()));
  });
}

}  // namespace
}  // namespace adjoint
