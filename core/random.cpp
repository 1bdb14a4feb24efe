#include "adjoint/core/random.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <type_traits>
#include <utility>

#include "adjoint/core/box_muller.h"
#include "adjoint/core/error.h"
#include "adjoint/core/parallel.h"

namespace adjoint::random {
namespace {

/// What a uniform sample of floating-point type T is made of.
template <class T>
using WordFor = std::conditional_t<std::is_same_v<T, double>, uint64_t, uint32_t>;

template <class T>
constexpr int kDigits = std::numeric_limits<T>::digits;

/// The uniform sample on [0, 1) in the lower bits of `word`: as many as T's significand has.
template <class T>
T to_unit(WordFor<T> word) {
  constexpr auto kMask = static_cast<WordFor<T>>((uint64_t{1} << kDigits<T>)-1);
  constexpr T kUnit = T{1} / static_cast<T>(uint64_t{1} << kDigits<T>);
  return static_cast<T>(static_cast<std::make_signed_t<WordFor<T>>>(word & kMask)) * kUnit;
}

/// Locks the generator, or else the default one, as long as it lives.
class Draw {
 public:
  explicit Draw(const std::optional<Generator>& generator)
      : impl_(*generator_or_default(generator).get()), lock_(impl_.mutex_) {}

  CPUGeneratorImpl* operator->() { return &impl_; }

  /// data[i] = value(the next Word of the stream, i).
  template <class Word, class T, class Value>
  void fill(T* data, int64_t n, const Value& value) {
    constexpr int kWordsEach = sizeof(Word) / sizeof(uint32_t);
    constexpr int64_t kChunk = 512;
    std::array<uint32_t, kChunk * kWordsEach> words;
    for (int64_t begin = 0; begin < n; begin += kChunk) {
      const int64_t count = std::min(kChunk, n - begin);
      impl_.random(std::span(words.data(), static_cast<std::size_t>(count * kWordsEach)));
      for (int64_t i = 0; i < count; ++i) {
        if constexpr (kWordsEach == 1) {
          data[begin + i] = value(words[i], begin + i);
        } else {
          data[begin + i] = value(uint64_t{words[2 * i]} << 32 | words[2 * i + 1], begin + i);
        }
      }
    }
  }

  template <class T>
  void fill_unit(T* data, int64_t n) {
    fill<WordFor<T>>(data, n, [](WordFor<T> word, int64_t) { return to_unit<T>(word); });
  }

