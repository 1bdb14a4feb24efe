#pragma once

#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "adjoint/autograd/engine.h"
#include "adjoint/ops/creation.h"

/// Golden files of one line a case, as lines.py writes them.
namespace adjoint::golden {

using Results = std::vector<Tensor>;
using Functions = std::map<std::string, std::function<Results(const std::vector<Tensor>&)>>;

inline std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t to; (to = text.find(separator, from)) != std::string::npos;) {
    parts.push_back(text.substr(from, to - from));
    from = to + separator.size();
  }
  parts.push_back(text.substr(from));
  return parts;
}

/// `float32 2,3 : 0x1p+0 ...`
inline Tensor parse(const std::string& text) {
  std::istringstream in(text);
  std::string name, sizes_text;
  in >> name >> sizes_text;
  std::vector<int64_t> sizes;
  if (sizes_text != ":") {
    for (const std::string& s : split(sizes_text, ",")) sizes.push_back(std::stoll(s));
    in >> sizes_text;
  }
  const std::map<std::string, ScalarType> dtypes = {{"float32", kFloat32}, {"float64", kFloat64},
                                                    {"int64", kInt64},     {"int32", kInt32},
                                                    {"uint8", kUInt8},     {"bool", kBool}};
  Tensor made = empty(sizes, dtypes.at(name));
  dispatch(made.scalar_type(), [&]<class T>(std::type_identity<T>) {
    for (int64_t i = 0; i < made.numel(); ++i) {
      in >> name;
      made.data_ptr<T>()[i] = std::is_floating_point_v<T> ? static_cast<T>(std::stod(name))
                                                          : static_cast<T>(std::stoll(name));
    }
  });
  return made;
}

inline std::vector<Tensor> parse_list(const std::string& text) {
  std::vector<Tensor> made;
  for (const std::string& one : split(text, " ; ")) made.push_back(parse(one));
  return made;
}

/// Same dtype and shape; the same integers, NaNs and infinities; floats within the rounding of a
/// few operations, relative to the element or, where terms of size `scale` cancel (1 - tanh²), to
/// that.
inline void expect_same(const Tensor& ours, const Tensor& theirs, ScalarType precision,
                        double scale = 0) {
  ASSERT_EQ(ours.scalar_type(), theirs.scalar_type());
  ASSERT_EQ(ours.sizes(), theirs.sizes());
  const Tensor contiguous = ours.contiguous();
  dispatch(ours.scalar_type(), [&]<class T>(std::type_identity<T>) {
    for (int64_t i = 0; i < ours.numel(); ++i) {
      const T a = contiguous.data_ptr<T>()[i], b = theirs.data_ptr<T>()[i];
      if constexpr (std::is_floating_point_v<T>) {
        if (a == b || (std::isnan(a) && std::isnan(b))) continue;
        const T tolerance = precision == kFloat32 ? T(1e-6) : T(1e-13);
        const T size = std::max(std::abs(b), static_cast<T>(scale));
        // Below the normal numbers PyTorch's vectorised functions may flush to zero.
        EXPECT_LE(std::abs(a - b), tolerance * size + std::numeric_limits<T>::min())
            << "element " << i << ": " << a << ", PyTorch: " << b;
      } else {
        EXPECT_EQ(a, b) << "element " << i;
      }
    }
  });
}

/// Every case of a file, computed by the function of its name; each function has to have a case.
inline void compare_lines(const std::string& file_name, const Functions& functions) {
  std::ifstream file(std::string(ADJOINT_TESTS_DIR "/golden/") + file_name);
  ASSERT_TRUE(file.is_open());
  std::map<std::string, int> seen;
  for (std::string line; std::getline(file, line);) {
    SCOPED_TRACE(line.substr(0, 60));
    const std::vector<std::string> parts = split(line, " | ");
    ASSERT_TRUE(parts.size() >= 3 && parts.size() <= 5);
    const bool constant = parts.size() == 4;
    ASSERT_TRUE(functions.contains(parts[0]));
    ++seen[parts[0]];
    std::vector<Tensor> inputs = parse_list(parts[1]), asked;
    for (const Tensor& x : inputs) {
      if (x.is_floating_point() && !constant) asked.push_back(x.requires_grad_());
    }
    const Results results = functions.at(parts[0])(inputs);
    const std::vector<Tensor> expected = parse_list(parts[2]);
    ASSERT_EQ(results.size(), expected.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
      SCOPED_TRACE("result " + std::to_string(i));
      expect_same(results[i], expected[i], results[i].dtype());
    }
    const Tensor& y = results[0];
    ASSERT_EQ(y.requires_grad(), parts.size() == 5);
    if (parts.size() < 5) continue;
    const std::vector<Tensor> theirs = parse_list(parts[4]);
    const std::vector<Tensor> ours =
        autograd::grad({y}, asked, {parse(parts[3])}, /*retain_graph=*/std::nullopt, false,
                       /*allow_unused=*/true);
    for (std::size_t i = 0; i < theirs.size(); ++i) {
      SCOPED_TRACE("gradient " + std::to_string(i));
      expect_same(ours[i].defined() ? ours[i] : zeros_like(asked[i]), theirs[i], y.dtype(),
                  /*scale=*/1);
    }
  }
  EXPECT_EQ(seen.size(), functions.size());
}

}  // namespace adjoint::golden
