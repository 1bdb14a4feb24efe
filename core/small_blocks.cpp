#include "adjoint/core/small_blocks.h"

#include <new>

namespace adjoint::small_blocks {
namespace {

using detail::free_blocks;
using detail::FreeBlock;
using detail::kStep;

// Enough for the graph of a training step of a thousand operations; at most 16 MB a thread, if it
// had that many of every size.
#if defined(__SANITIZE_ADDRESS__)
constexpr uint32_t kLimit = 0;  // AddressSanitizer wants to see each block come and go
#else
constexpr uint32_t kLimit = 1024;
#endif

/// Lets the thread keep blocks, as long as it lives.
struct Keeping {
  Keeping() { free_blocks.limit = kLimit; }
  ~Keeping() {
    free_blocks.limit = 0;
    free_blocks.count = {};
    for (FreeBlock*& top : free_blocks.top) {
      while (top != nullptr) {
        void* block = top;
        top = top->next;
        ::operator delete(block);
      }
    }
  }
};

}  // namespace

void* detail::allocate_new(std::size_t bytes) {
  return ::operator new((bytes + kStep - 1) / kStep * kStep);
}

void detail::deallocate_surplus(void* block) noexcept {
  thread_local const Keeping keeping;
  static_cast<void>(keeping);
  ::operator delete(block);
}

}  // namespace adjoint::small_blocks
