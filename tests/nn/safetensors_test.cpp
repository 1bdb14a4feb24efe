#include "adjoint/nn/serialize/safetensors.h"

#include <csignal>
#include <cstring>
#include <filesystem>
#include <sstream>

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "adjoint/nn/serialize/atomic_file.h"
#include "adjoint/tests/nn/file_tools.h"

namespace adjoint {
namespace {

using namespace std::string_literals;
using serialize::load_safetensors;
using serialize::NamedTensors;
using serialize::SafeTensors;
using serialize::save_safetensors;
using test::error_of;
using testing::AllOf;
using testing::HasSubstr;

template <class T>
Tensor make(IntArrayRef sizes, const std::vector<T>& values) {
  Tensor made = empty(sizes, scalar_type_of<T>);
  std::copy(values.begin(), values.end(), made.data_ptr<T>());
  return made;
}

Tensor flags(const std::vector<uint8_t>& values) {
  Tensor made = empty({static_cast<int64_t>(values.size())}, kBool);
  std::copy(values.begin(), values.end(), static_cast<uint8_t*>(made.data_ptr()));
  return made;
}

void expect_same(const Tensor& a, const Tensor& b) {
  ASSERT_EQ(a.scalar_type(), b.scalar_type());
  ASSERT_EQ(a.sizes(), b.sizes());
  EXPECT_TRUE(a.nbytes() == 0 || std::memcmp(a.data_ptr(), b.data_ptr(), a.nbytes()) == 0);
}

/// A tensor of every dtype, of no dimensions, and without elements.
NamedTensors samples() {
  return {{"bytes", make<uint8_t>({3}, {0, 128, 255})},
          {"weight", make<float>({2, 3}, {0, 0.25, 0.5, 0.75, 1, 1.25})},
          {"scalar", make<double>({}, {0.1})},
          {"steps", make<int64_t>({2}, {-1, int64_t{1} << 40})},
          {"counts", make<int32_t>({2, 1}, {7, -8})},
          {"flags", flags({1, 0, 1})},
          {"empty", empty({0, 4}, kFloat32)}};
}

std::string bytes_of(const NamedTensors& tensors, const serialize::Metadata& metadata = {}) {
  std::ostringstream out;
  save_safetensors(out, tensors, metadata);
  return out.str();
}

SafeTensors load_bytes(const std::string& bytes) {
  std::istringstream in(bytes);
  return load_safetensors(in, "the file");
}

/// A file with this header, whatever it says, before `data`.
std::string with_header(const std::string& header, const std::string& data) {
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}

std::string error_with_header(const std::string& header, const std::string& data = "") {
  return error_of([&] { load_bytes(with_header(header, data)); });
}

TEST(SafeTensors, ReadsBackWhatItWrote) {
  const NamedTensors saved = samples();
  const SafeTensors loaded = load_bytes(bytes_of(saved, {{"epoch", "3"}, {"Grüße", "\"\n\\"}}));
  ASSERT_EQ(loaded.tensors.size(), saved.size());
  for (const auto& item : saved) expect_same(*item, loaded.tensors[item.key()]);
  EXPECT_EQ(loaded.metadata, (serialize::Metadata{{"epoch", "3"}, {"Grüße", "\"\n\\"}}));
  // Nothing at all is a file too.
  EXPECT_TRUE(load_bytes(bytes_of(NamedTensors())).tensors.is_empty());
}

TEST(SafeTensors, ReadsAFileOfThePythonLibrary) {
  const SafeTensors loaded = load_safetensors(test::golden("python.safetensors"));
  const NamedTensors expected = samples();
  ASSERT_EQ(loaded.tensors.size(), expected.size());
  for (const auto& item : expected) expect_same(*item, loaded.tensors[item.key()]);
  EXPECT_EQ(loaded.metadata, (serialize::Metadata{{"made by", "safetensors für Python"}}));
}

TEST(SafeTensors, WritesTheBytesOfTheFormat) {
  const std::string bytes =
      bytes_of({{"b", make<uint8_t>({2}, {1, 2})}, {"a\"", make<int32_t>({1, 1}, {3})}});
  // Padded to a multiple of 8; elements of wide types first.
  const std::string header = R"({"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]},)"
                             R"("a\"":{"dtype":"I32","shape":[1,1],"data_offsets":[0,4]}})";
  EXPECT_EQ(bytes, with_header(header + std::string((8 - header.size() % 8) % 8, ' '),
                               "\x03\0\0\0\x01\x02"s));
}

