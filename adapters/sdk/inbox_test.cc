// Goal: what an adapter took is known for ever after, with the receipt it gave, whatever kills the
// process; receipts and settlements are told apart by their entries. Method: a file in a temporary
// folder, opened anew where a crash would have been.
#include "adapters/sdk/inbox.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "chayan/v1/notice_service.pb.h"
#include "gateway/base/check.h"
#include "gateway/base/file.h"
#include "gateway/base/random.h"
#include "gateway/base/status_matchers.h"
#include "gateway/crypto/digest.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::sdk {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kNow = absl::FromUnixSeconds(1'768'465'800);

class InboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = absl::StrCat(testing::TempDir(), "/inbox_XXXXXX");
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = absl::StrCat(pattern, "/inbox");
    Reopen();
  }
  void Reopen() {
    inbox_.reset();
    auto opened = Inbox::Open(path_);
    ASSERT_OK(opened.status());
    inbox_ = *std::move(opened);
  }
  TakenNotice Make(const std::string& settlement = "") {
    return {.delivery_id = Uuid::Version7(kNow, random_),
            .notice_digest = crypto::Sha256("notice"),
            .receipt = "receipt",
            .settlement = settlement};
  }
  std::optional<TakenNotice> Find(const Uuid& id) {
    auto found = inbox_->Find(id);
    EXPECT_OK(found.status());
    return found.ok() ? *found : std::nullopt;
  }
  std::vector<TakenNotice> Unrecorded() {
    auto all = inbox_->Unrecorded(Uuid(), 10);
    EXPECT_OK(all.status());
    return all.ok() ? *all : std::vector<TakenNotice>();
  }
  std::vector<TakenNotice> Recorded(const Uuid& id, uint64_t entry,
                                    const std::string& refusal = "") {
    auto next = inbox_->Recorded({{id, entry, refusal}});
    EXPECT_OK(next.status());
    return next.ok() ? *next : std::vector<TakenNotice>();
  }
  Inbox::Settled Settle(const Uuid& id, const std::string& settlement) {
    auto settled = inbox_->Settle(id, settlement);
    CHAYAN_CHECK(settled.ok());
    return *std::move(settled);
  }

  SystemRandom random_;
  std::string path_;
  std::unique_ptr<Inbox> inbox_;
};

TEST_F(InboxTest, KnowsAfterACrashWhatItTook) {
  const TakenNotice taken = Make("settlement");
  EXPECT_EQ(Find(taken.delivery_id), std::nullopt);
  ASSERT_OK(inbox_->Keep({taken}, kNow));
  Reopen();
  const auto found = Find(taken.delivery_id);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->notice_digest, taken.notice_digest);
  EXPECT_EQ(found->receipt, "receipt");
  EXPECT_EQ(found->settlement, "settlement");
  EXPECT_EQ(found->receipt_entry, std::nullopt);
  EXPECT_THAT(Unrecorded(), SizeIs(1));
  struct stat stat;
  ASSERT_EQ(::stat(path_.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0777, 0600u);
}

TEST_F(InboxTest, TheSettlementFollowsTheRecordedReceipt) {
  const TakenNotice taken = Make("settlement");
  ASSERT_OK(inbox_->Keep({taken}, kNow));
  EXPECT_EQ(*Find(taken.delivery_id)->Unrecorded(), "receipt");
  const auto next = Recorded(taken.delivery_id, 7);
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(*next[0].Unrecorded(), "settlement");
  // A gateway that tells the receipt's entry twice has not recorded the settlement.
  EXPECT_THAT(Recorded(taken.delivery_id, 7), IsEmpty());
  EXPECT_THAT(Unrecorded(), SizeIs(1));
  EXPECT_THAT(Recorded(taken.delivery_id, 8), IsEmpty());
  EXPECT_THAT(Unrecorded(), IsEmpty());
  EXPECT_EQ(Find(taken.delivery_id)->settlement_entry, 8u);
}

TEST_F(InboxTest, AnEntryOfADeliveryItNeverTookChangesNothing) {
  EXPECT_THAT(Recorded(Make().delivery_id, 7), IsEmpty());
}

TEST_F(InboxTest, IsReadInPagesThatMissNothing) {
  std::set<std::string> kept, read;
  for (int i = 0; i < 7; ++i) {
    const TakenNotice taken = Make();
    ASSERT_OK(inbox_->Keep({taken}, kNow));
    kept.insert(taken.delivery_id.ToText());
  }
  Uuid after;
  for (size_t left = 7; left > 0; left -= std::min<size_t>(left, 3)) {
    const auto page = inbox_->Unrecorded(after, 3);
    ASSERT_OK(page.status());
    ASSERT_THAT(*page, SizeIs(std::min<size_t>(left, 3)));
    for (const TakenNotice& taken : *page) read.insert(taken.delivery_id.ToText());
    after = page->back().delivery_id;
  }
  EXPECT_EQ(read, kept);
}

TEST_F(InboxTest, ForgetsOnlyWhatIsRecordedAndOld) {
  const TakenNotice recorded = Make();
  const TakenNotice open = Make("settlement");
  ASSERT_OK(inbox_->Keep({recorded, open}, kNow));
  Recorded(recorded.delivery_id, 1);
  Recorded(open.delivery_id, 2);  // its settlement is not
  ASSERT_OK(inbox_->Forget(kNow + Inbox::kRememberedFor));
  EXPECT_TRUE(Find(recorded.delivery_id).has_value());
  ASSERT_OK(inbox_->Forget(kNow + Inbox::kRememberedFor + absl::Milliseconds(1)));
  EXPECT_FALSE(Find(recorded.delivery_id).has_value());
  EXPECT_TRUE(Find(open.delivery_id).has_value());
}

