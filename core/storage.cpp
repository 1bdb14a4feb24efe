#include "adjoint/core/storage.h"

#include <utility>

#include "adjoint/core/allocator.h"
#include "adjoint/core/small_blocks.h"

namespace adjoint {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kMostInOneBlock = 0;  // a block of their own has its end guarded
#else
constexpr std::size_t kMostInOneBlock = 512;
#endif

/// Allocates an object, of whatever type std::allocate_shared wraps it in, and room behind it for
/// `nbytes` bytes that start at a multiple of the allocator's alignment.
template <class T>
struct RoomBehind {
  using value_type = T;

  explicit RoomBehind(std::size_t nbytes) : room(nbytes + allocator::kAlignment - 1) {}
  template <class U>
  RoomBehind(const RoomBehind<U>& other) : room(other.room) {}

  T* allocate(std::size_t) { return static_cast<T*>(small_blocks::allocate(sizeof(T) + room)); }
  void deallocate(T* block, std::size_t) noexcept {
    small_blocks::deallocate(block, sizeof(T) + room);
  }
  friend bool operator==(RoomBehind a, RoomBehind b) { return a.room == b.room; }

  std::size_t room;
};

std::byte* aligned(void* address) {
  const auto number = reinterpret_cast<std::uintptr_t>(address);
  const std::size_t gap = -number % allocator::kAlignment;
  return static_cast<std::byte*>(address) + gap;
}

}  // namespace

std::shared_ptr<Storage> Storage::make(std::size_t nbytes) {
  if (nbytes <= kMostInOneBlock) {
    return std::allocate_shared<Storage>(RoomBehind<Storage>(nbytes), InOneBlock(), nbytes);
  }
  return std::make_shared<Storage>(nbytes);
}

Storage::Storage(InOneBlock, std::size_t nbytes) : data_(aligned(this + 1)), nbytes_(nbytes) {}

Storage::Storage(std::size_t nbytes)
    : data_(static_cast<std::byte*>(allocator::allocate(nbytes))),
      nbytes_(nbytes),
      from_allocator_(true) {}

Storage::Storage(void* data, std::size_t nbytes, std::function<void(void*)> deleter)
    : data_(static_cast<std::byte*>(data)), nbytes_(nbytes), deleter_(std::move(deleter)) {}

Storage::~Storage() {
  if (from_allocator_) {
    allocator::deallocate(data_, nbytes_);
  } else if (deleter_) {
    deleter_(data_);
  }
}

}  // namespace adjoint