TEST(SafeTensors, WritesStridedTensorsInTheirOrder) {
  const Tensor t = make<float>({2, 3}, {0, 1, 2, 3, 4, 5});
  const SafeTensors loaded = load_bytes(bytes_of({{"t", t.transpose(0, 1)}, {"row", t[1]}}));
  expect_same(loaded.tensors["t"], make<float>({3, 2}, {0, 3, 1, 4, 2, 5}));
  expect_same(loaded.tensors["row"], make<float>({3}, {3, 4, 5}));
}

TEST(SafeTensors, RefusesToWriteWhatNoReaderWouldAccept) {
  EXPECT_THAT(error_of([] {
                bytes_of({{"x", Tensor()}});
              }),
              HasSubstr("\"x\": the tensor is undef"));
  EXPECT_THAT(error_of([] {
                bytes_of({{"__metadata__", empty({1})}});
              }),
              HasSubstr("__metadata__"));
  EXPECT_THAT(error_of([] { bytes_of({{"\xff", empty({1})}}); }), HasSubstr("not UTF-8"));
  EXPECT_THAT(error_of([] { bytes_of(NamedTensors(), {{"k", "\xc3"}}); }), HasSubstr("not UTF-8"));
}

TEST(SafeTensors, SaysWhatIsWrongWithAFile) {
  EXPECT_THAT(error_of([] { load_safetensors("/no/such/file"); }),
              HasSubstr("/no/such/file: No such file or directory"));
  EXPECT_THAT(error_of([] { load_safetensors("/"); }), HasSubstr("it is no file"));
  EXPECT_THAT(error_of([] { load_bytes("1234567"); }), HasSubstr("it has 7 bytes"));
  EXPECT_THAT(error_of([] { load_bytes("\xff\xff\xff\xff\xff\xff\xff\xff{}"s); }),
              HasSubstr("announce a header of 18446744073709551615 bytes, but 2 follow"));
  EXPECT_THAT(error_with_header(""), HasSubstr("does not begin with '{'"));
  EXPECT_THAT(error_with_header(" {}"), HasSubstr("does not begin with '{'"));
  EXPECT_THAT(error_with_header("{\"a\":"), HasSubstr("not valid JSON"));
  EXPECT_THAT(error_with_header("{\"\xff\":1}"), HasSubstr("not valid JSON"));
  EXPECT_THAT(error_with_header("{} {}"), HasSubstr("not valid JSON"));
  EXPECT_THAT(error_with_header("{\"a\":" + std::string(100000, '[')), HasSubstr("too deeply"));
  EXPECT_THAT(error_with_header(R"({"__metadata__":{"a":1}})"), HasSubstr("\"a\" is no string"));
  EXPECT_THAT(error_with_header(R"({"__metadata__":[]})"), HasSubstr("no JSON object"));
  EXPECT_THAT(error_with_header("{}", "x"), HasSubstr("1 bytes follow the last tensor"));
}

TEST(SafeTensors, SaysWhatIsWrongWithATensor) {
  const auto error = [](const std::string& dtype, const std::string& shape,
                        const std::string& offsets, const std::string& data = "12345678") {
    return error_with_header("{\"w\":{\"dtype\":" + dtype + ",\"shape\":" + shape +
                                 ",\"data_offsets\":" + offsets + "}}",
                             data);
  };
  EXPECT_THAT(error("\"F32\"", "[2]", "[0,8]", "1234567"),
              AllOf(HasSubstr("the file: tensor \"w\" ends at byte 8"), HasSubstr("truncated")));
  EXPECT_THAT(error("\"BF16\"", "[4]", "[0,8]"), HasSubstr("has dtype \"BF16\"; expected F32"));
  EXPECT_THAT(error("1", "[4]", "[0,8]"), HasSubstr("no valid \"dtype\""));
  EXPECT_THAT(error("\"F32\"", "2", "[0,8]"), HasSubstr("no valid \"shape\""));
  EXPECT_THAT(error("\"F32\"", "[-2]", "[0,8]"), HasSubstr("\"shape\" holds -2"));
  EXPECT_THAT(error("\"F32\"", "[2.0]", "[0,8]"), HasSubstr("\"shape\" holds 2.0"));
  EXPECT_THAT(error("\"F32\"", "[99999999999999999999]", "[0,8]"), HasSubstr("holds 1e+20"));
  EXPECT_THAT(error("\"F32\"", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), HasSubstr("9 dimensions"));
  // These products are 0 or 8 where they wrap at 2^64.
  EXPECT_THAT(error("\"F32\"", "[4611686018427387904]", "[0,0]"),
              HasSubstr("larger than any file"));
  EXPECT_THAT(error("\"U8\"", "[8589934592,8589934592]", "[0,8]"), HasSubstr("larger than any"));
  EXPECT_THAT(error("\"U8\"", "[18446744073709551615,0]", "[0,0]"), HasSubstr("larger than any"));
  EXPECT_THAT(error("\"F32\"", "[3]", "[0,8]"),
              HasSubstr("takes 12 bytes, but data_offsets [0, 8]"));
  EXPECT_THAT(error("\"F32\"", "[2]", "[8,0]"), HasSubstr("expected data_offsets [begin, end]"));
  EXPECT_THAT(error("\"F32\"", "[2]", "[0,4,8]"), HasSubstr("expected data_offsets [begin, end]"));
  EXPECT_THAT(error("\"F32\"", "[1]", "[4,8]"), HasSubstr("there is a hole"));
  EXPECT_THAT(error("\"U8\"", "[2]", "[18446744073709551610,18446744073709551612]"),
              HasSubstr("ends at byte 18446744073709551612"));
  EXPECT_THAT(error("\"BOOL\"", "[8]", "[0,8]", "\0\1\0\2\0\0\0\0"s),
              HasSubstr("element 3 is 2, but a BOOL is 0 or 1"));
  EXPECT_THAT(error_with_header(R"({"w":7})"), HasSubstr("tensor \"w\""));

  const std::string entry = R"({"dtype":"U8","shape":[2],"data_offsets":)";
  EXPECT_THAT(error_with_header("{\"w\":" + entry + "[0,2]},\"v\":" + entry + "[1,3]}}", "123"),
              HasSubstr("\"v\" begins at byte 1 of the data, expected 2: tensors overlap"));
  EXPECT_THAT(error_with_header("{\"w\":" + entry + "[0,2]},\"w\":" + entry + "[2,4]}}", "1234"),
              HasSubstr("has \"w\" twice"));
  EXPECT_THAT(error_with_header("{\"w\":{\"dtype\":\"U8\"," + entry.substr(1) + "[0,2]}}", "12"),
              HasSubstr("has \"dtype\" twice"));
}

