#include "adjoint/nn/data.h"

#include <filesystem>
#include <numeric>
#include <set>

#include <gmock/gmock.h>

#include "adjoint/core/generator.h"
#include "adjoint/core/parallel.h"
#include "adjoint/ops/creation.h"
#include "adjoint/tests/nn/file_tools.h"

namespace torch = adjoint;

namespace adjoint {
namespace {

using namespace std::string_literals;
using data::datasets::Images;
using data::datasets::MNIST;
using data::samplers::RandomSampler;
using data::samplers::SequentialSampler;
using data::transforms::Stack;
using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
std::vector<T> values(const Tensor& t) {
  const Tensor dense = t.contiguous();
  return {dense.data_ptr<T>(), dense.data_ptr<T>() + dense.numel()};
}

/// `count` pictures of 2x3 pixels; pixel p of picture i is 6i + p, and its target 10i.
Images small_images(int64_t count) {
  const Tensor pixels = arange(count * 6, kUInt8).view({count, 1, 2, 3});
  return Images(pixels, arange(0, count * 10, 10));
}

std::string big_endian(uint32_t n) {
  return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
          static_cast<char>(n)};
}

/// Writes the two files of a part of MNIST: `count` pictures of 2x3 pixels.
void write_mnist(const test::TemporaryFolder& folder, const std::string& part, uint32_t count,
                 uint32_t labels) {
  std::string images = "\0\0\x08\x03"s + big_endian(count) + big_endian(2) + big_endian(3);
  for (uint32_t i = 0; i < count * 6; ++i) images += static_cast<char>(i);
  std::string targets = "\0\0\x08\x01"s + big_endian(labels);
  for (uint32_t i = 0; i < labels; ++i) targets += static_cast<char>(9 - i);
  test::write_file(folder / (part + "-images-idx3-ubyte"), images);
  test::write_file(folder / (part + "-labels-idx1-ubyte"), targets);
}

TEST(Images, ScalesBytesAsPyTorchDoes) {
  const Images images(arange(256, kUInt8).view({1, 1, 16, 16}), zeros(1, kInt64));
  const auto scaled = values<float>(images.get_stacked(size_t{0}).data);
  for (int i = 0; i < 256; ++i)
    EXPECT_EQ(scaled[static_cast<size_t>(i)], static_cast<float>(i) / 255);
}

TEST(Images, GathersInTheOrderAskedFor) {
  const Images images = small_images(5);
  const data::Example<> batch = images.get_stacked(std::vector<size_t>{3, 0, 3});
  EXPECT_EQ(batch.data.sizes(), (IntArrayRef{3, 1, 2, 3}));
  EXPECT_EQ(batch.data.scalar_type(), kFloat32);
  EXPECT_EQ(values<float>(batch.data[1]), values<float>(arange(6, kFloat32).div(255)));
  EXPECT_EQ(values<float>(batch.data[0]), values<float>(arange(18, 24, kFloat32).div(255)));
  EXPECT_EQ(values<float>(batch.data[0]), values<float>(batch.data[2]));
  EXPECT_THAT(values<int64_t>(batch.target), ElementsAre(30, 0, 30));
}

TEST(Images, SingleExamplesAndBatchesAgree) {
  Images images = small_images(4);
  const data::Example<> one = images.get(2);
  EXPECT_EQ(one.data.sizes(), (IntArrayRef{1, 2, 3}));
  EXPECT_EQ(one.target.item<int64_t>(), 20);
  const std::vector<data::Example<>> many = images.get_batch(std::vector<size_t>{1, 2});
  ASSERT_EQ(many.size(), 2u);
  EXPECT_EQ(values<float>(many[1].data), values<float>(one.data));
  EXPECT_THAT(error_of([&] { images.get(4); }), HasSubstr("has 4 examples, no number 4"));
  EXPECT_THROW(images.get_stacked(std::vector<size_t>{0, size_t(-1)}), IndexError);
}

TEST(Images, RefusesWhatIsNoPictures) {
  EXPECT_THAT(error_of([] {
                Images(zeros({2, 1, 2, 3}), zeros(2, kInt64));
              }),
              HasSubstr("expected pixels of uint8"));
  EXPECT_THAT(error_of([] {
                Images(zeros({2, 1, 2, 3}, kUInt8), zeros(3, kInt64));
              }),
              HasSubstr("expected integer targets [2]"));
}

TEST(Mnist, ReadsBothParts) {
  const test::TemporaryFolder folder;
  write_mnist(folder, "train", 4, 4);
  write_mnist(folder, "t10k", 2, 2);
  MNIST train(folder / ""), test_part(folder / "", MNIST::Mode::kTest);
  EXPECT_TRUE(train.is_train());
  EXPECT_FALSE(test_part.is_train());
  EXPECT_EQ(train.size(), 4u);
  EXPECT_EQ(test_part.size(), 2u);
  EXPECT_EQ(train.images().sizes(), (IntArrayRef{4, 1, 2, 3}));
  EXPECT_THAT(values<int64_t>(train.targets()), ElementsAre(9, 8, 7, 6));
  EXPECT_EQ(values<float>(train.get(1).data), values<float>(arange(6, 12, kFloat32).div(255)));
}

TEST(Mnist, SaysWhatIsMissingOrDoesNotMatch) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { MNIST(folder / "none"); }), HasSubstr("none is no folder"));
  EXPECT_THAT(error_of([&] { MNIST(folder / ""); }),
              HasSubstr("holds neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz; "
                        "Fashion-MNIST is in Debian's package dataset-fashion-mnist"));
  write_mnist(folder, "train", 4, 3);
  EXPECT_THAT(error_of([&] { MNIST(folder / ""); }), HasSubstr("has 3 labels, but"));
  std::filesystem::copy_file(folder / "train-labels-idx1-ubyte", folder / "train-images-idx3-ubyte",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(error_of([&] { MNIST(folder / ""); }), HasSubstr("expected pictures of uint8"));
}

