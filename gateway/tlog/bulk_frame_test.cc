// Goal: an item proves that it stands in its frame, there and nowhere else, and no other item does.
// Method: frames of all small sizes and the largest; every place, and each way to lie about one.
#include "gateway/tlog/bulk_frame.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_matchers.h"
#include "gateway/crypto/digest.h"

namespace chayan::tlog {
namespace {

crypto::Digest Item(int number) {
  Uuid id;
  id.bytes[15] = static_cast<uint8_t>(number);
  return BulkItem(id, crypto::Sha256(absl::StrCat("request ", number)),
                  crypto::Sha256(absl::StrCat("answer ", number)));
}

std::vector<crypto::Digest> Items(int count) {
  std::vector<crypto::Digest> items;
  for (int i = 0; i < count; ++i) items.push_back(Item(i));
  return items;
}

class BulkFrameTest : public ::testing::TestWithParam<int> {};

TEST_P(BulkFrameTest, EachItemProvesItsPlaceAndNoOther) {
  const BulkFrame frame(Items(GetParam()));
  for (int i = 0; i < GetParam(); ++i) {
    const BulkPlace place = frame.PlaceOf(static_cast<size_t>(i));
    const auto bytes = CommittedBytesFrom(Item(i), place);
    ASSERT_OK(bytes);
    EXPECT_EQ(*bytes, frame.CommittedBytes());
    EXPECT_NE(CommittedBytesFrom(Item(i + 1), place).value_or(""), *bytes);
    BulkPlace elsewhere = place;
    elsewhere.index = static_cast<uint32_t>((i + 1) % GetParam());
    if (elsewhere.index != place.index) {
      EXPECT_NE(CommittedBytesFrom(Item(i), elsewhere).value_or(""), *bytes);
    }
    BulkPlace longer = place;
    ++longer.count;
    EXPECT_NE(CommittedBytesFrom(Item(i), longer).value_or(""), *bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, BulkFrameTest,
                         ::testing::Values(1, 2, 3, 4, 5, 7, 8, 31, 32, 33,
                                           static_cast<int>(kBulkItemsMax)));

TEST(BulkFrameBytesTest, AnItemIsBoundToIdRequestAndAnswer) {
  const Uuid id;
  Uuid other;
  other.bytes[0] = 1;
  const crypto::Digest a = crypto::Sha256("a");
  const crypto::Digest b = crypto::Sha256("b");
  EXPECT_NE(BulkItem(id, a, b), BulkItem(other, a, b));
  EXPECT_NE(BulkItem(id, a, b), BulkItem(id, b, a));
  EXPECT_EQ(BulkItem(id, a, b),
            crypto::Sha256(absl::StrCat(absl::string_view("chayan/bulk/v1\0", 15), id.raw(),
                                        a.raw(), b.raw())));
}

TEST(BulkFrameBytesTest, ThePathOfAnIndexBeyondTheFrameIsRefused) {
  const BulkFrame frame(Items(3));
  BulkPlace place = frame.PlaceOf(2);
  place.index = 3;
  EXPECT_TRUE(absl::IsInvalidArgument(CommittedBytesFrom(Item(2), place).status()));
}

}  // namespace
}  // namespace chayan::tlog
