#include "adjoint/core/random.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <memory>
#include <numbers>
#include <numeric>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/core/error.h"
#include "adjoint/core/parallel.h"

namespace adjoint {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::string fnv1a(const void* data, std::size_t bytes) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (std::size_t i = 0; i < bytes; ++i) {
    hash = (hash ^ static_cast<const uint8_t*>(data)[i]) * 0x100000001b3u;
  }
  return fmt::format("{:016x}", hash);
}

/// A dense array of any dtype; not std::vector, whose bools have no address.
template <class T>
struct Array {
  explicit Array(int64_t n) : size(n), data(new T[static_cast<std::size_t>(n)]()) {}

  std::size_t bytes() const { return static_cast<std::size_t>(size) * sizeof(T); }
  bool operator==(const Array& other) const {
    return size == other.size && std::memcmp(data.get(), other.data.get(), bytes()) == 0;
  }
  T* begin() const { return data.get(); }
  T* end() const { return data.get() + size; }

  int64_t size;
  std::unique_ptr<T[]> data;
};

/// One line of tests/golden/random_numbers.txt: a call and what PyTorch makes of it.
struct GoldenCall {
  std::string function;
  std::string dtype;
  int64_t n = 0;
  std::vector<std::string> parameters;
  std::string results;  ///< checksum, then first, middle and last value in bits

  double number(std::size_t i) const { return std::stod(parameters.at(i)); }
  std::optional<int64_t> integer(std::size_t i) const {
    if (parameters.at(i) == "none") return std::nullopt;
    return std::stoll(parameters.at(i));
  }
};

GoldenCall parse(const std::string& line) {
  std::istringstream in(line);
  GoldenCall call;
  std::string parameters;
  in >> call.function >> call.dtype >> call.n >> parameters >> std::ws;
  std::getline(in, call.results);
  std::istringstream list(parameters);
  for (std::string p; std::getline(list, p, ',');) call.parameters.push_back(p);
  return call;
}

template <class P>
Array<P> probabilities(int64_t n) {
  Array<P> p(n);
  for (int64_t i = 0; i < n; ++i) p.data[i] = static_cast<P>(static_cast<double>(i * 7 % 11) / 10);
  return p;
}

template <class T>
void fill(const GoldenCall& call, T* data, int64_t n) {
  const std::string& f = call.function;
  if constexpr (std::is_floating_point_v<T>) {
    if (f == "uniform") return random::fill_uniform(data, n, call.number(0), call.number(1));
    if (f == "normal") return random::fill_normal(data, n, call.number(0), call.number(1));
    if (f == "normal_elementwise") {
      return random::fill_normal_elementwise(data, n, call.number(0), call.number(1));
    }
    if (f == "exponential") return random::fill_exponential(data, n, call.number(0));
  }
  if constexpr (!std::is_same_v<T, bool>) {
    if (f == "randperm") return random::fill_randperm(data, n);
  }
  if (f == "random") return random::fill_random(data, n);
  if (f == "random_from_to") {
    return random::fill_random_from_to(data, n, *call.integer(0), call.integer(1));
  }
  if (f == "bernoulli") return random::fill_bernoulli(data, n, call.number(0));
  if (f == "bernoulli_p" && call.parameters.at(0) == "f32") {
    return random::fill_bernoulli(data, probabilities<float>(n).begin(), n);
  }
  if (f == "bernoulli_p") {
    return random::fill_bernoulli(data, probabilities<double>(n).begin(), n);
  }
  FAIL() << "unknown call in the golden file: " << f << ' ' << call.dtype;
}

template <class T>
std::string results(const GoldenCall& call) {
  Array<T> array(call.n);
  fill(call, array.begin(), call.n);
  std::string text = fnv1a(array.begin(), array.bytes());
  for (const int64_t i : std::set<int64_t>{0, call.n / 2, call.n - 1}) {
    if (i < 0 || i >= call.n) continue;
    uint64_t bits = 0;
    std::memcpy(&bits, array.begin() + i, sizeof(T));
    text += fmt::format(" {:0{}x}", bits, 2 * sizeof(T));
  }
  return text;
}

std::string results_of(const GoldenCall& call) {
  if (call.dtype == "f32") return results<float>(call);
  if (call.dtype == "f64") return results<double>(call);
  if (call.dtype == "i64") return results<int64_t>(call);
  if (call.dtype == "i32") return results<int32_t>(call);
  if (call.dtype == "u8") return results<uint8_t>(call);
  if (call.dtype == "bool") return results<bool>(call);
  return "unknown dtype in the golden file: " + call.dtype;
}

