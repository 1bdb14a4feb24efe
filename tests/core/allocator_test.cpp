#include "adjoint/core/allocator.h"

#include <cstdint>
#include <cstring>

#include <gtest/gtest.h>

#include "adjoint/adjoint.h"

namespace adjoint {
namespace {

TEST(Allocator, BlocksAreAlignedAndLargeEnough) {
  for (const std::size_t bytes : {0, 1, 63, 64, 65, 1000, 4096, 5000, 1 << 20, (1 << 20) + 1}) {
    void* block = allocator::allocate(bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % allocator::kAlignment, 0u) << bytes;
    std::memset(block, 1, bytes);  // a sanitizer tells if it is too small
    allocator::deallocate(block, bytes);
  }
}

TEST(Allocator, HandsAFreedBlockOutAgain) {
  void* first = allocator::allocate(123456);
  allocator::deallocate(first, 123456);
  const auto before = allocator::stats();
  void* second = allocator::allocate(123457);  // of the same size class
  EXPECT_EQ(second, first);
  EXPECT_EQ(allocator::stats().system_allocations, before.system_allocations);
  allocator::deallocate(second, 123457);
}

TEST(Allocator, CountsWhatIsInUseAndCached) {
  allocator::release_cache();
  const auto before = allocator::stats();
  EXPECT_EQ(before.bytes_cached, 0u);
  void* block = allocator::allocate(1 << 20);
  EXPECT_EQ(allocator::stats().bytes_in_use - before.bytes_in_use, std::size_t{1} << 20);
  allocator::deallocate(block, 1 << 20);
  EXPECT_EQ(allocator::stats().bytes_in_use, before.bytes_in_use);
  EXPECT_EQ(allocator::stats().bytes_cached, std::size_t{1} << 20);
  allocator::release_cache();
  EXPECT_EQ(allocator::stats().bytes_cached, 0u);
}

TEST(Allocator, WastesAtMostAFifth) {
  for (std::size_t bytes = 64; bytes < 10'000'000; bytes = bytes * 9 / 8 + 1) {
    const std::size_t before = allocator::stats().bytes_in_use;
    void* block = allocator::allocate(bytes);
    const std::size_t held = allocator::stats().bytes_in_use - before;
    EXPECT_GE(held, bytes);
    EXPECT_LE(held, bytes + bytes / 4 + allocator::kAlignment) << bytes;
    allocator::deallocate(block, bytes);
  }
}

TEST(Allocator, RefusesWhatNoMachineHas) {
  EXPECT_THROW(allocator::allocate(std::size_t{1} << 60), Error);
  EXPECT_THROW(empty({int64_t{1} << 40, int64_t{1} << 20}), Error);
  EXPECT_THROW(empty({int64_t{1} << 62, 8}), Error);
}

// From the second step on, training takes nothing from the system.
TEST(Allocator, SteadyTrainingStepAllocatesNothing) {
  manual_seed(0);
  nn::Sequential model(
      nn::Conv2d(nn::Conv2dOptions(1, 4, 3).stride(2).padding(1)), nn::ReLU(),
      nn::ConvTranspose2d(
          nn::ConvTranspose2dOptions(4, 1, 3).stride(2).padding(1).output_padding(1)),
      nn::Sigmoid());
  optim::Adam adam(model->parameters(), optim::AdamOptions(1e-3));
  const Tensor x = rand({8, 1, 12, 12});
  const auto step = [&] {
    adam.zero_grad();
    mse_loss(model->forward(x), x).backward();
    adam.step();
  };
  for (int i = 0; i < 3; ++i) step();
  const auto before = allocator::stats();
  for (int i = 0; i < 10; ++i) step();
  EXPECT_EQ(allocator::stats().system_allocations, before.system_allocations);
  EXPECT_EQ(allocator::stats().bytes_in_use, before.bytes_in_use);
}

}  // namespace
}  // namespace adjoint
