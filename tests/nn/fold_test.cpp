#include "adjoint/nn/modules/fold.h"

#include <sstream>

#include <gtest/gtest.h>

#include "adjoint/nn/functional.h"
#include "adjoint/nn/modules/sequential.h"
#include "adjoint/ops/fold.h"
#include "adjoint/ops/pad.h"
#include "adjoint/tests/ops/pattern.h"

namespace adjoint::nn {
namespace {

namespace F = functional;
using testing::pattern;

std::string printed(const Module& module) {
  std::ostringstream out;
  out << module;
  return out.str();
}

TEST(FoldLayers, PassOptionsOn) {
  const Tensor x = pattern({2, 3, 6, 7}, 1);
  const UnfoldOptions unfold =
      UnfoldOptions({2, 3}).dilation({1, 2}).padding({1, 0}).stride({2, 1});
  const Tensor columns = im2col(x, {2, 3}, {1, 2}, {1, 0}, {2, 1});
  EXPECT_TRUE(Unfold(unfold)(x).equal(columns));
  EXPECT_TRUE(F::unfold(x, unfold).equal(columns));
  const FoldOptions fold =
      FoldOptions({6, 7}, {2, 3}).dilation({1, 2}).padding({1, 0}).stride({2, 1});
  const Tensor image = col2im(columns, {6, 7}, {2, 3}, {1, 2}, {1, 0}, {2, 1});
  EXPECT_TRUE(Fold(fold)(columns).equal(image));
  EXPECT_TRUE(F::fold(columns, fold).equal(image));
  Sequential both(Unfold{unfold}, Fold{fold});
  EXPECT_TRUE(both->forward(x).equal(image));
  EXPECT_TRUE(Unfold(2)(x).equal(im2col(x, 2, 1, 0, 1)));
}

TEST(FoldLayers, PrintAsLibtorch) {
  EXPECT_EQ(printed(*Fold(FoldOptions({4, 5}, {2, 3}))),
            "torch::nn::Fold(output_size=[4, 5], kernel_size=[2, 3], dilation=[1, 1], "
            "padding=[0, 0], stride=[1, 1])");
  EXPECT_EQ(printed(*Unfold(UnfoldOptions({2, 3}).dilation(2).padding({1, 0}).stride(3))),
            "torch::nn::Unfold(kernel_size=[2, 3], dilation=[2, 2], padding=[1, 0], "
            "stride=[3, 3])");
}

TEST(PadFunctional, PassesOptionsOn) {
  const Tensor x = pattern({2, 3, 6, 7}, 1);
  EXPECT_TRUE(F::pad(x, F::PadFuncOptions({1, 2})).equal(pad(x, {1, 2})));
  EXPECT_TRUE(
      F::pad(x, F::PadFuncOptions({1, 2}).value(0.5)).equal(pad(x, {1, 2}, "constant", 0.5)));
  EXPECT_TRUE(F::pad(x, F::PadFuncOptions({1, 2, 0, 1}).mode(kReflect))
                  .equal(pad(x, {1, 2, 0, 1}, "reflect")));
  EXPECT_TRUE(
      F::pad(x, F::PadFuncOptions({1, 2}).mode(kReplicate)).equal(pad(x, {1, 2}, "replicate")));
  EXPECT_TRUE(
      F::pad(x, F::PadFuncOptions({1, 2}).mode(kCircular)).equal(pad(x, {1, 2}, "circular")));
  EXPECT_THROW(F::pad(x, F::PadFuncOptions({1, 2}).mode(kCircular).value(1)), Error);
}

}  // namespace
}  // namespace adjoint::nn