 private:
  CPUGeneratorImpl& impl_;
  std::lock_guard<std::mutex> lock_;
};

void check_count(const char* function, int64_t n) {
  check(n >= 0, "{}: expected a number of elements >= 0, but got {}", function, n);
}

void check_normal(int64_t n, double std) {
  check_count("normal_", n);
  check(std >= 0, "normal_: expected a standard deviation >= 0, but got {}", std);
}

/// What a conversion of float or double to int64_t yields on x86-64 even where C++ leaves it open:
/// PyTorch's bounds depend on it.
template <class T>
int64_t to_int64(T value) {
  return value < T{0x1p63} ? static_cast<int64_t>(value) : std::numeric_limits<int64_t>::min();
}

/// The distance between neighbours of floating-point type T around the integer `value`.
template <class T>
int64_t spacing(int64_t value) {
  const uint64_t magnitude =
      value < 0 ? -static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  return int64_t{1} << (std::bit_width(magnitude) - kDigits<T>);
}

/// PyTorch's rule for a lower bound: where the number after `from` rounds to one below `from`, the
/// next number above that T holds. Requires from < the greatest int64_t.
template <class T>
int64_t inner_from(int64_t from) {
  const int64_t next = to_int64(static_cast<T>(from + 1));
  return next < from ? next + spacing<T>(from + 1) : from;
}

/// Likewise for the exclusive upper bound: where the number before `to` rounds to `to` or above.
/// Requires to > the smallest int64_t.
template <class T>
int64_t inner_to(int64_t to) {
  const int64_t last = to_int64(static_cast<T>(to - 1));
  return last >= to ? last - spacing<T>(to - 1) : to;
}

/// The greatest integer that random_(from, nullopt) yields in T.
template <class T>
constexpr int64_t kGreatest =
    std::is_floating_point_v<T> ? int64_t{1} << (std::is_floating_point_v<T> ? kDigits<T> : 0)
                                : static_cast<int64_t>(std::numeric_limits<T>::max());

template <class T>
void check_fits(const char* name, int64_t value) {
  if constexpr (std::is_integral_v<T>) {
    constexpr auto kMin = static_cast<int64_t>(std::numeric_limits<T>::min());
    constexpr auto kMax = static_cast<int64_t>(std::numeric_limits<T>::max());
    check(kMin <= value && value <= kMax,
          "random_: {} = {} is outside of the dtype's range [{}, {}]", name, value, kMin, kMax);
  }
}

}  // namespace

template <class T>
void fill_uniform(T* data, int64_t n, double from, double to,
                  const std::optional<Generator>& generator) {
  constexpr double kMax = std::numeric_limits<T>::max();
  check_count("uniform_", n);
  check(from <= to, "uniform_: expected from <= to, but got from = {} and to = {}", from, to);
  check(-kMax <= from && to <= kMax && to - from <= kMax,
        "uniform_: [{}, {}) is wider than the dtype's range; its greatest number is {}", from, to,
        kMax);
  const T low = static_cast<T>(from);
  const T width = static_cast<T>(to) - low;
  Draw draw(generator);
  if (low == 0) {  // the same bits, and fast where the processor has no fused multiply-add
    draw.fill<WordFor<T>>(data, n,
                          [=](WordFor<T> word, int64_t) { return to_unit<T>(word) * width; });
  } else {
    draw.fill<WordFor<T>>(
        data, n, [=](WordFor<T> word, int64_t) { return std::fma(to_unit<T>(word), width, low); });
  }
}

template <class T>
void fill_normal(T* data, int64_t n, double mean, double std,
                 const std::optional<Generator>& generator) {
  constexpr int64_t kBlock = 16;
  constexpr int64_t kGrain = 256;  // blocks
  if (n < kBlock) {
    fill_normal_elementwise(data, n, mean, std, generator);
    return;
  }
  check_normal(n, std);
  const T mean_as_t = static_cast<T>(mean);
  const T std_as_t = static_cast<T>(std);
  Draw draw(generator);
  draw.fill_unit(data, n);
  parallel_for(0, n / kBlock, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) box_muller_16(data + i * kBlock, mean_as_t, std_as_t);
  });
  if (n % kBlock != 0) {
    T* last = data + n - kBlock;
    draw.fill_unit(last, kBlock);
    box_muller_16(last, mean_as_t, std_as_t);
  }
}

template <class T>
void fill_normal_elementwise(T* data, int64_t n, double mean, double std,
                             const std::optional<Generator>& generator) {
  check_normal(n, std);
  Draw draw(generator);
  for (int64_t i = 0; i < n; ++i) {
    double sample;
    if (const std::optional<double> kept = draw->next_double_normal_sample()) {
      sample = *kept;
      draw->set_next_double_normal_sample(std::nullopt);
    } else {
      const double angle = 2 * std::numbers::pi * to_unit<double>(draw->random64());
      const double radius = std::sqrt(-2 * std::log(1 - to_unit<double>(draw->random64())));
      sample = radius * std::cos(angle);
      draw->set_next_double_normal_sample(radius * std::sin(angle));
    }
    data[i] = static_cast<T>(std::fma(sample, std, mean));
  }
}

template <class T>
void fill_random(T* data, int64_t n, const std::optional<Generator>& generator) {
  using Word = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  constexpr auto kRange = static_cast<uint64_t>(kGreatest<T>) + 1;
  check_count("random_", n);
  Draw(generator).fill<Word>(data, n,
                             [](Word word, int64_t) { return static_cast<T>(word % kRange); });
}

