#pragma once

#include <cstddef>

namespace adjoint {

/// The caching allocator behind every Storage, but the small ones, and every kernel's scratch
/// buffer.
///
/// A freed block is kept and handed out again to the next request of the same size class: a
/// training step asks for the same sizes every time, so from the second step on it takes nothing
/// from the system (fresh pages cost 30% of a training step in page faults). Thread-safe.
namespace allocator {

/// Every block starts at a multiple of this many bytes: a cache line, and an AVX-512 register.
inline constexpr std::size_t kAlignment = 64;

/// A block of at least `bytes` bytes, aligned to kAlignment; its contents are undefined. `bytes`
/// may be 0. Throws Error if the system has no such block.
void* allocate(std::size_t bytes);

/// Gives back a block of allocate(bytes), with the same `bytes`.
void deallocate(void* block, std::size_t bytes) noexcept;

struct Stats {
  std::size_t bytes_in_use = 0;        ///< handed out and not yet given back
  std::size_t bytes_cached = 0;        ///< given back and kept for the next request
  std::size_t system_allocations = 0;  ///< how often the system was asked, since the program began
};

Stats stats();

/// Returns all cached blocks to the system.
void release_cache();

}  // namespace allocator

/// A typed scratch buffer from the caching allocator, given back at the end of its scope.
template <class T>
class Scratch {
 public:
  explicit Scratch(std::size_t count)
      : bytes_(count * sizeof(T)), data_(static_cast<T*>(allocator::allocate(bytes_))) {}
  ~Scratch() { allocator::deallocate(data_, bytes_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  T* get() const { return data_; }
  T& operator[](std::size_t i) const { return data_[i]; }

 private:
  std::size_t bytes_;
  T* data_;
};

}  // namespace adjoint
