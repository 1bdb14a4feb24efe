#include "adjoint/ops/pad.h"

#include <fmt/ranges.h>

#include "adjoint/autograd/record.h"
#include "adjoint/ops/creation.h"
#include "adjoint/ops/index.h"

namespace adjoint {
namespace {

using autograd::Grads;

/// The padding of one dimension, with what error messages need.
struct Side {
  const char* mode;
  const Tensor& self;
  int64_t dim, size, before, after;

  int64_t padded() const { return size + before + after; }
  void check_that(bool condition, std::string_view cure) const {
    if (condition) return;
    fail("pad: dimension {} of {} cannot be padded by {} and {} with mode \"{}\": {}", dim,
         self.describe(), before, after, mode, cure);
  }
};

/// Calls visit(side) for every dimension that `pad` names, from the last one.
template <class Visit>
void for_each_side(const char* mode, const Tensor& self, IntArrayRef pad, const Visit& visit) {
  check(pad.size() % 2 == 0 && static_cast<int64_t>(pad.size() / 2) <= self.dim(),
        "pad: expected two numbers, before and after, for each of the last dimensions (at most {} "
        "of them), got [{}] for {}",
        self.dim(), fmt::join(pad, ", "), self.describe());
  for (std::size_t i = 0; i < pad.size(); i += 2) {
    const int64_t dim = self.dim() - 1 - static_cast<int64_t>(i / 2);
    visit(Side{mode, self, dim, self.size(dim), pad[i], pad[i + 1]});
  }
}

// Which element of the dimension each element of the padded one is, mode by mode.

std::vector<int64_t> reflected(const Side& side) {
  const int64_t last = side.size - 1;
  side.check_that(side.before <= last && side.after <= last,
                  "the border is a mirror image, which takes less than the size");
  side.check_that(side.padded() >= 1, "nothing would be left");
  std::vector<int64_t> source;
  for (int64_t i = -side.before; i < side.size + side.after; ++i) {
    source.push_back(last - std::abs(last - std::abs(i)));
  }
  return source;
}

std::vector<int64_t> replicated(const Side& side) {
  side.check_that(side.size >= 1, "there is no border pixel to repeat");
  side.check_that(side.padded() >= 1, "nothing would be left");
  std::vector<int64_t> source;
  for (int64_t i = -side.before; i < side.size + side.after; ++i) {
    source.push_back(std::clamp<int64_t>(i, 0, side.size - 1));
  }
  return source;
}

std::vector<int64_t> wrapped(const Side& side) {
  // What is taken away goes first; the rest is what repeats.
  const int64_t begin = std::max<int64_t>(0, -side.before);
  const int64_t length =
      side.size + std::min<int64_t>(0, side.before) + std::min<int64_t>(0, side.after);
  side.check_that(length >= 0, "less than nothing would be left");
  side.check_that(side.before <= length && side.after <= length,
                  "the image repeats at most once on each side");
  std::vector<int64_t> source;
  const int64_t before = std::max<int64_t>(0, side.before),
                after = std::max<int64_t>(0, side.after);
  for (int64_t i = -before; i < length + after; ++i) {
    source.push_back(begin + (i + length) % length);
  }
  return source;
}

/// One dimension after the other, as a selection of its elements: corners come out right, since
/// what is selected has been padded in the dimensions before.
template <class Source>
Tensor pad_by_selection(const char* mode, const Tensor& self, IntArrayRef pad,
                        const Source& source) {
  Tensor padded = self;
  for_each_side(mode, self, pad, [&](const Side& side) {
    if (side.before == 0 && side.after == 0 && side.size > 0) return;
    padded = index_select(padded, side.dim, tensor(source(side)));
  });
  return padded.is_same(self) ? self.clone() : padded;
}

}  // namespace

Tensor constant_pad_nd(const Tensor& self, IntArrayRef pad, const Scalar& value) {
  Dims sizes(self.sizes());
  for_each_side("constant", self, pad, [&](const Side& side) {
    side.check_that(
        side.size + std::min<int64_t>(0, side.before) + std::min<int64_t>(0, side.after) >= 0,
        "less than nothing would be left");
    sizes[static_cast<std::size_t>(side.dim)] = side.padded();
  });
  const Tensor padded = empty(sizes, self.options());
  {
    const NoGradGuard no_grad;
    padded.fill_(value);
    Tensor from = self, to = padded;
    for_each_side("constant", self, pad, [&](const Side& side) {
      const int64_t cut = std::max<int64_t>(0, -side.before),
                    at = std::max<int64_t>(0, side.before);
      const int64_t length = side.size - cut + std::min<int64_t>(0, side.after);
      from = from.narrow(side.dim, cut, length);
      to = to.narrow(side.dim, at, length);
    });
    to.copy_(from);
  }
  Dims undo(pad.size(), 0);
  std::transform(pad.begin(), pad.end(), undo.begin(), std::negate<>());
  return autograd::record("constant_pad_nd", padded, {self},
                          [undo](const Tensor& g) { return Grads{constant_pad_nd(g, undo)}; });
}

Tensor pad(const Tensor& self, IntArrayRef pad, std::string_view mode,
           const std::optional<double>& value) {
  if (mode == "constant") return constant_pad_nd(self, pad, value.value_or(0));
  check(!value.has_value(), "pad: mode \"{}\" takes no value, but {} was given", mode,
        value.value_or(0));
  if (mode == "reflect") return pad_by_selection("reflect", self, pad, reflected);
  if (mode == "replicate") return pad_by_selection("replicate", self, pad, replicated);
  if (mode == "circular") return pad_by_selection("circular", self, pad, wrapped);
  fail("pad: mode \"{}\" should be \"constant\", \"reflect\", \"replicate\" or \"circular\"", mode);
}

}  // namespace adjoint
