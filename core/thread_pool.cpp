#include "adjoint/core/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

namespace adjoint::detail {
namespace {

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

int processors() { return static_cast<int>(std::max(1U, std::thread::hardware_concurrency())); }

/// How long a thread looks for a change before it sleeps: longer than what lies between two
/// parallel loops of a model. To wake it takes some 50 us on a virtual machine, as long as a small
/// layer.
constexpr std::chrono::milliseconds kSpin{2};

/// Tells the processor that this is a loop that waits.
void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// The processor that the calling thread runs on.
int current_processor() {
#if defined(__linux__)
  return sched_getcpu();
#else
  return 0;
#endif
}

/// Moves the calling thread to the processor that is `steps` after `from`, of those that it may run
/// on. It may leave it again: it is only where it begins. Linux lets it begin on the processor of
/// the thread that started it and leaves both there for a second: a convolution on two threads took
/// 0.39 ms in that time, and takes 0.21 ms with this.
void move_to_processor([[maybe_unused]] int from, [[maybe_unused]] int steps) {
#if defined(__linux__)
  cpu_set_t allowed, one;
  if (from < 0 || sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  for (steps %= CPU_COUNT(&allowed); steps > 0; --steps) {
    do {
      from = (from + 1) % CPU_SETSIZE;
    } while (!CPU_ISSET(from, &allowed));
  }
  CPU_ZERO(&one);
  CPU_SET(from, &one);
  if (sched_setaffinity(0, sizeof(one), &one) == 0) {
    sched_setaffinity(0, sizeof(allowed), &allowed);
  }
#endif
}

/// Returns the value when it is no longer `old`.
uint32_t wait_for_change(const std::atomic<uint32_t>& value, uint32_t old, bool spin) {
  const auto changed = [&] { return value.load(std::memory_order_acquire) != old; };
  if (spin && !changed()) {
    const auto end = std::chrono::steady_clock::now() + kSpin;
    do {
      for (int i = 0; i < 32 && !changed(); ++i) pause();
      std::this_thread::yield();  // perhaps to the thread that is waited for
    } while (!changed() && std::chrono::steady_clock::now() < end);
  }
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

}  // namespace

ThreadPool& ThreadPool::instance() {
  // Not destroyed: its threads may look at it until the process has ended.
  static ThreadPool& pool = *new ThreadPool;
  return pool;
}

int ThreadPool::default_threads() {
  // A number, or a list of them for nested loops, which are not parallel here.
  const int threads = std::atoi(std::string(environment("OMP_NUM_THREADS")).c_str());
  return threads >= 1 ? threads : processors();
}

ThreadPool::ThreadPool()
    : passive_(environment("OMP_WAIT_POLICY") == "passive" ||
               environment("OMP_WAIT_POLICY") == "PASSIVE"),
      processors_(processors()) {}

void ThreadPool::run(int threads, const std::function<void(int)>& work) {
  const std::unique_lock lock(busy_, std::try_to_lock);
  if (!lock || threads <= 1) {
    work(0);
    return;
  }
  const auto places = static_cast<uint32_t>(std::min<int>(threads - 1, kPlaces));
  while (started_ < static_cast<int>(places)) start(++started_);
  spins_.store(!passive_ && threads <= processors_, std::memory_order_relaxed);
  work_ = &work;
  finished_.store(0, std::memory_order_relaxed);
  const uint32_t number = (door_.load(std::memory_order_relaxed) & ~kPlaces) + kWork;
  door_.store(number | places, std::memory_order_release);
  door_.notify_all();
  work(0);
  const uint32_t joined = places - (door_.exchange(number, std::memory_order_acq_rel) & kPlaces);
  for (uint32_t count = finished_.load(std::memory_order_acquire); count != joined;) {
    count = wait_for_change(finished_, count, spins_.load(std::memory_order_relaxed));
  }
}

void ThreadPool::start(int index) {
  try {
    std::thread([this, index, from = current_processor()] {
      move_to_processor(from, index);
      serve(index);
    }).detach();
  } catch (const std::system_error&) {
    // The system allows no more threads: those that there are do the work.
  }
}

void ThreadPool::serve(int index) {
  uint32_t door = 0;
  for (;;) {
    const bool spin = spins_.load(std::memory_order_relaxed);
    const uint32_t seen = door & ~kPlaces;
    while ((door & ~kPlaces) == seen) door = wait_for_change(door_, door, spin);
    while ((door & kPlaces) != 0) {
      if (!door_.compare_exchange_weak(door, door - 1, std::memory_order_acquire)) continue;
      (*work_)(index);
      finished_.fetch_add(1, std::memory_order_release);
      finished_.notify_one();
      break;
    }
  }
}

}  // namespace adjoint::detail
