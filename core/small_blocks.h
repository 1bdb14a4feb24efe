#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

namespace adjoint {

/// Memory for the small objects that every operation makes and soon drops: tensors, the storages of
/// small tensors, nodes of the graph. A thread keeps the blocks that it frees and takes its next
/// ones from there, in a few instructions and without a lock: from the system's allocator they
/// would cost an operation on 4x4 tensors a quarter of its time.
namespace small_blocks {

/// Larger ones come from the system's allocator.
inline constexpr std::size_t kLargest = 1024;

namespace detail {

inline constexpr std::size_t kStep = 32;  // blocks are multiples of it
struct FreeBlock {
  FreeBlock* next;
};
/// What a thread keeps: for each size a stack of at most `limit` blocks.
struct FreeBlocks {
  std::array<FreeBlock*, kLargest / kStep> top{};
  std::array<uint32_t, kLargest / kStep> count{};
  uint32_t limit = 0;  // until the thread has freed its first block, and when it is ending
};
// Plain data: still there when the destructor of a static, or of another thread_local, frees.
inline constinit thread_local FreeBlocks free_blocks;

void* allocate_new(std::size_t bytes);
void deallocate_surplus(void* block) noexcept;

}  // namespace detail

/// A block of at least `bytes` > 0 bytes, aligned like any object; its contents are undefined.
inline void* allocate(std::size_t bytes) {
  using namespace detail;
  const std::size_t size_class = (bytes - 1) / kStep;
  if (bytes > kLargest || free_blocks.top[size_class] == nullptr) return allocate_new(bytes);
  FreeBlock* block = free_blocks.top[size_class];
  free_blocks.top[size_class] = block->next;
  --free_blocks.count[size_class];
  return block;
}

/// Gives back a block of allocate(bytes), with the same `bytes`, on any thread.
inline void deallocate(void* block, std::size_t bytes) noexcept {
  using namespace detail;
  const std::size_t size_class = (bytes - 1) / kStep;
  if (bytes > kLargest || free_blocks.count[size_class] >= free_blocks.limit) {
    return deallocate_surplus(block);
  }
  free_blocks.top[size_class] = new (block) FreeBlock{free_blocks.top[size_class]};
  ++free_blocks.count[size_class];
}

}  // namespace small_blocks

/// Small blocks for the standard library: std::allocate_shared, and the nodes of its containers.
template <class T>
struct SmallBlockAllocator {
  using value_type = T;

  SmallBlockAllocator() = default;
  template <class U>
  SmallBlockAllocator(const SmallBlockAllocator<U>&) {}

  T* allocate(std::size_t count) {
    return static_cast<T*>(small_blocks::allocate(count * sizeof(T)));
  }
  void deallocate(T* block, std::size_t count) noexcept {
    small_blocks::deallocate(block, count * sizeof(T));
  }
  friend bool operator==(SmallBlockAllocator, SmallBlockAllocator) { return true; }
};

}  // namespace adjoint
