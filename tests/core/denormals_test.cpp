#include "adjoint/core/denormals.h"

#include <gtest/gtest.h>

#include "adjoint/adjoint.h"

namespace torch = adjoint;

namespace {

/// Leaves threads and denormal numbers as they were.
class FlushDenormal : public ::testing::Test {
 protected:
  /// On a processor that cannot flush, denormal numbers have to stay what they are.
  const bool can_ = torch::set_flush_denormal(false);

  ~FlushDenormal() override {
    torch::set_flush_denormal(false);
    torch::set_num_threads(threads_);
  }

 private:
  int threads_ = torch::get_num_threads();
};

TEST_F(FlushDenormal, HoldsForEveryThreadThatSharesTheWork) {
  const torch::Tensor tiny = torch::full({1 << 20}, 1e-30f);
  for (const int threads : {1, 3}) {
    torch::set_num_threads(threads);
    for (const bool on : {true, false, true}) {
      EXPECT_EQ(torch::set_flush_denormal(on), can_);
      const torch::Tensor denormal = tiny * 1e-10f;
      torch::set_flush_denormal(false);  // to look at them
      EXPECT_EQ((denormal == 0).sum().item<int64_t>(), on && can_ ? tiny.numel() : 0)
          << "threads " << threads;
    }
  }
}

#if defined(__x86_64__)
TEST_F(FlushDenormal, IsKnownToThisKindOfProcessor) { EXPECT_TRUE(can_); }
#endif

TEST_F(FlushDenormal, TakesArgumentsForZerosToo) {
  const torch::Tensor denormal = torch::full({8}, 1e-30f) * 1e-10f;
  EXPECT_GT((denormal * 1e20f).sum().item<float>(), 0);
  torch::set_flush_denormal(true);
  EXPECT_EQ((denormal * 1e20f).sum().item<float>() == 0, can_);
}

}  // namespace