// Every path is bit-equal, the vectorised float normal included: box_muller.h rounds as it does.
TEST(Random, EqualsPyTorchBitForBitForEveryCallOfTheGoldenFile) {
  std::ifstream file(ADJOINT_TESTS_DIR "/golden/random_numbers.txt");
  ASSERT_TRUE(file.is_open());
  int lines = 0;
  for (std::string line, since_seed; std::getline(file, line); ++lines) {
    if (line.starts_with("seed ")) {
      manual_seed(std::stoull(line.substr(5)));
      since_seed = line;
    } else if (line.starts_with("state ")) {
      const std::vector<uint8_t> state = default_generator().state_bytes();
      EXPECT_EQ(fnv1a(state.data(), state.size()), line.substr(6)) << "state after " << since_seed;
    } else {
      const GoldenCall call = parse(line);
      EXPECT_EQ(results_of(call), call.results) << "line " << lines + 1 << ": " << line;
    }
  }
  EXPECT_GT(lines, 3000);
}

TEST(Random, EngineIsTheStandardLibrarysMersenneTwister) {
  for (const uint32_t seed : {0u, 1u, 5489u, 0xffffffffu}) {
    std::mt19937 standard(seed);
    CPUGeneratorImpl generator(seed);
    // By ones and in bulk, so that the bulk begins and ends inside of blocks of 624.
    for (const std::size_t count : {1, 623, 1, 624, 100, 1300, 7}) {
      std::vector<uint32_t> expected(count);
      for (uint32_t& word : expected) word = standard();
      std::vector<uint32_t> bulk(count);
      if (count < 10) {
        for (uint32_t& word : bulk) word = generator.random();
      } else {
        generator.random(bulk);
      }
      ASSERT_EQ(bulk, expected);
    }
  }
}

/// Calls that end inside a block of words, with a normal sample kept.
void draw_some(const Generator& generator) {
  Array<double> a(33);
  random::fill_uniform(a.begin(), a.size, 0, 1, generator);
  random::fill_normal_elementwise(a.begin(), a.size, 0, 1, generator);
}

Array<float> seven_normals(const Generator& generator) {
  Array<float> a(7);
  random::fill_normal(a.begin(), a.size, 0, 1, generator);
  return a;
}

TEST(Generator, StateBytesResumeTheStreamAndTheKeptNormalSample) {
  const Generator generator = make_generator(11);
  draw_some(generator);
  const std::vector<uint8_t> state = generator.state_bytes();
  const Array<float> expected = seven_normals(generator);
  EXPECT_FALSE(seven_normals(generator) == expected);

  Generator resumed = make_generator();
  resumed.set_state_bytes(state);
  EXPECT_EQ(resumed.current_seed(), 11u);
  EXPECT_EQ(resumed.state_bytes(), state);
  EXPECT_TRUE(seven_normals(resumed) == expected);
}

TEST(Generator, CopiesShareTheStreamAndClonesDoNot) {
  const Generator generator = make_generator(3);
  draw_some(generator);
  const Generator copy = generator;
  const Generator clone = generator.clone();
  EXPECT_TRUE(copy == generator);
  EXPECT_FALSE(clone == generator);
  const Array<float> first = seven_normals(generator);
  EXPECT_TRUE(seven_normals(clone) == first);
  EXPECT_FALSE(seven_normals(copy) == first);
  EXPECT_EQ(copy.state_bytes(), generator.state_bytes());
}

TEST(Generator, SeedingForgetsTheKeptNormalSample) {
  Generator generator = make_generator(3);
  const std::vector<uint8_t> fresh = generator.state_bytes();
  draw_some(generator);
  EXPECT_NE(generator.state_bytes(), fresh);
  generator.set_current_seed(3);
  EXPECT_EQ(generator.state_bytes(), fresh);
}

TEST(Generator, SeedTakesOneFromTheSystem) {
  Generator generator = make_generator();
  EXPECT_EQ(generator.current_seed(), default_rng_seed_val);
  const uint64_t first = generator.seed();
  EXPECT_EQ(generator.current_seed(), first);
  EXPECT_LT(first, uint64_t{1} << 53);
  EXPECT_NE(generator.seed(), first);
  EXPECT_EQ(generator.state_bytes(), make_generator(generator.current_seed()).state_bytes());

  const uint64_t of_default = seed();
  EXPECT_EQ(initial_seed(), of_default);
  manual_seed(12);
  EXPECT_EQ(initial_seed(), 12u);
}