template <class T>
void fill_random_from_to(T* data, int64_t n, int64_t from, std::optional<int64_t> to,
                         const std::optional<Generator>& generator) {
  check_count("random_", n);
  check(!to || from < *to, "random_: expected from < to, but got from = {} and to = {}", from,
        to.value_or(0));
  // Only these types take words of 64 bits, and so more than 2^32 values.
  constexpr bool kWide = std::is_floating_point_v<T> || std::is_same_v<T, int64_t>;
  uint64_t range = 0;  // stands for 2^64
  if (!kWide || to || from != std::numeric_limits<int64_t>::min()) {
    int64_t last = to ? *to - 1 : kGreatest<T>;
    check(from <= last, "random_: from = {} is above {}, the dtype's greatest", from, last);
    if constexpr (std::is_floating_point_v<T>) {
      const int64_t given = from;
      from = inner_from<T>(from);
      if (to) last = inner_to<T>(*to) - 1;
      check(from <= last, "random_: the dtype holds no number of [{}, {}]", given,
            to ? *to - 1 : last);
    }
    check_fits<T>("from", from);
    check_fits<T>("to - 1", last);
    range = static_cast<uint64_t>(last) - static_cast<uint64_t>(from) + 1;
  }
  const auto base = static_cast<uint64_t>(from);
  Draw draw(generator);
  if constexpr (kWide) {
    if (range == 0 || range >= uint64_t{1} << 32) {
      draw.fill<uint64_t>(data, n, [=](uint64_t word, int64_t) {
        return static_cast<T>(static_cast<int64_t>(range == 0 ? word : word % range + base));
      });
      return;
    }
  }
  draw.fill<uint32_t>(data, n, [=](uint32_t word, int64_t) {
    return static_cast<T>(static_cast<int64_t>(word % range + base));
  });
}

template <class T>
void fill_bernoulli(T* data, int64_t n, double p, const std::optional<Generator>& generator) {
  check_count("bernoulli_", n);
  check(0 <= p && p <= 1, "bernoulli_: expected a probability in [0, 1], but got {}", p);
  Draw(generator).fill<uint64_t>(
      data, n, [=](uint64_t word, int64_t) { return static_cast<T>(to_unit<double>(word) < p); });
}

template <class T, class P>
void fill_bernoulli(T* data, const P* p, int64_t n, const std::optional<Generator>& generator) {
  check_count("bernoulli_", n);
  for (int64_t i = 0; i < n; ++i) {
    check(0 <= p[i] && p[i] <= 1,
          "bernoulli_: expected probabilities in [0, 1], but element {} is {}", i, p[i]);
  }
  Draw(generator).fill<WordFor<P>>(
      data, n, [=](WordFor<P> word, int64_t i) { return static_cast<T>(to_unit<P>(word) < p[i]); });
}

template <class T>
void fill_exponential(T* data, int64_t n, double lambda,
                      const std::optional<Generator>& generator) {
  check_count("exponential_", n);
  check(lambda > 0, "exponential_: expected a rate lambda > 0, but got {}", lambda);
  const double scale = -1 / lambda;
  Draw(generator).fill<uint64_t>(data, n, [=](uint64_t word, int64_t) {
    return static_cast<T>(scale * std::log(1 - to_unit<double>(word)));
  });
}

template <class T>
void fill_randperm(T* data, int64_t n, const std::optional<Generator>& generator) {
  constexpr int64_t kGreatestN =
      kGreatest<T> < std::numeric_limits<int64_t>::max() ? kGreatest<T> + 1 : kGreatest<T>;
  check(0 <= n && n <= kGreatestN,
        "randperm: the dtype holds permutations of up to {} numbers, but n = {}", kGreatestN, n);
  Draw draw(generator);
  for (int64_t i = 0; i < n; ++i) data[i] = static_cast<T>(i);
  for (int64_t i = 0; i < n - 1; ++i) {
    std::swap(data[i],
              data[i + static_cast<int64_t>(draw->random() % static_cast<uint64_t>(n - i))]);
  }
}

