#include "adjoint/core/parallel.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>

#include "adjoint/core/denormals.h"
#include "adjoint/core/error.h"
#include "adjoint/core/thread_pool.h"

namespace adjoint {
namespace {

std::atomic<int>& thread_count() {
  static std::atomic<int> count{detail::ThreadPool::default_threads()};
  return count;
}

thread_local bool inside_region = false;

/// The pieces of a loop, a share for each thread to begin with: the same one in every loop, so that
/// what one leaves in its processor's cache is where the next one looks for it. That saves an
/// eighth of a training step on two threads. Whoever has finished helps the others.
class Shares {
 public:
  Shares(int threads, int64_t pieces)
      : count_(std::min(all_.size(), static_cast<std::size_t>(threads))) {
    const auto threads_share = static_cast<int64_t>(count_);
    for (int64_t i = 0; i < threads_share; ++i) {
      Share& share = all_[static_cast<std::size_t>(i)];
      share.next.store(i * pieces / threads_share, std::memory_order_relaxed);
      share.end = (i + 1) * pieces / threads_share;
    }
  }

  /// A piece that nobody has taken yet, or -1.
  int64_t take(int thread) {
    for (std::size_t i = 0; i < count_; ++i) {
      Share& share = all_[(static_cast<std::size_t>(thread) + i) % count_];
      if (share.next.load(std::memory_order_relaxed) >= share.end) continue;
      const int64_t piece = share.next.fetch_add(1, std::memory_order_relaxed);
      if (piece < share.end) return piece;
    }
    return -1;
  }

  /// Leaves nothing to take.
  void clear() {
    for (std::size_t i = 0; i < count_; ++i) all_[i].next.store(all_[i].end);
  }

 private:
  struct alignas(64) Share {  // on a cache line of its own
    std::atomic<int64_t> next;
    int64_t end;
  };
  std::array<Share, 64> all_;
  std::size_t count_;
};

}  // namespace

int get_num_threads() { return thread_count().load(std::memory_order_relaxed); }

void set_num_threads(int n) {
  check(n >= 1, "set_num_threads: expected at least 1 thread, got {}", n);
  thread_count().store(n, std::memory_order_relaxed);
}

bool in_parallel_region() { return inside_region; }

void detail::parallel_for(int64_t begin, int64_t end, int64_t grain, const void* f,
                          void (*call)(const void* f, int64_t begin, int64_t end)) {
  const int64_t pieces = (end - begin + grain - 1) / grain;
  const auto run = [&](int64_t piece) {
    const int64_t from = begin + piece * grain;
    call(f, from, std::min(from + grain, end));
  };
  const int threads = static_cast<int>(std::min<int64_t>(get_num_threads(), pieces));
  if (threads == 1 || inside_region) {
    for (int64_t i = 0; i < pieces; ++i) run(i);
    return;
  }
  Shares shares(threads, pieces);
  const bool flush_denormal = flushes_denormal();
  std::exception_ptr first_error;
  std::mutex error_mutex;
  ThreadPool::instance().run(threads, [&](int thread) {
    inside_region = true;
    if (flushes_denormal() != flush_denormal) set_flush_denormal(flush_denormal);
    try {
      for (int64_t piece; (piece = shares.take(thread)) >= 0;) run(piece);
    } catch (...) {
      shares.clear();
      const std::lock_guard lock(error_mutex);
      if (!first_error) first_error = std::current_exception();
    }
    inside_region = false;
  });
  if (first_error) std::rethrow_exception(first_error);
}

}  // namespace adjoint