TEST(SafeTensors, SurvivesDamagedFiles) {
  const std::string whole = bytes_of(samples(), {{"epoch", "3"}});
  test::Mutator mutate(2);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    try {
      load_bytes(mutate(whole));
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 10000);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(load_bytes(whole.substr(0, length)), Error) << length;
  }
}

TEST(AtomicFile, KeepsTheOldFileUntilCommit) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "file";
  test::write_file(path, "old");
  {
    serialize::AtomicFile file(path);
    file.write("new");
    EXPECT_EQ(test::read_file(path), "old");
  }
  EXPECT_EQ(test::read_file(path), "old");
  EXPECT_THAT(folder.names(), testing::ElementsAre("file"));
  serialize::AtomicFile file(path);
  file.write("new");
  file.commit();
  EXPECT_EQ(test::read_file(path), "new");
  EXPECT_THAT(folder.names(), testing::ElementsAre("file"));
  EXPECT_THROW(file.write("more"), Error);
}

TEST(AtomicFile, FollowsLinksAndKeepsPermissions) {
  namespace fs = std::filesystem;
  const test::TemporaryFolder folder;
  test::write_file(folder / "file", "old");
  fs::permissions(folder / "file", fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("file", folder / "link");
  serialize::AtomicFile file(folder / "link");
  file.write("new");
  file.commit();
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(test::read_file(folder / "file"), "new");
  EXPECT_EQ(fs::status(folder / "file").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST(AtomicFile, SaysWhyItCannotWrite) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { serialize::AtomicFile file(folder / "none/file"); }),
              HasSubstr("none/file: No such file or directory"));
  EXPECT_THAT(error_of([&] { serialize::AtomicFile file(folder / ""); }),
              HasSubstr("Is a directory"));
  EXPECT_THROW(serialize::AtomicFile(""), Error);
}

TEST(SafeTensors, AFullDeviceIsAnError) {
  EXPECT_THAT(error_of([] { save_safetensors("/dev/full", samples()); }),
              HasSubstr("cannot write /dev/full: No space left on device"));
  save_safetensors("/dev/null", samples());
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

/// Files of this process cannot grow beyond `bytes` in its scope: a disk that fills up.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST(SafeTensors, AFullDiskLeavesTheOldFile) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  save_safetensors(path, samples());
  const std::string before = test::read_file(path);
  {
    const FileSizeLimit limit(10000);
    EXPECT_THAT(error_of([&] {
                  save_safetensors(path, {{"large", empty({100, 100})}});
                }),
                AllOf(HasSubstr("cannot write " + path), HasSubstr("File too large")));
  }
  EXPECT_EQ(test::read_file(path), before);
  EXPECT_THAT(folder.names(), testing::ElementsAre("model.safetensors"));
}

}  // namespace
}  // namespace adjoint
