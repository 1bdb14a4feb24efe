// Every error about a dimension names the operation that was called (a second name, like swapaxes,
// counts as the first, transpose).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"
#include "adjoint/tests/support/error_of.h"

namespace torch = adjoint;
using adjoint::IntArrayRef;
using adjoint::Tensor;
using adjoint::test::error_of;
using ::testing::StartsWith;

namespace {

TEST(ErrorNames, OfADimensionThatIsNotThere) {
  const Tensor x = torch::ones({2, 3}), list = torch::arange(2);
  const IntArrayRef no{7}, both{0, 7};
  using Call = std::function<void()>;
  const std::vector<std::pair<const char*, Call>> calls = {
      {"size", [&] { x.size(7); }},
      {"stride", [&] { x.stride(7); }},
      {"sum", [&] { x.sum(no); }},
      {"mean", [&] { x.mean(no); }},
      {"nansum", [&] { x.nansum(no); }},
      {"nanmean", [&] { x.nanmean(no); }},
      {"prod", [&] { x.prod(7); }},
      {"var", [&] { x.var(7); }},
      {"std", [&] { x.std(7); }},
      {"var_mean", [&] { torch::var_mean(x, no); }},
      {"std_mean", [&] { torch::std_mean(x, no); }},
      {"norm", [&] { x.norm(2, no); }},
      {"norm", [&] { x.norm(3, no); }},
      {"logsumexp", [&] { x.logsumexp(no); }},
      {"count_nonzero", [&] { x.count_nonzero(std::optional<int64_t>(7)); }},
      {"max", [&] { x.max(7); }},
      {"min", [&] { x.min(7); }},
      {"amax", [&] { x.amax(no); }},
      {"amin", [&] { x.amin(no); }},
      {"aminmax", [&] { x.aminmax(7); }},
      {"argmax", [&] { x.argmax(7); }},
      {"argmin", [&] { x.argmin(7); }},
      {"any", [&] { x.any(7); }},
      {"all", [&] { x.all(7); }},
      {"cumsum", [&] { x.cumsum(7); }},
      {"cumsum_", [&] { x.clone().cumsum_(7); }},
      {"cumprod", [&] { x.cumprod(7); }},
      {"cumprod_", [&] { x.clone().cumprod_(7); }},
      {"logcumsumexp", [&] { x.logcumsumexp(7); }},
      {"cummax", [&] { x.cummax(7); }},
      {"cummin", [&] { x.cummin(7); }},
      {"diff", [&] { x.diff(1, 7); }},
      {"softmax", [&] { x.softmax(7); }},
      {"log_softmax", [&] { x.log_softmax(7); }},
      {"sort", [&] { x.sort(7); }},
      {"argsort", [&] { x.argsort(7); }},
      {"topk", [&] { x.topk(1, 7); }},
      {"kthvalue", [&] { x.kthvalue(1, 7); }},
      {"median", [&] { x.median(7); }},
      {"unique_dim", [&] { torch::unique_dim(x, 7); }},
      {"unique_consecutive", [&] { torch::unique_consecutive(x, false, false, 7); }},
      {"transpose", [&] { x.transpose(0, 7); }},
      {"transpose_", [&] { x.clone().transpose_(0, 7); }},
      {"transpose", [&] { x.swapaxes(0, 7); }},
      {"transpose", [&] { x.swapdims(0, 7); }},
      {"permute", [&] { x.permute(both); }},
      {"movedim", [&] { x.movedim(0, 7); }},
      {"movedim", [&] { x.moveaxis(0, 7); }},
      {"select", [&] { x.select(7, 0); }},
      {"slice", [&] { x.slice(7); }},
      {"narrow", [&] { x.narrow(7, 0, 1); }},
      {"squeeze", [&] { x.squeeze(7); }},
      {"squeeze_", [&] { x.clone().squeeze_(7); }},
      {"unsqueeze", [&] { x.unsqueeze(7); }},
      {"unsqueeze_", [&] { x.clone().unsqueeze_(7); }},
      {"flatten", [&] { x.flatten(7); }},
      {"unflatten",
       [&] {
         x.unflatten(7, {1, 2});
       }},
      {"split", [&] { x.split(1, 7); }},
      {"split",
       [&] {
         x.split_with_sizes({1, 2}, 7);
       }},
      {"tensor_split", [&] { x.tensor_split(2, 7); }},
      {"chunk", [&] { x.chunk(2, 7); }},
      {"unbind", [&] { x.unbind(7); }},
      {"diagonal", [&] { x.diagonal(0, 0, 7); }},
      {"unfold", [&] { x.unfold(7, 1, 1); }},
      {"flip", [&] { x.flip(no); }},
      {"flip", [&] { list.fliplr(); }},
      {"roll", [&] { x.roll(1, no); }},
      {"rot90", [&] { x.rot90(1, both); }},
      {"repeat_interleave", [&] { x.repeat_interleave(2, 7); }},
      {"diag_embed", [&] { x.diag_embed(0, 0, 7); }},
      {"cat",
       [&] {
         torch::cat({x, x}, 7);
       }},
      {"stack",
       [&] {
         torch::stack({x, x}, 7);
       }},
      {"index_select", [&] { x.index_select(7, list); }},
      {"index_add", [&] { x.index_add(7, list, x); }},
      {"index_copy", [&] { x.index_copy(7, list, x); }},
      {"index_fill", [&] { x.index_fill(7, list, 0); }},
      {"gather", [&] { x.gather(7, list); }},
      {"take_along_dim", [&] { x.take_along_dim(x.to(torch::kInt64), 7); }},
      {"scatter", [&] { x.scatter(7, list, x); }},
      {"scatter_add", [&] { x.scatter_add(7, list, x); }},
      {"tensordot", [&] { torch::tensordot(x, x, no, no); }},
  };
  for (const auto& [name, call] : calls) {
    EXPECT_THAT(error_of(call), StartsWith(std::string(name) + ": "));
    EXPECT_THROW(call(), adjoint::Error) << name;
  }
}

TEST(ErrorNames, OfAShapeThatDoesNotFit) {
  const Tensor x = torch::ones({2, 3});
  EXPECT_THAT(error_of([&] { x.view({4, 2}); }), StartsWith("view: shape [4, 2] does not fit 6"));
  EXPECT_THAT(error_of([&] { x.view({-1, -1}); }), StartsWith("view: only one size can be -1"));
  EXPECT_THAT(error_of([&] { x.reshape({-2}); }), StartsWith("reshape: invalid size -2"));
  EXPECT_THAT(error_of([&] { x.unflatten(1, {2, 2}); }), StartsWith("unflatten: shape [2, 2]"));
  EXPECT_THAT(error_of([&] { x.sum({0, -2}); }), StartsWith("sum: dimension -2 appears more"));
  EXPECT_THAT(error_of([&] { x.clone().index_put_({0}, torch::ones({2})); }),
              StartsWith("index_put_: a value of shape [2] does not broadcast"));
  EXPECT_THAT(error_of([&] { x.clone().index_put_({0}, torch::ones({2}), true); }),
              StartsWith("index_put_: a value of shape [2] does not broadcast"));
}

}  // namespace