std::vector<int64_t> fill_order(std::span<const int64_t> sizes, std::span<const int64_t> strides) {
  check(sizes.size() == strides.size(), "fill_order: {} sizes, but {} strides", sizes.size(),
        strides.size());
  std::vector<int64_t> order(sizes.size());
  std::iota(order.begin(), order.end(), 0);
  // A dimension of one element does not matter for the walk, whatever its stride.
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return std::pair(strides[a], sizes[a]) > std::pair(strides[b], sizes[b]);
  });
  return order;
}

using Source = std::optional<Generator>;

template void fill_uniform(float*, int64_t, double, double, const Source&);
template void fill_uniform(double*, int64_t, double, double, const Source&);
template void fill_normal(float*, int64_t, double, double, const Source&);
template void fill_normal(double*, int64_t, double, double, const Source&);
template void fill_normal_elementwise(float*, int64_t, double, double, const Source&);
template void fill_normal_elementwise(double*, int64_t, double, double, const Source&);
template void fill_exponential(float*, int64_t, double, const Source&);
template void fill_exponential(double*, int64_t, double, const Source&);
template void fill_random(float*, int64_t, const Source&);
template void fill_random(double*, int64_t, const Source&);
template void fill_random(int64_t*, int64_t, const Source&);
template void fill_random(int32_t*, int64_t, const Source&);
template void fill_random(uint8_t*, int64_t, const Source&);
template void fill_random(bool*, int64_t, const Source&);
template void fill_random_from_to(float*, int64_t, int64_t, std::optional<int64_t>, const Source&);
template void fill_random_from_to(double*, int64_t, int64_t, std::optional<int64_t>, const Source&);
template void fill_random_from_to(int64_t*, int64_t, int64_t, std::optional<int64_t>,
                                  const Source&);
template void fill_random_from_to(int32_t*, int64_t, int64_t, std::optional<int64_t>,
                                  const Source&);
template void fill_random_from_to(uint8_t*, int64_t, int64_t, std::optional<int64_t>,
                                  const Source&);
template void fill_random_from_to(bool*, int64_t, int64_t, std::optional<int64_t>, const Source&);
template void fill_bernoulli(float*, int64_t, double, const Source&);
template void fill_bernoulli(double*, int64_t, double, const Source&);
template void fill_bernoulli(int64_t*, int64_t, double, const Source&);
template void fill_bernoulli(int32_t*, int64_t, double, const Source&);
template void fill_bernoulli(uint8_t*, int64_t, double, const Source&);
template void fill_bernoulli(bool*, int64_t, double, const Source&);
template void fill_bernoulli(float*, const float*, int64_t, const Source&);
template void fill_bernoulli(double*, const float*, int64_t, const Source&);
template void fill_bernoulli(int64_t*, const float*, int64_t, const Source&);
template void fill_bernoulli(int32_t*, const float*, int64_t, const Source&);
template void fill_bernoulli(uint8_t*, const float*, int64_t, const Source&);
template void fill_bernoulli(bool*, const float*, int64_t, const Source&);
template void fill_bernoulli(float*, const double*, int64_t, const Source&);
template void fill_bernoulli(double*, const double*, int64_t, const Source&);
template void fill_bernoulli(int64_t*, const double*, int64_t, const Source&);
template void fill_bernoulli(int32_t*, const double*, int64_t, const Source&);
template void fill_bernoulli(uint8_t*, const double*, int64_t, const Source&);
template void fill_bernoulli(bool*, const double*, int64_t, const Source&);
template void fill_randperm(float*, int64_t, const Source&);
template void fill_randperm(double*, int64_t, const Source&);
template void fill_randperm(int64_t*, int64_t, const Source&);
template void fill_randperm(int32_t*, int64_t, const Source&);
template void fill_randperm(uint8_t*, int64_t, const Source&);

}  // namespace adjoint::random
