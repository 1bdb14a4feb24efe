#pragma once

// Internal: the threads behind parallel_for.

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>

namespace adjoint::detail {

/// Threads that are started when they are first needed, and then wait for work.
///
/// Why not OpenMP: a parallel region of its ends with a barrier for all threads. One whose
/// processor is taken holds up the others, though there is nothing left to do, and threads that
/// begin on one processor, as they do on Linux, wait for each other in turns of the scheduler: 8 ms
/// for 0.2 ms of work, for the first second of a process. Here nobody waits for a thread that has
/// not begun. Besides, a process can fork and go on computing, and the thread sanitizer sees
/// everything.
class ThreadPool {
 public:
  /// The one of this process. Its threads end with the process.
  static ThreadPool& instance();

  /// The number of threads to use where nobody says so: OMP_NUM_THREADS or, without it, the number
  /// of processors this process may run on.
  static int default_threads();

  /// Calls work(0) here and work(1), work(2), ... on other threads, at most `threads` calls, and
  /// returns when all that began have returned. Which begin depends on who has time, so work must
  /// be such that any number of calls does all of it. It must not throw. If another thread is using
  /// the pool, work(0) is the only call.
  void run(int threads, const std::function<void(int)>& work);

 private:
  ThreadPool();
  void start(int index);
  void serve(int index);

  const bool passive_;    ///< threads sleep as soon as they wait: OMP_WAIT_POLICY=passive
  const int processors_;  ///< more threads than these had better sleep too

  std::mutex busy_;  ///< held during run; guards `started_`
  int started_ = 0;

  /// The number of this work, of which the upper bits are lost, and of the places that are free to
  /// join in: a thread takes one by counting down, and none are left when the caller has finished.
  static constexpr uint32_t kPlaces = 0xffff, kWork = kPlaces + 1;
  std::atomic<uint32_t> door_{0};
  std::atomic<uint32_t> finished_{0};  ///< how many of those that joined
  std::atomic<bool> spins_{false};
  const std::function<void(int)>* work_ = nullptr;  ///< valid for those that joined
};

}  // namespace adjoint::detail