TEST(Samplers, SequentialGoesThroughAllInOrder) {
  SequentialSampler sampler(5);
  EXPECT_THAT(*sampler.next(3), ElementsAre(0, 1, 2));
  EXPECT_EQ(sampler.index(), 3u);
  EXPECT_THAT(*sampler.next(3), ElementsAre(3, 4));
  EXPECT_FALSE(sampler.next(3));
  sampler.reset(2);
  EXPECT_THAT(*sampler.next(3), ElementsAre(0, 1));
}

TEST(Samplers, RandomIsAPermutationThatTheGeneratorDecides) {
  manual_seed(1);
  RandomSampler sampler(10);
  Generator generator = default_generator();
  const auto state = generator.state_bytes();
  sampler.reset();
  const std::vector<size_t> first = *sampler.next(10);
  EXPECT_FALSE(sampler.next(1));
  sampler.reset();
  const std::vector<size_t> second = *sampler.next(10);
  EXPECT_NE(first, second);
  generator.set_state_bytes(state);
  sampler.reset();
  EXPECT_EQ(*sampler.next(10), first);
  EXPECT_EQ(std::set<size_t>(first.begin(), first.end()).size(), 10u);
}

// Of PyTorch 1.13: manual_seed(1), the permutation of the constructor thrown away, then
// randperm(8).
TEST(Samplers, RandomIsLibtorchs) {
  manual_seed(1);
  RandomSampler sampler(8);
  sampler.reset();
  EXPECT_THAT(*sampler.next(8), ElementsAre(5, 1, 2, 6, 0, 3, 7, 4));
}

// What a program for libtorch writes.
TEST(DataLoader, CompilesAndRunsLibtorchCode) {
  const test::TemporaryFolder folder;
  write_mnist(folder, "train", 7, 7);
  auto dataset = torch::data::datasets::MNIST(folder / "")
                     .map(torch::data::transforms::Normalize<>(0.5, 0.25))
                     .map(torch::data::transforms::Stack<>());
  EXPECT_EQ(dataset.size().value(), 7u);
  auto loader = torch::data::make_data_loader<torch::data::samplers::SequentialSampler>(
      std::move(dataset), torch::data::DataLoaderOptions().batch_size(3).workers(2));
  std::vector<int64_t> sizes;
  for (torch::data::Example<>& batch : *loader) {
    sizes.push_back(batch.data.size(0));
    EXPECT_EQ(batch.target.size(0), batch.data.size(0));
  }
  EXPECT_THAT(sizes, ElementsAre(3, 3, 1));
  const Tensor first = loader->begin()->data;
  EXPECT_EQ(values<float>(first)[5], (5.0f / 255 - 0.5f) / 0.25f);
}

TEST(DataLoader, StackingByTheDataSetIsWhatStackDoes) {
  Images images = small_images(6);
  const std::vector<size_t> wanted{4, 1, 5};
  Stack<> stack;
  const data::Example<> plain = stack.apply_batch(images.get_batch(wanted));
  const data::Example<> fast = images.map(Stack<>()).get_batch(wanted);
  EXPECT_EQ(plain.data.sizes(), fast.data.sizes());
  EXPECT_EQ(values<float>(plain.data), values<float>(fast.data));
  EXPECT_EQ(values<int64_t>(plain.target), values<int64_t>(fast.target));
}

TEST(DataLoader, DropsTheLastBatchWhereAsked) {
  const auto loader = data::make_data_loader<SequentialSampler>(
      small_images(7).map(Stack<>()), data::DataLoaderOptions(3).drop_last(true));
  EXPECT_EQ(std::distance(loader->begin(), loader->end()), 2);
  // An epoch can be gone through again.
  EXPECT_EQ(std::distance(loader->begin(), loader->end()), 2);
  EXPECT_THAT(error_of([] { data::make_data_loader(small_images(7), 0); }),
              HasSubstr("the batch size must be at least 1"));
  EXPECT_THROW(*loader->end(), Error);
}

