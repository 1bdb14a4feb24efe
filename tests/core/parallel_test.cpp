#include "adjoint/core/parallel.h"

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adjoint/adjoint.h"
#include "adjoint/core/thread_pool.h"

namespace adjoint {
namespace {

/// Sets the number of threads for a test.
class Parallel : public testing::Test {
 protected:
  ~Parallel() override { set_num_threads(before_); }
  int before_ = get_num_threads();
};

TEST_F(Parallel, VisitsEveryIndexOnceInPiecesThatDependOnTheGrainAlone) {
  for (const int threads : {1, 2, 3, 5}) {
    set_num_threads(threads);
    std::vector<std::atomic<int>> visits(1003);
    std::vector<std::atomic<int64_t>> ends(1003);
    parallel_for(3, 1003, 64, [&](int64_t begin, int64_t end) {
      ends[static_cast<std::size_t>(begin)] = end;
      for (int64_t i = begin; i < end; ++i) ++visits[static_cast<std::size_t>(i)];
    });
    for (int64_t i = 0; i < 1003; ++i) EXPECT_EQ(visits[static_cast<std::size_t>(i)], i >= 3);
    for (int64_t begin = 3; begin < 1003; begin += 64) {
      EXPECT_EQ(ends[static_cast<std::size_t>(begin)], std::min<int64_t>(begin + 64, 1003));
    }
  }
}

TEST_F(Parallel, EmptyRangesCallNothing) {
  parallel_for(5, 5, 1, [](int64_t, int64_t) { FAIL(); });
  parallel_for(5, 3, 1, [](int64_t, int64_t) { FAIL(); });
}

TEST_F(Parallel, RethrowsWhatAPieceThrows) {
  for (const int threads : {1, 2, 3}) {
    set_num_threads(threads);
    EXPECT_THROW(parallel_for(0, 100, 1,
                              [](int64_t begin, int64_t) {
                                if (begin == 41) throw std::out_of_range("41");
                              }),
                 std::out_of_range);
    std::atomic<int> calls{0};  // and is as good as new
    parallel_for(0, 100, 1, [&](int64_t, int64_t) { ++calls; });
    EXPECT_EQ(calls, 100);
  }
}

TEST_F(Parallel, DoesNotNest) {
  set_num_threads(3);
  EXPECT_FALSE(in_parallel_region());
  parallel_for(0, 8, 1, [](int64_t, int64_t) {
    EXPECT_TRUE(in_parallel_region());
    const auto thread = std::this_thread::get_id();
    parallel_for(0, 8, 1, [&](int64_t, int64_t) { EXPECT_EQ(std::this_thread::get_id(), thread); });
    EXPECT_TRUE(in_parallel_region());
  });
  EXPECT_FALSE(in_parallel_region());
}

TEST_F(Parallel, LoopsOfSeveralThreadsDoNotMeet) {
  set_num_threads(3);
  std::vector<int64_t> sums(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < sums.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int repeat = 0; repeat < 200; ++repeat) {
        std::vector<int64_t> squares(100);
        parallel_for(0, 100, 3, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) squares[static_cast<std::size_t>(i)] = i * i;
        });
        for (const int64_t square : squares) sums[t] += square;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int64_t sum : sums) EXPECT_EQ(sum, 200 * 328350);
}

TEST_F(Parallel, UsesSeveralThreads) {
  set_num_threads(3);
  std::atomic<int> waiting{0};
  // Three pieces that wait for each other.
  parallel_for(0, 3, 1, [&](int64_t, int64_t) {
    ++waiting;
    while (waiting < 3) std::this_thread::yield();
  });
  EXPECT_EQ(waiting, 3);
}

TEST_F(Parallel, GoesOnInAForkedProcess) {
  set_num_threads(3);
  const auto sum = [] {
    std::atomic<int64_t> sum{0};
    parallel_for(0, 100, 1, [&](int64_t begin, int64_t) { sum += begin; });
    return sum.load();
  };
  EXPECT_EQ(sum(), 4950);
  const pid_t child = fork();
  if (child == 0) _exit(sum() == 4950 ? 0 : 1);  // only this thread is left
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(Parallel, BeginsWithTheThreadsThatTheEnvironmentNames) {
  const char* before = std::getenv("OMP_NUM_THREADS");
  const std::string kept = before ? before : "";
  const auto threads = [](const char* value) {
    setenv("OMP_NUM_THREADS", value, 1);
    return detail::ThreadPool::default_threads();
  };
  const int processors = threads("");
  EXPECT_GE(processors, 1);
  EXPECT_EQ(threads("3"), 3);
  EXPECT_EQ(threads("5,2"), 5);
  EXPECT_EQ(threads("0"), processors);
  EXPECT_EQ(threads("many"), processors);
  before ? setenv("OMP_NUM_THREADS", kept.c_str(), 1) : unsetenv("OMP_NUM_THREADS");
}

TEST_F(Parallel, ThreadCountIsChecked) {
  set_num_threads(7);
  EXPECT_EQ(get_num_threads(), 7);
  EXPECT_THROW(set_num_threads(0), Error);
  EXPECT_EQ(get_num_threads(), 7);
}

/// The parameters after 200 steps of training; 20 under a sanitizer, which takes 50 times as long.
std::vector<Tensor> trained(int threads) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  constexpr int kSteps = 20;
#else
  constexpr int kSteps = 200;
#endif
  set_num_threads(threads);
  manual_seed(3);
  nn::Sequential model(
      nn::Conv2d(nn::Conv2dOptions(1, 6, 3).stride(2).padding(1)), nn::ReLU(),
      nn::Conv2d(nn::Conv2dOptions(6, 10, 3)), nn::Tanh(),
      nn::ConvTranspose2d(nn::ConvTranspose2dOptions(10, 6, 3)), nn::ReLU(),
      nn::ConvTranspose2d(
          nn::ConvTranspose2dOptions(6, 1, 3).stride(2).padding(1).output_padding(1)),
      nn::Sigmoid());
  optim::Adam adam(model->parameters(), optim::AdamOptions(1e-2));
  const Tensor x = rand({48, 1, 28, 28});
  for (int i = 0; i < kSteps; ++i) {
    adam.zero_grad();
    mse_loss(model->forward(x), x).backward();
    adam.step();
  }
  return model->parameters();
}

TEST_F(Parallel, TrainingHasTheSameBitsAtEveryThreadCount) {
  const std::vector<Tensor> one = trained(1);
  for (const int threads : {2, 3}) {
    const std::vector<Tensor> more = trained(threads);
    for (std::size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(one[i].equal(more[i])) << i;
  }
}

TEST_F(Parallel, GraphsOfSeveralThreadsAreIndependent) {
  const Tensor w = full({4}, 2.0, kFloat64).requires_grad_();
  std::vector<Tensor> gradients(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < gradients.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const Tensor y = (w * w * static_cast<double>(t + 1)).sum();
        gradients[t] = autograd::grad({y}, {w})[0];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t t = 0; t < gradients.size(); ++t) {
    EXPECT_TRUE(gradients[t].equal(full({4}, 4.0 * static_cast<double>(t + 1), kFloat64)));
  }
}

}  // namespace
}  // namespace adjoint
