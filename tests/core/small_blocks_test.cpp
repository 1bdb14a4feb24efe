#include "adjoint/core/small_blocks.h"

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "adjoint/adjoint.h"

namespace adjoint {
namespace {

TEST(SmallBlocks, AreAlignedLargeEnoughAndDisjoint) {
  std::vector<std::pair<unsigned char*, std::size_t>> blocks;
  for (std::size_t bytes = 1; bytes <= 2 * small_blocks::kLargest; bytes += 7) {
    auto* block = static_cast<unsigned char*>(small_blocks::allocate(bytes));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignof(std::max_align_t), 0u) << bytes;
    std::memset(block, static_cast<int>(bytes % 251), bytes);
    blocks.emplace_back(block, bytes);
  }
  for (const auto& [block, bytes] : blocks) {
    EXPECT_EQ(block[0], bytes % 251);
    EXPECT_EQ(block[bytes - 1], bytes % 251);
    small_blocks::deallocate(block, bytes);
  }
}

#if !defined(__SANITIZE_ADDRESS__)
TEST(SmallBlocks, AFreedBlockIsTheNextOfItsSize) {
  small_blocks::deallocate(small_blocks::allocate(100), 100);  // from now on the thread keeps them
  void* first = small_blocks::allocate(100);
  small_blocks::deallocate(first, 100);
  void* other = small_blocks::allocate(300);
  void* second = small_blocks::allocate(97);  // rounded up to the same
  EXPECT_EQ(second, first);
  EXPECT_NE(other, first);
  small_blocks::deallocate(second, 97);
  small_blocks::deallocate(other, 300);
}
#endif

TEST(SmallBlocks, MayBeFreedByAnotherThread) {
  std::vector<void*> blocks;
  for (int i = 0; i < 5000; ++i) blocks.push_back(small_blocks::allocate(64));  // beyond the limit
  std::thread([&] {
    for (void* block : blocks) small_blocks::deallocate(block, 64);
    for (void*& block : blocks) block = small_blocks::allocate(64);
  }).join();  // the thread's own are given back as it ends
  EXPECT_EQ(std::set<void*>(blocks.begin(), blocks.end()).size(), blocks.size());
  for (void* block : blocks) small_blocks::deallocate(block, 64);
}

TEST(SmallBlocks, HoldWhatTheStandardLibraryMakes) {
  std::map<int, int, std::less<>, SmallBlockAllocator<std::pair<const int, int>>> squares;
  for (int i = 0; i < 100; ++i) squares[i] = i * i;
  EXPECT_EQ(squares.at(9), 81);
  const auto shared = std::allocate_shared<int>(SmallBlockAllocator<int>(), 7);
  EXPECT_EQ(*shared, 7);
}

// Small tensors have their elements in one block with the Storage, larger ones have them apart.
TEST(SmallBlocks, TensorsOfEverySizeAreAligned) {
  std::vector<Tensor> tensors;
  for (int64_t n = 0; n < 300; ++n) {
    const Tensor t = full({n}, static_cast<double>(n), kFloat32);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(t.data_ptr()) % 64, 0u) << n;
    tensors.push_back(t);
  }
  for (int64_t n = 0; n < 300; ++n) {
    const Tensor& t = tensors[static_cast<std::size_t>(n)];
    for (int64_t i = 0; i < n; ++i) ASSERT_EQ(t.data_ptr<float>()[i], static_cast<float>(n));
  }
}

TEST(SmallBlocks, AViewKeepsTheElementsOfASmallTensor) {
  const Tensor row = arange(6, kFloat64).view({2, 3})[1];  // nothing else holds the elements
  const Tensor others = full({6}, -1, kFloat64);
  EXPECT_TRUE(row.equal(tensor({3.0, 4.0, 5.0}, kFloat64)));
}

}  // namespace
}  // namespace adjoint