TEST(Generator, AnUndefinedOneStandsForTheDefaultOne) {
  manual_seed(5);
  const Array<float> expected = seven_normals(default_generator());
  manual_seed(5);
  EXPECT_TRUE(seven_normals(Generator()) == expected);
  EXPECT_FALSE(Generator().defined());
  EXPECT_THAT([] { Generator().current_seed(); }, ThrowsMessage<Error>(HasSubstr("undefined")));
  EXPECT_THAT([] { Generator(nullptr); }, ThrowsMessage<Error>(HasSubstr("null")));
}

TEST(Generator, RefusesBytesThatAreNoStateAndStaysAsItWas) {
  Generator generator = make_generator(1);
  draw_some(generator);
  const std::vector<uint8_t> state = generator.state_bytes();
  std::vector<std::vector<uint8_t>> broken(6, state);
  broken[0].pop_back();
  broken[1].clear();
  broken[2][12] = 0;              // not seeded
  broken[3][8] ^= 1;              // words left contradict words used
  broken[4][17] = 0x7f;           // used more words than there are
  broken[5][24 + 8 * 9 + 4] = 1;  // a word of more than 32 bits
  for (const auto& bytes : broken) {
    EXPECT_THAT([&] { generator.set_state_bytes(bytes); },
                ThrowsMessage<Error>(HasSubstr("Generator::set_state_bytes")));
    EXPECT_EQ(generator.state_bytes(), state);
  }
}

TEST(Generator, ThreadsThatShareItTakeTurns) {
  const Generator generator = make_generator(9);
  std::vector<Array<double>> parts;
  for (int i = 0; i < 4; ++i) parts.emplace_back(1000);
  std::vector<std::thread> threads;
  for (auto& part : parts) {
    threads.emplace_back([&] { random::fill_uniform(part.begin(), part.size, 0, 1, generator); });
  }
  for (auto& thread : threads) thread.join();

  Array<double> all(4000);
  random::fill_uniform(all.begin(), all.size, 0, 1, make_generator(9));
  std::vector<double> expected(all.begin(), all.end());
  std::vector<double> actual;
  for (const auto& part : parts) actual.insert(actual.end(), part.begin(), part.end());
  std::sort(expected.begin(), expected.end());
  std::sort(actual.begin(), actual.end());
  EXPECT_EQ(actual, expected);
}

template <class T>
void expect_normal_independent_of_threads() {
  const int64_t n = 100'003;
  const int before = get_num_threads();
  std::vector<Array<T>> results;
  for (const int threads : {1, 2, 3, 8}) {
    set_num_threads(threads);
    random::fill_normal(results.emplace_back(n).begin(), n, 0.5, 2, make_generator(4));
    EXPECT_TRUE(results.back() == results.front()) << threads << " threads";
  }
  set_num_threads(before);
}

TEST(Random, NormalDoesNotDependOnTheThreadCount) {
  expect_normal_independent_of_threads<float>();
  expect_normal_independent_of_threads<double>();
}

// The second witness beside PyTorch: each value in 80-bit arithmetic, from the same uniform samples
// and, as the transform is defined in T, the angle rounded to T. What is left are the roundings of
// logarithm, root, sine and product: below three of half an ulp (eps/2), relative to the radius.
template <class T>
void expect_box_muller_of_uniform() {
  const int64_t n = 16 * 4096;
  Array<T> uniform(n), normal(n);
  random::fill_uniform(uniform.begin(), n, 0, 1, make_generator(8));
  random::fill_normal(normal.begin(), n, 0, 1, make_generator(8));
  const T two_pi = 2 * std::numbers::pi_v<T>;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t first = i / 16 * 16 + i % 8;
    const long double u = uniform.data[first];
    const long double angle = static_cast<T>(two_pi * uniform.data[first + 8]);
    const long double radius = std::sqrt(-2 * std::log(1 - u));
    const long double expected = radius * (i % 16 < 8 ? std::cos(angle) : std::sin(angle));
    ASSERT_LE(std::abs(normal.data[i] - expected),
              1.5L * std::numeric_limits<T>::epsilon() * radius)
        << "element " << i;
  }
}

