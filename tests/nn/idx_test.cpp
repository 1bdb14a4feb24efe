#include "adjoint/nn/data/idx.h"

#include <gmock/gmock.h>

#include "adjoint/tests/nn/file_tools.h"

namespace adjoint {
namespace {

using namespace std::string_literals;
using test::error_of;
using testing::AllOf;
using testing::HasSubstr;

class Idx : public testing::Test {
 protected:
  /// Reads a file with these bytes.
  Tensor read(const std::string& bytes) {
    test::write_file(path_, bytes);
    return data::read_idx(path_);
  }
  std::string error(const std::string& bytes) {
    return error_of([&] { read(bytes); });
  }

  test::TemporaryFolder folder_;
  std::string path_ = folder_ / "file";
};

TEST_F(Idx, ReadsAPlainFile) {
  const Tensor t = read("\0\0\x08\x02\0\0\0\x02\0\0\0\x03\x01\x02\x03\xfe\xff\x00"s);
  EXPECT_EQ(t.sizes(), (IntArrayRef{2, 3}));
  ASSERT_EQ(t.scalar_type(), kUInt8);
  const auto* p = t.data_ptr<uint8_t>();
  EXPECT_THAT(std::vector<int>(p, p + 6), testing::ElementsAre(1, 2, 3, 254, 255, 0));
}

TEST_F(Idx, ReadsTheOtherDtypesBigEndian) {
  const Tensor i = read("\0\0\x0c\x01\0\0\0\x02\xff\xff\xff\xfe\0\0\x01\x02"s);
  EXPECT_EQ(i.data_ptr<int32_t>()[0], -2);
  EXPECT_EQ(i.data_ptr<int32_t>()[1], 258);
  const Tensor f = read("\0\0\x0d\x01\0\0\0\x01\xc0\x20\0\0"s);
  EXPECT_EQ(f.data_ptr<float>()[0], -2.5f);
  const Tensor d = read("\0\0\x0e\x01\0\0\0\x01\x40\x09\x21\xfb\x54\x44\x2d\x18"s);
  EXPECT_EQ(d.data_ptr<double>()[0], 3.141592653589793);
}

TEST_F(Idx, ReadsACompressedFile) {
  const Tensor t = data::read_idx(test::golden("pictures-idx3-ubyte.gz"));
  EXPECT_EQ(t.sizes(), (IntArrayRef{2, 3, 4}));
  for (int i = 0; i < 24; ++i) EXPECT_EQ(t.data_ptr<uint8_t>()[i], 10 * i);
}

TEST_F(Idx, SaysWhatIsWrong) {
  EXPECT_THAT(error_of([&] { data::read_idx(folder_ / "none"); }),
              HasSubstr("none: No such file or directory"));
  EXPECT_THAT(error_of([&] { data::read_idx(folder_ / ""); }), HasSubstr("it is no file"));
  EXPECT_THAT(error(""), HasSubstr("is truncated: expected 4 bytes of magic number from byte 0 on, "
                                   "got 0"));
  EXPECT_THAT(error("\x89PNG"s),
              HasSubstr("it begins with the bytes 0x89 0x50, expected 0x00 0x00"));
  EXPECT_THAT(error("\0\0\x09\x01"s), HasSubstr("byte 2 gives the dtype 0x09"));
  EXPECT_THAT(error("\0\0\x08\0"s), HasSubstr("byte 3 gives 0 dimensions, expected 1 to 8"));
  EXPECT_THAT(error("\0\0\x08\x09"s), HasSubstr("9 dimensions"));
  EXPECT_THAT(error("\0\0\x08\x02\0\0\0\x02\0"s),
              HasSubstr("4 bytes of sizes from byte 8 on, got 1"));
  EXPECT_THAT(error("\0\0\x08\x01\0\0\0\x02\x07\x08\x09"s),
              HasSubstr("more bytes follow at byte 10, after the last element of [2]"));
  EXPECT_THAT(
      error("\0\0\x08\x01\0\0\0\x03\x07\x08"s),
      AllOf(HasSubstr(path_), HasSubstr("expected 3 bytes of elements from byte 8 on, got 2")));
}

TEST_F(Idx, TakesNoMemoryForSizesThatTheFileCannotHold) {
  EXPECT_THAT(error("\0\0\x08\x01\xff\xff\xff\xff\x01"s),
              HasSubstr("the sizes [4294967295] from byte 4 on need more bytes"));
  // The products of these are 2^64: 0 where it wraps.
  EXPECT_THAT(error("\0\0\x0e\x02\x80\0\0\0\x40\0\0\0"s), HasSubstr("more bytes"));
  EXPECT_THAT(error("\0\0\x08\x04\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0"s),
              HasSubstr("more bytes"));
}

TEST_F(Idx, NoticesEveryTruncationOfACompressedFile) {
  const std::string whole = test::read_file(test::golden("pictures-idx3-ubyte.gz"));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(read(whole.substr(0, length)), Error) << length;
  }
  EXPECT_THAT(error(whole.substr(0, whole.size() - 9)), HasSubstr("is truncated"));
}

TEST_F(Idx, NoticesEveryChangedByteOfCompressedElements) {
  const std::string whole = test::read_file(test::golden("pictures-idx3-ubyte.gz"));
  // The first 10 bytes are gzip's own. The bits that pad the last byte before the checksum and the
  // length (8 bytes) mean nothing.
  for (std::size_t at = 10; at < whole.size(); ++at) {
    if (at == whole.size() - 9) continue;
    std::string changed = whole;
    changed[at] =
        static_cast<char>(changed[at] ^ 1);  // (the highest bits of the last may be padding)
    EXPECT_THROW(read(changed), Error) << at;
  }
}

TEST_F(Idx, SurvivesDamagedFiles) {
  const std::string plain =
      "\0\0\x08\x03\0\0\0\x02\0\0\0\x03\0\0\0\x01"
      "abcdef"s;
  const std::string packed = test::read_file(test::golden("pictures-idx3-ubyte.gz"));
  test::Mutator mutate(1);
  int refused = 0;
  for (int i = 0; i < 1000; ++i) {
    try {
      read(mutate(i % 2 ? plain : packed));
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace adjoint
