#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace adjoint {

/// The memory behind one tensor and all its views: `nbytes` bytes, aligned to 64, from the caching
/// allocator or, if they are few, in one block with the Storage; or someone else's memory, given
/// back by their deleter.
///
/// It carries the version: every in-place operation on the tensor or on any view of it adds one,
/// so that a tensor saved for backward can tell that its values have changed.
class Storage {
  /// Only make() has the room that this constructor counts on.
  class InOneBlock {
    friend class Storage;
    InOneBlock() {}
  };

 public:
  static std::shared_ptr<Storage> make(std::size_t nbytes);

  explicit Storage(std::size_t nbytes);
  Storage(InOneBlock, std::size_t nbytes);
  Storage(void* data, std::size_t nbytes, std::function<void(void*)> deleter);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  std::byte* data() const { return data_; }
  std::size_t nbytes() const { return nbytes_; }
  /// Whether the memory is someone else's.
  bool is_foreign() const { return deleter_ != nullptr; }

  uint32_t version() const { return version_.load(std::memory_order_relaxed); }
  void bump_version() { version_.fetch_add(1, std::memory_order_relaxed); }

 private:
  std::byte* data_;
  std::size_t nbytes_;
  std::atomic<uint32_t> version_{0};
  bool from_allocator_ = false;
  std::function<void(void*)> deleter_;  // of someone else's memory
};

}  // namespace adjoint