TEST(Random, NormalIsTheBoxMullerTransformOfTheUniformSamples) {
  expect_box_muller_of_uniform<float>();
  expect_box_muller_of_uniform<double>();
}

TEST(Random, RandpermIsAPermutation) {
  Array<int32_t> p(1001);
  random::fill_randperm(p.begin(), p.size, make_generator(2));
  Array<int32_t> identity(p.size);
  std::iota(identity.begin(), identity.end(), 0);
  EXPECT_FALSE(p == identity);
  std::sort(p.begin(), p.end());
  EXPECT_TRUE(p == identity);
}

TEST(Random, FillOrderGoesFromTheGreatestStrideToTheSmallest) {
  using V = std::vector<int64_t>;
  EXPECT_THAT(random::fill_order(V{2, 3, 4}, V{12, 4, 1}), ElementsAre(0, 1, 2));
  EXPECT_THAT(random::fill_order(V{4, 2, 3}, V{1, 12, 4}), ElementsAre(1, 2, 0));
  EXPECT_THAT(random::fill_order(V{}, V{}), ElementsAre());
  EXPECT_THAT([] { random::fill_order(V{1}, V{}); }, ThrowsMessage<Error>(HasSubstr("1 sizes")));
}

/// Each call must throw an error that contains `message`, and draw nothing.
template <class Call>
void expect_refused(const Call& call, const std::string& message) {
  manual_seed(1);
  const std::vector<uint8_t> before = default_generator().state_bytes();
  EXPECT_THAT(call, ThrowsMessage<Error>(HasSubstr(message)));
  EXPECT_EQ(default_generator().state_bytes(), before) << message;
}

TEST(Random, RefusesWrongArgumentsBeforeItDraws) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  float f[4];
  double d[4];
  uint8_t u[4];
  int32_t i[4];
  bool b[4];
  const float p[4] = {0, 0.5f, 1.5f, 1};
  expect_refused([&] { random::fill_uniform(f, 4, 2, 1); }, "from = 2 and to = 1");
  expect_refused([&] { random::fill_uniform(f, 4, kNan, 1); }, "from = nan");
  expect_refused([&] { random::fill_uniform(f, 4, 0, 1e39); }, "wider than the dtype's range");
  expect_refused([&] { random::fill_uniform(f, 4, -3e38, 3e38); }, "wider than the dtype's range");
  expect_refused([&] { random::fill_uniform(d, 4, -1e308, 1e308); }, "wider than");
  expect_refused([&] { random::fill_uniform(f, -1, 0, 1); }, "elements >= 0, but got -1");
  expect_refused([&] { random::fill_normal(f, 4, 0, -1); }, "deviation >= 0, but got -1");
  expect_refused([&] { random::fill_normal(d, 4, 0, kNan); }, "deviation >= 0, but got nan");
  expect_refused([&] { random::fill_random_from_to(i, 4, 5, 5); }, "from = 5 and to = 5");
  expect_refused([&] { random::fill_random_from_to(u, 4, 0, 257); }, "to - 1 = 256 is outside");
  expect_refused([&] { random::fill_random_from_to(u, 4, -1, 7); }, "from = -1 is outside");
  expect_refused([&] { random::fill_random_from_to(u, 4, 256, std::nullopt); }, "is above 255");
  expect_refused([&] { random::fill_random_from_to(b, 4, 0, 3); }, "range [0, 1]");
  expect_refused([&] { random::fill_random_from_to(i, 4, INT64_MIN, std::nullopt); }, "outside");
  expect_refused([&] { random::fill_random_from_to(f, 4, (1 << 25) + 1, (1 << 25) + 3); },
                 "the dtype holds no number of [33554433, 33554434]");
  expect_refused([&] { random::fill_bernoulli(b, 4, 1.5); }, "in [0, 1], but got 1.5");
  expect_refused([&] { random::fill_bernoulli(b, 4, kNan); }, "in [0, 1], but got nan");
  expect_refused([&] { random::fill_bernoulli(b, p, 4); }, "element 2 is 1.5");
  expect_refused([&] { random::fill_exponential(f, 4, 0); }, "lambda > 0, but got 0");
  expect_refused([&] { random::fill_randperm(u, 257); }, "up to 256 numbers, but n = 257");
  expect_refused([&] { random::fill_randperm(i, -1); }, "n = -1");
}

}  // namespace
}  // namespace adjoint
