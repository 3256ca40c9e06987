// Goal: what is counted is seen at once, lasts exactly when its entry does, and ends with its day.
// Method: a real store in a folder of the test's own, opened again as after a crash; a clock that
// the test moves.
#include "gateway/tally/ledger.h"

#include "gateway/base/status_matchers.h"
#include "gateway/store/conformance.h"
#include "gateway/store/sqlite.h"
#include "gateway/store/test_folder.h"

namespace chayan::tally {
namespace {

using store::TallyKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// 2026-01-15, 23:30 in Taipei.
const absl::Time kLate = absl::FromUnixSeconds(1768491000);

class LedgerTest : public ::testing::Test {
 protected:
  void SetUp() override { Reopen(); }
  // As after a crash: memory is gone.
  void Reopen() {
    ledger_.reset();
    store_.reset();
    auto store = store::SqliteStore::Open(folder_.path() + "/store");
    ASSERT_OK(store);
    store_ = *std::move(store);
    auto ledger = Ledger::Open(*store_, clock_);
    ASSERT_OK(ledger);
    ledger_ = *std::move(ledger);
  }
  // Records an entry with what the charge counted.
  void Record(Charge& charge) {
    const store::Head head = *store_->ReadHead();
    store::PlannedBatch planned = store::PlanBatch(head, 1);
    planned.batch.entries[0].tallies = charge.Submit();
    ASSERT_EQ(store_->Append(head, planned.batch, planned.head).result,
              store::AppendResult::kCommitted);
    charge.Settle(/*committed=*/true);
  }

  store::TestFolder folder_;
  SimulatedClock clock_{kLate};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Ledger> ledger_;
};

TEST_F(LedgerTest, WhatWasRecordedIsCountedAfterACrash) {
  {
    Charge charge(*ledger_);
    EXPECT_EQ(charge.Add(TallyKind::kMember, "a", "x"), 1);
    EXPECT_EQ(charge.Add(TallyKind::kMember, "a", "x"), 2);
    Record(charge);
    // Counted, but never recorded.
    charge.Add(TallyKind::kMember, "a", "x");
    EXPECT_EQ(ledger_->Count(TallyKind::kMember, "a"), 3);
  }
  EXPECT_EQ(ledger_->Count(TallyKind::kMember, "a"), 2);
  Reopen();
  EXPECT_EQ(ledger_->Count(TallyKind::kMember, "a"), 2);
  EXPECT_EQ(ledger_->Count(TallyKind::kSubject, "a"), 0);
  EXPECT_THAT(ledger_->List(TallyKind::kMember),
              ElementsAre(store::KeptTally{"a", ledger_->today(), 2, "x"}));
}

TEST_F(LedgerTest, AFailedEntryCountsNothing) {
  Charge charge(*ledger_);
  charge.Add(TallyKind::kMember, "a", "");
  charge.Submit();
  charge.Add(TallyKind::kMember, "a", "");
  charge.Settle(/*committed=*/false);
  EXPECT_EQ(ledger_->Count(TallyKind::kMember, "a"), 1);
}

TEST_F(LedgerTest, TheDayEndsAtMidnightInTaipei) {
  Charge charge(*ledger_);
  charge.Add(TallyKind::kMember, "a", "");
  charge.Add(TallyKind::kGrantUse, "g", "");
  Record(charge);
  clock_.Advance(absl::Minutes(30) - absl::Nanoseconds(1));
  EXPECT_EQ(ledger_->Count(TallyKind::kMember, "a"), 1);
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_EQ(ledger_->Count(TallyKind::kMember, "a"), 0);
  EXPECT_THAT(ledger_->List(TallyKind::kMember), IsEmpty());
  Reopen();
  EXPECT_EQ(ledger_->Count(TallyKind::kMember, "a"), 0);
  // A grant's last use is remembered, though today it has none.
  EXPECT_EQ(ledger_->Count(TallyKind::kGrantUse, "g"), 0);
  EXPECT_EQ(ledger_->Read(TallyKind::kGrantUse, "g").day, ledger_->today() - 1);
}

TEST_F(LedgerTest, WhatYesterdayCountedIsNotTakenBackFromToday) {
  auto charge = std::make_unique<Charge>(*ledger_);
  charge->Add(TallyKind::kMember, "a", "");
  clock_.Advance(absl::Hours(1));
  Charge today(*ledger_);
  today.Add(TallyKind::kMember, "a", "");
  charge.reset();
  EXPECT_EQ(ledger_->Count(TallyKind::kMember, "a"), 1);
}

TEST_F(LedgerTest, DaysAreTaipeis) {
  EXPECT_EQ(DayOf(absl::FromUnixSeconds(16 * 3600 - 1)), 0);
  EXPECT_EQ(DayOf(absl::FromUnixSeconds(16 * 3600)), 1);
}

}  // namespace
}  // namespace chayan::tally
