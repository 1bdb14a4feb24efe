#include "adjoint/core/allocator.h"

#include <array>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "adjoint/core/error.h"

namespace adjoint::allocator {
namespace {

// Size classes: four to each power of two, so that at most a fifth of a block is unused and
// sizes that differ a little (the last batch of an epoch) share blocks.
constexpr int kClassesPerDoubling = 4;
constexpr int kClasses = 48 * kClassesPerDoubling;

struct SizeClass {
  int index;
  std::size_t bytes;
};

SizeClass size_class(std::size_t bytes) {
  if (bytes <= kAlignment) return {0, kAlignment};
  const std::size_t lines = (bytes - 1) / kAlignment;  // >= 1; the class holds lines + 1 of them
  const int log2 = std::bit_width(lines) - 1;
  if (log2 < 2) return {static_cast<int>(lines), (lines + 1) * kAlignment};
  const int quarter = static_cast<int>(lines >> (log2 - 2)) & 3;
  const std::size_t top = (static_cast<std::size_t>(5 + quarter) << (log2 - 2)) * kAlignment;
  return {(log2 - 1) * kClassesPerDoubling + quarter, top};
}

class Cache {
 public:
  void* allocate(std::size_t bytes) {
    check(bytes < (std::size_t{1} << 46), "cannot allocate {} bytes: no machine has that much",
          bytes);
    const SizeClass c = size_class(bytes);
    {
      const std::lock_guard lock(mutex_);
      stats_.bytes_in_use += c.bytes;
      auto& blocks = free_[c.index];
      if (!blocks.empty()) {
        void* block = blocks.back();
        blocks.pop_back();
        stats_.bytes_cached -= c.bytes;
        return block;
      }
      ++stats_.system_allocations;
    }
    void* block = std::aligned_alloc(kAlignment, c.bytes);
    if (block == nullptr) {
      release();
      block = std::aligned_alloc(kAlignment, c.bytes);
    }
    if (block == nullptr) {
      const std::lock_guard lock(mutex_);
      stats_.bytes_in_use -= c.bytes;
      fail("cannot allocate {} bytes: out of memory ({} bytes are in use by tensors)", bytes,
           stats_.bytes_in_use);
    }
    return block;
  }

  void deallocate(void* block, std::size_t bytes) noexcept {
    const SizeClass c = size_class(bytes);
    const std::lock_guard lock(mutex_);
    stats_.bytes_in_use -= c.bytes;
    try {
      free_[c.index].push_back(block);
      stats_.bytes_cached += c.bytes;
    } catch (...) {  // the list could not grow: the block goes back to the system instead
      std::free(block);
    }
  }

  void release() {
    const std::lock_guard lock(mutex_);
    for (auto& blocks : free_) {
      for (void* block : blocks) std::free(block);
      blocks.clear();
    }
    stats_.bytes_cached = 0;
  }

  Stats stats() {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

 private:
  std::mutex mutex_;
  std::array<std::vector<void*>, kClasses> free_;
  Stats stats_;
};

// Never destroyed: tensors with static storage duration may outlive every other static.
Cache& cache() {
  static Cache& instance = *new Cache;
  return instance;
}

}  // namespace

void* allocate(std::size_t bytes) {
  // A kernel's scratch buffer that it turns out not to need costs nothing.
  alignas(kAlignment) static std::byte no_bytes[1];
  return bytes == 0 ? no_bytes : cache().allocate(bytes);
}

void deallocate(void* block, std::size_t bytes) noexcept {
  if (bytes != 0) cache().deallocate(block, bytes);
}

Stats stats() { return cache().stats(); }
void release_cache() { cache().release(); }

}  // namespace adjoint::allocator
