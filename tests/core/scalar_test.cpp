#include "adjoint/core/scalar.h"

#include <cmath>

#include <gtest/gtest.h>

namespace adjoint {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

TEST(Scalar, KnowsWhichKindOfNumberItIs) {
  EXPECT_EQ(Scalar(1.5f).type(), kFloat64);
  EXPECT_EQ(Scalar(int8_t{1}).type(), kInt64);
  EXPECT_EQ(Scalar('a').type(), kInt64);
  EXPECT_EQ(Scalar(true).type(), kBool);
  EXPECT_EQ(Scalar().type(), kInt64);
  EXPECT_EQ(Scalar().toLong(), 0);
  EXPECT_TRUE(Scalar(true).isIntegral(true));
  EXPECT_FALSE(Scalar(true).isIntegral(false));
  EXPECT_FALSE(Scalar(1.0).isIntegral(true));
  EXPECT_TRUE(Scalar(1.0).isFloatingPoint());
}

TEST(Scalar, HoldsEveryIntegerExactly) {
  for (const int64_t i : {kMax, kMin, kMax - 1, int64_t{1} << 53, (int64_t{1} << 53) + 1}) {
    EXPECT_EQ(Scalar(i).toLong(), i);
  }
  EXPECT_EQ(Scalar(kMin).toDouble(), -0x1p63);
  EXPECT_EQ(Scalar(-1).toInt(), -1);
  EXPECT_EQ(Scalar(3).toFloat(), 3.0f);
}

TEST(Scalar, RefusesWhatATypeCannotHold) {
  EXPECT_THROW(Scalar(int64_t{1} << 31).toInt(), Error);
  EXPECT_EQ(Scalar((int64_t{1} << 31) - 1).toInt(), 2147483647);
  EXPECT_THROW(Scalar(-1).to<uint8_t>(), Error);
  EXPECT_THROW(Scalar(256).to<uint8_t>(), Error);
  EXPECT_EQ(Scalar(255).to<uint8_t>(), 255);
  // At the limits of the integers, which double rounds up to.
  EXPECT_THROW(Scalar(0x1p63).toLong(), Error);
  EXPECT_EQ(Scalar(-0x1p63).toLong(), kMin);
  EXPECT_EQ(Scalar(std::nextafter(0x1p63, 0)).toLong(), kMax - 1023);
  EXPECT_THROW(Scalar(0x1p31).toInt(), Error);
  EXPECT_EQ(Scalar(0x1p31 - 0.5).toInt(), 2147483647);
  EXPECT_THROW(Scalar(INFINITY).toLong(), Error);
  EXPECT_THROW(Scalar(NAN).toInt(), Error);
  EXPECT_THROW(Scalar(-1.0).to<uint8_t>(), Error);
  EXPECT_EQ(Scalar(-0.5).to<uint8_t>(), 0);
  EXPECT_EQ(Scalar(-1.9).toInt(), -1);
}

TEST(Scalar, ConvertsToBoolAndFloatAnyNumber) {
  EXPECT_TRUE(Scalar(0.5).toBool());
  EXPECT_TRUE(Scalar(NAN).toBool());
  EXPECT_FALSE(Scalar(-0.0).toBool());
  EXPECT_TRUE(Scalar(256).toBool());
  EXPECT_EQ(Scalar(true).toDouble(), 1);
  EXPECT_TRUE(std::isnan(Scalar(NAN).toFloat()));
  EXPECT_EQ(Scalar(1e300).toFloat(), INFINITY);
}

TEST(Scalar, NegatesAndCompares) {
  EXPECT_EQ((-Scalar(2)).toLong(), -2);
  EXPECT_EQ((-Scalar(kMin)).toLong(), kMin);  // wraps around, as integers in tensors do
  EXPECT_TRUE(std::signbit((-Scalar(0.0)).toDouble()));
  EXPECT_THROW(-Scalar(true), Error);
  EXPECT_TRUE(Scalar(1) == 1.0);
  EXPECT_TRUE(Scalar(true) == 1);
  EXPECT_FALSE(Scalar(kMax) == kMax - 1);  // as integers, not rounded to double
  EXPECT_FALSE(Scalar(NAN) == Scalar(NAN));
  EXPECT_TRUE(Scalar(1).equal(1.0) && Scalar(1.5).equal(1.5f) && Scalar(true).equal(true));
  EXPECT_FALSE(Scalar(1).equal(true) || Scalar(true).equal(1) || Scalar(1).equal(2));
}

TEST(Scalar, Prints) {
  std::ostringstream out;
  out << Scalar(2.5) << " " << Scalar(-7) << " " << Scalar(false);
  EXPECT_EQ(out.str(), "2.5 -7 false");
}

}  // namespace
}  // namespace adjoint
