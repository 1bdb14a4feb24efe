#include "adjoint/core/inline_vector.h"

#include <memory>

#include <gtest/gtest.h>

namespace adjoint {
namespace {

using Pointers = InlineVector<std::shared_ptr<int>, 2>;

Pointers counting_to(int n) {
  Pointers made;
  for (int i = 0; i < n; ++i) made.push_back(std::make_shared<int>(i));
  return made;
}

TEST(InlineVector, KeepsItsElementsHoweverManyTheyAre) {
  for (int n = 0; n < 6; ++n) {
    const Pointers list = counting_to(n);
    ASSERT_EQ(list.size(), static_cast<std::size_t>(n));
    EXPECT_EQ(list.empty(), n == 0);
    int expected = 0;
    for (const auto& each : list) EXPECT_EQ(*each, expected++);
    EXPECT_EQ(expected, n);
    const ArrayRef<std::shared_ptr<int>> ref = list;
    EXPECT_EQ(ref.size(), list.size());
    if (n > 0) {
      EXPECT_EQ(*ref.back(), n - 1);
      EXPECT_EQ(list[0].use_count(), 1);  // none is left behind where it was moved from
    }
  }
}

TEST(InlineVector, CopiesAndMoves) {
  for (int n = 0; n < 6; ++n) {
    Pointers list = counting_to(n);
    const Pointers copy = list;
    const Pointers moved = std::move(list);
    ASSERT_EQ(moved.size(), static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < moved.size(); ++i) {
      EXPECT_EQ(moved[i], copy[i]);
      EXPECT_EQ(moved[i].use_count(), 2);
    }
  }
}

}  // namespace
}  // namespace adjoint