TEST(DataLoader, ShufflesByDefaultAndYieldsEveryExampleOnce) {
  manual_seed(2);
  const auto loader = data::make_data_loader(small_images(20).map(Stack<>()), 8);
  std::vector<int64_t> seen;
  for (const auto& batch : *loader) {
    for (const int64_t target : values<int64_t>(batch.target)) seen.push_back(target / 10);
  }
  EXPECT_FALSE(std::is_sorted(seen.begin(), seen.end()));
  std::vector<int64_t> all(20);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_THAT(seen, testing::UnorderedElementsAreArray(all));
}

TEST(Transforms, LambdasAreApplied) {
  auto doubled = small_images(3)
                     .map(data::transforms::TensorLambda<>([](Tensor t) { return t.mul(2); }))
                     .map(Stack<>());
  const data::Example<> batch = doubled.get_batch(std::vector<size_t>{1});
  EXPECT_EQ(values<float>(batch.data)[0], 2 * (6.0f / 255));
  auto counted =
      small_images(3).map(data::transforms::BatchLambda<std::vector<data::Example<>>, int>(
          [](std::vector<data::Example<>> examples) { return static_cast<int>(examples.size()); }));
  EXPECT_EQ(counted.get_batch(std::vector<size_t>{0, 1}), 2);
}

TEST(Transforms, StackRefusesUnequalExamples) {
  Stack<> stack;
  EXPECT_THAT(error_of([&] {
                stack.apply_batch({{zeros(2), zeros(1)}, {zeros(3), zeros(1)}});
              }),
              HasSubstr("got shape [3], float32 after shape [2], float32"));
  EXPECT_THROW(stack.apply_batch({}), Error);
}

TEST(Transforms, TensorDatasets) {
  data::datasets::TensorDataset dataset(arange(6, kFloat32).view({3, 2}));
  const Tensor batch =
      dataset.map(Stack<data::TensorExample>()).get_batch(std::vector<size_t>{2, 0});
  EXPECT_THAT(values<float>(batch), ElementsAre(4, 5, 0, 1));
}

TEST(Shapes, FollowFromTheSeedAtEveryThreadCount) {
  const int threads = get_num_threads();
  const auto state = default_generator().state_bytes();
  set_num_threads(1);
  const Images one = data::datasets::shapes(200, 7);
  set_num_threads(3);
  const Images three = data::datasets::shapes(200, 7);
  set_num_threads(threads);
  EXPECT_EQ(values<uint8_t>(one.pixels()), values<uint8_t>(three.pixels()));
  EXPECT_NE(values<uint8_t>(one.pixels()),
            values<uint8_t>(data::datasets::shapes(200, 8).pixels()));
  EXPECT_EQ(default_generator().state_bytes(), state);
}

TEST(Shapes, AreFourKindsOfBrightShapesOnADarkGround) {
  const Images images = data::datasets::shapes(400, 3);
  EXPECT_EQ(images.pixels().sizes(), (IntArrayRef{400, 1, 28, 28}));
  const auto pixels = values<uint8_t>(images.pixels());
  const auto targets = values<int64_t>(images.targets());
  for (size_t i = 0; i < 400; ++i) {
    EXPECT_EQ(targets[i], static_cast<int64_t>(i % 4));
    const auto* picture = pixels.data() + i * 784;
    const auto bright = std::count_if(picture, picture + 784, [](uint8_t p) { return p > 110; });
    EXPECT_GT(bright, 10) << i;
    EXPECT_LT(bright, 400) << i;
    for (const int corner : {0, 27, 27 * 28, 783}) EXPECT_LT(picture[corner], 60) << i;
  }
}

TEST(Png, ReadsBackWhatItWrote) {
  const test::TemporaryFolder folder;
  const Tensor grey = arange(35, kUInt8).view({5, 7});
  data::write_png(folder / "grey.png", grey);
  EXPECT_EQ(values<uint8_t>(data::read_png(folder / "grey.png", true)), values<uint8_t>(grey));
  const Tensor color = arange(3 * 4 * 6, kUInt8).view({3, 4, 6}).permute({1, 2, 0});
  data::write_png(folder / "color.png", color);
  const Tensor read = data::read_png(folder / "color.png");
  EXPECT_EQ(read.sizes(), (IntArrayRef{4, 6, 3}));
  EXPECT_EQ(values<uint8_t>(read), values<uint8_t>(color));
  EXPECT_THAT(folder.names(), ElementsAre("color.png", "grey.png"));
}

TEST(Png, SaysWhatIsWrong) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(error_of([&] {
                data::write_png(folder / "x", zeros({2, 2}));
              }),
              HasSubstr("expected a uint8 picture"));
  EXPECT_THROW(data::write_png(folder / "x", zeros({2, 2, 4}, kUInt8)), Error);
  EXPECT_THROW(data::write_png(folder / "x", zeros({0, 2}, kUInt8)), Error);
  EXPECT_THAT(error_of([&] {
                data::write_png("/no/such/x.png", zeros({2, 2}, kUInt8));
              }),
              HasSubstr("/no/such/x.png: No such file or directory"));
  test::write_file(folder / "text", "no picture");
  EXPECT_THROW(data::read_png(folder / "text"), Error);
  EXPECT_THROW(data::read_png(folder / "none"), Error);
}

}  // namespace
}  // namespace adjoint