TEST_F(InboxTest, NamesTheFileItCannotUse) {
  EXPECT_THAT(Inbox::Open("/nowhere/inbox").status().ToString(), HasSubstr("/nowhere/inbox"));
  ASSERT_OK(WriteFile(path_ + ".text", "this is no database, and long enough to be read as one"));
  EXPECT_THAT(Inbox::Open(path_ + ".text").status().ToString(), HasSubstr(path_ + ".text"));
}

std::string Word(v1::DeliveryState state, const std::string& case_number = "") {
  v1::DeliveryReceipt receipt;
  receipt.set_state(state);
  receipt.set_recipient_case_number(case_number);
  return receipt.SerializeAsString();
}

TEST_F(InboxTest, WhatAnOfficeDidDaysLaterIsKeptAndFollowsTheReceipt) {
  const std::string acted = Word(v1::DELIVERY_STATE_ACKNOWLEDGED, "115-7");
  const TakenNotice taken = Make();
  EXPECT_TRUE(absl::IsNotFound(inbox_->Settle(taken.delivery_id, acted).status()));
  ASSERT_OK(inbox_->Keep({taken}, kNow));
  const Inbox::Settled settled = Settle(taken.delivery_id, acted);
  EXPECT_TRUE(settled.is_new);
  EXPECT_EQ(settled.notice.receipt_entry, std::nullopt) << "its receipt comes first";
  Reopen();
  const auto next = Recorded(taken.delivery_id, 7);
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(*next[0].Unrecorded(), acted);
  EXPECT_FALSE(Settle(taken.delivery_id, acted).is_new);
  const std::string rejected = Word(v1::DELIVERY_STATE_REJECTED);
  EXPECT_TRUE(absl::IsFailedPrecondition(inbox_->Settle(taken.delivery_id, rejected).status()));
  EXPECT_THAT(Recorded(taken.delivery_id, 8), IsEmpty());
  EXPECT_EQ(Settle(taken.delivery_id, acted).notice.settlement_entry, 8u);
  EXPECT_THAT(Unrecorded(), IsEmpty());
}

TEST_F(InboxTest, WhoRejectedMayThinkAgainOnceThatIsInTheLog) {
  const std::string rejected = Word(v1::DELIVERY_STATE_REJECTED);
  const std::string acted = Word(v1::DELIVERY_STATE_ACKNOWLEDGED);
  const TakenNotice taken = Make(rejected);
  ASSERT_OK(inbox_->Keep({taken}, kNow));
  Recorded(taken.delivery_id, 7);
  EXPECT_TRUE(absl::IsFailedPrecondition(inbox_->Settle(taken.delivery_id, acted).status()));
  Recorded(taken.delivery_id, 8);
  const Inbox::Settled settled = Settle(taken.delivery_id, acted);
  EXPECT_TRUE(settled.is_new);
  EXPECT_EQ(*settled.notice.Unrecorded(), acted);
  Recorded(taken.delivery_id, 8);
  EXPECT_THAT(Unrecorded(), SizeIs(1)) << "that was the rejection's, told again";
  Recorded(taken.delivery_id, 9);
  EXPECT_THAT(Unrecorded(), IsEmpty());
}

TEST_F(InboxTest, WhatTheGatewayRefusedMayBeSaidOtherwise) {
  const TakenNotice taken = Make(Word(v1::DELIVERY_STATE_REJECTED));
  ASSERT_OK(inbox_->Keep({taken}, kNow));
  Recorded(taken.delivery_id, 7);
  Recorded(taken.delivery_id, 8, "DELIVERY_STATE");
  Reopen();
  EXPECT_EQ(Find(taken.delivery_id)->refusal, "DELIVERY_STATE");
  const Inbox::Settled settled =
      Settle(taken.delivery_id, Word(v1::DELIVERY_STATE_REJECTED, "115-7"));
  EXPECT_TRUE(settled.is_new);
  EXPECT_EQ(settled.notice.refusal, "");
  Recorded(taken.delivery_id, 9);
  EXPECT_EQ(Find(taken.delivery_id)->settlement_entry, 9u);
  EXPECT_EQ(Find(taken.delivery_id)->refusal, "");
}

// The publisher replayed it and it was taken again, when the office had said what it did.
TEST_F(InboxTest, TakenAgainItKeepsWhatTheOfficeSaidMeanwhile) {
  const std::string acted = Word(v1::DELIVERY_STATE_ACKNOWLEDGED, "115-7");
  TakenNotice taken = Make(Word(v1::DELIVERY_STATE_REJECTED));
  ASSERT_OK(inbox_->Keep({taken}, kNow));
  Recorded(taken.delivery_id, 7);
  Recorded(taken.delivery_id, 8);
  Settle(taken.delivery_id, acted);
  taken.settlement.clear();
  ASSERT_OK(inbox_->Keep({taken}, kNow));
  const auto next = Recorded(taken.delivery_id, 9);
  ASSERT_THAT(next, SizeIs(1));
  EXPECT_EQ(*next[0].Unrecorded(), acted);
}

}  // namespace
}  // namespace chayan::sdk
