#include "adjoint/core/parallel.h"

#include <atomic>

#include <omp.h>

#include "adjoint/core/denormals.h"
#include "adjoint/core/error.h"

#if defined(__SANITIZE_THREAD__)
// libgomp is not built for TSan, so TSan cannot see that a parallel region starts after what came
// before it and ends before what comes after it. These two calls tell it. The variables that the
// region shares are handed over behind its back too: run_pieces itself is not checked, what it
// calls is.
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#else
static void __tsan_acquire(void*) {}
static void __tsan_release(void*) {}
#endif

namespace adjoint {
namespace {

std::atomic<int>& thread_count() {
  static std::atomic<int> count{omp_get_max_threads()};
  return count;
}

thread_local bool inside_region = false;

}  // namespace

int get_num_threads() { return thread_count().load(std::memory_order_relaxed); }

void set_num_threads(int n) {
  check(n >= 1, "set_num_threads: expected at least 1 thread, got {}", n);
  thread_count().store(n, std::memory_order_relaxed);
}

bool in_parallel_region() { return inside_region; }

[[gnu::no_sanitize("thread")]] void detail::run_pieces(int64_t pieces,
                                                       const std::function<void(int64_t)>& body) {
  const int threads = static_cast<int>(std::min<int64_t>(get_num_threads(), pieces));
  if (threads == 1 || inside_region) {
    for (int64_t i = 0; i < pieces; ++i) body(i);
    return;
  }
  const bool flush_denormal = detail::flushes_denormal();
  std::exception_ptr first_error;
  std::mutex error_mutex;
  std::atomic<int64_t> next{0};
  char start = 0, finish = 0;
  __tsan_release(&start);
#pragma omp parallel num_threads(threads)
  {
    __tsan_acquire(&start);
    inside_region = true;
    if (detail::flushes_denormal() != flush_denormal) set_flush_denormal(flush_denormal);
    // Pieces are handed out on demand: which thread runs a piece does not matter for its result.
    for (int64_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < pieces;) {
      try {
        body(i);
      } catch (...) {
        const std::lock_guard lock(error_mutex);
        if (!first_error) first_error = std::current_exception();
        next.store(pieces, std::memory_order_relaxed);
      }
    }
    inside_region = false;
    __tsan_release(&finish);
  }
  __tsan_acquire(&finish);
  if (first_error) std::rethrow_exception(first_error);
}

}  // namespace adjoint
