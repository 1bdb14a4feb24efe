// The tensors whose printed form is compared. Included where `torch` is libtorch (print.cpp, which
// writes print.txt) and where it is Adjoint (the test).
#pragma once

#include <cmath>
#include <cstdint>
#include <iomanip>
#include <limits>
#include <ostream>
#include <random>
#include <vector>

/// `values` as a tensor of that shape, row-major unless strides are given.
inline torch::Tensor shaped(std::vector<double>& values, const std::vector<int64_t>& sizes,
                            std::vector<int64_t> strides = {}) {
  if (strides.empty()) {
    strides.resize(sizes.size());
    int64_t next = 1;
    for (std::size_t d = sizes.size(); d-- > 0; next *= sizes[d]) strides[d] = next;
  }
  return torch::from_blob(values.data(), sizes, strides, torch::kDouble);
}

/// Random numbers of which each is below 10^exponent in magnitude, and down to 10^-spread of that.
inline std::vector<double> magnitudes(int count, int exponent, int spread, unsigned seed) {
  std::mt19937 words(seed);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) {
    const double unit = words() / 2147483648.0 - 1;
    values.push_back(unit * std::pow(10.0, exponent - static_cast<int>(words() % (spread + 1))));
  }
  return values;
}

/// Prints every case, each followed by a line `----`.
inline void print_cases(std::ostream& out) {
  const auto print = [&](const torch::Tensor& tensor) { out << tensor << "\n----\n"; };
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");

  print(torch::Tensor());
  // Without dimensions.
  print(torch::tensor(3));
  print(torch::tensor(true));
  print(torch::tensor(0.1));
  print(torch::tensor(-1.25e20, torch::kDouble));
  print(torch::tensor(nan));
  print(torch::tensor(uint8_t{200}));
  // No elements.
  print(torch::tensor({}));
  print(torch::zeros({0, 3}));
  print(torch::zeros({2, 0, 3}, torch::kInt));
  // Every dtype.
  for (const auto dtype :
       {torch::kFloat, torch::kDouble, torch::kLong, torch::kInt, torch::kByte, torch::kBool}) {
    print(torch::ones({2, 3}, dtype));
  }
  print(torch::tensor({{1.5, 2.0}, {-0.25, 100.0}}));
  print(torch::tensor({-1, 20, 300}));
  print(torch::tensor({999999999, -1}));
  print(torch::tensor({int64_t{12345678901}, int64_t{-3}}));

  // Vectors and matrices of all magnitudes: fixed notation, a common factor, scientific.
  for (const int exponent : {-200, -7, -2, -1, 0, 1, 3, 5, 6, 9, 150}) {
    for (const int spread : {0, 2, 5}) {
      std::vector<double> values = magnitudes(6, exponent, spread, 17);
      print(shaped(values, {6}));
      print(shaped(values, {2, 3}));
    }
  }
  // Numbers that are none do not count in the layout.
  std::vector<double> odd = {1.5, nan, -inf, 0.25, inf, -3};
  print(shaped(odd, {3, 2}));
  odd = {nan, inf, -inf};
  print(shaped(odd, {3}));
  odd = {2, nan, -40};
  print(shaped(odd, {3}));
  odd = {0, 0, -0.0};
  print(shaped(odd, {3}));
  // The largest one is negative, and not in first place.
  odd = {1.5, -2000.25, 0.5};
  print(shaped(odd, {3}));
  odd = {3, -12345678901};
  print(shaped(odd, {2}));

  // Lines wrap at 80 columns; with a factor, and in blocks, too.
  for (const int exponent : {0, 8}) {
    std::vector<double> values = magnitudes(2 * 23, exponent, 2, 5);
    print(shaped(values, {2, 23}));
    print(shaped(values, {2, 1, 23}));
  }
  print(torch::arange(41));
  std::vector<double> counting(2 * 27);
  for (std::size_t i = 0; i < counting.size(); ++i) counting[i] = static_cast<double>(i);
  print(shaped(counting, {2, 27}));
  print(shaped(counting, {1, 54}));

  // Blocks: laid out one by one, the first index counting fastest.
  std::vector<double> blocks = magnitudes(3 * 2 * 2 * 3, 4, 4, 9);
  print(shaped(blocks, {3, 4, 3}));
  print(shaped(blocks, {3, 2, 2, 3}));
  print(shaped(blocks, {1, 3, 2, 2, 3}));
  std::vector<double> mixed = {1, 2, 3.5, 4, 1e7, 2e7, 1, 12345.5};
  print(shaped(mixed, {4, 1, 2}));
  print(shaped(mixed, {2, 2, 2}));

  // Not contiguous.
  print(shaped(mixed, {2, 4}, {1, 2}));
  print(shaped(mixed, {2, 2}, {0, 3}));

  // The stream's own settings count where libtorch leaves them alone, and are kept.
  out << std::setprecision(9) << std::fixed;
  print(torch::tensor(0.1, torch::kDouble));
  print(torch::tensor({1234567}));
  print(shaped(mixed, {2, 4}));
  out << 0.5 << "\n----\n";
}
