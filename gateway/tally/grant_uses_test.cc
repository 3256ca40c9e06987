// Goal: quotas hold, also across members and days; a grant that nobody uses lapses after a year and
// six months, having been asked about before; one without dates ends after five years. Method: the
// sample registry; years pass by a clock that the test moves.
#include "gateway/tally/grant_uses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gateway/base/check.h"
#include "gateway/registry/sample_set.h"

namespace chayan::tally {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kGrant[] = "shanhua-land-title";

class GrantUsesTest : public ::testing::Test {
 protected:
  void SetUp() override { Look(); }
  void Look() {
    uses_.Look(*snapshot_);
    Charge charge(ledger_);
    uses_.RecordBegins(charge);
    charge.Submit();
    charge.Settle(/*committed=*/true);
    // What was new is known now.
    clock_.Advance(absl::Hours(24));
    uses_.Look(*snapshot_);
  }
  const registry::Grant& Grant(absl::string_view id) {
    for (const registry::Grant* grant : snapshot_->grants()) {
      if (grant->proto->id() == id) return *grant;
    }
    CHAYAN_CHECK(false);
  }
  // Asks once; the refusal's reason, or none.
  v1::ErrorReason Use(absl::string_view grant) {
    policy::Permit permit;
    permit.grant = std::string(grant);
    permit.quota_per_day = Grant(grant).proto->quota_per_day();
    Charge charge(ledger_);
    policy::Refusal refusal;
    const bool used =
        uses_.Use(permit, *snapshot_->FindMember(Grant(grant).proto->member()), charge, refusal);
    EXPECT_EQ(used, refusal.reason == v1::ERROR_REASON_UNSPECIFIED);
    charge.Submit();
    charge.Settle(/*committed=*/true);
    return refusal.reason;
  }
  void Pass(int days) {
    clock_.Advance(absl::Hours(24 * days));
    uses_.Look(*snapshot_);
  }
  void Exchange(const std::string& from, const std::string& to) {
    registry::Files files = snapshot_->files();
    bool found = false;
    for (auto& [path, text] : files) {
      const size_t at = text.find(from);
      if (at == std::string::npos) continue;
      text.replace(at, from.size(), to);
      found = true;
    }
    CHAYAN_CHECK(found);
    std::vector<std::string> faults;
    const auto snapshot = registry::Snapshot::Create(files, &faults);
    ASSERT_TRUE(snapshot.ok()) << absl::StrJoin(faults, "\n");
    snapshot_ = *snapshot;
    uses_.Look(*snapshot_);
  }

  std::shared_ptr<const registry::Snapshot> snapshot_ =
      *registry::Snapshot::Create(registry::SampleFiles(), nullptr);
  SimulatedClock clock_{absl::FromUnixSeconds(1768449600)};  // 2026-01-15, noon in Taipei
  Ledger ledger_{clock_};
  GrantUses uses_{ledger_, clock_};
};

TEST_F(GrantUsesTest, AQuotaIsUsedUpAndBeginsAnewAtMidnight) {
  Exchange("quota_per_day: 5000", "quota_per_day: 2");
  const registry::Grant& grant = Grant("shanhua-entry-exit");
  EXPECT_EQ(Use("shanhua-entry-exit"), v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_TRUE(uses_.HasQuotaLeft(grant));
  EXPECT_EQ(Use("shanhua-entry-exit"), v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_FALSE(uses_.HasQuotaLeft(grant));
  EXPECT_EQ(Use("shanhua-entry-exit"), v1::ERROR_REASON_QUOTA_EXHAUSTED);
  // The refused use was not counted.
  EXPECT_EQ(ledger_.Count(store::TallyKind::kGrantUse, "shanhua-entry-exit"), 2);
  Pass(1);
  EXPECT_EQ(Use("shanhua-entry-exit"), v1::ERROR_REASON_UNSPECIFIED);
}

TEST_F(GrantUsesTest, AMembersQuotaCountsOverAllItsGrants) {
  Exchange("id: \"hro-shanhua\"", "id: \"hro-shanhua\" questions_per_day: 2");
  EXPECT_EQ(Use(kGrant), v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_EQ(Use("shanhua-land-building"), v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_EQ(Use(kGrant), v1::ERROR_REASON_MEMBER_QUOTA_EXHAUSTED);
  EXPECT_EQ(Use("banqiao-land-title"), v1::ERROR_REASON_UNSPECIFIED);
}

TEST_F(GrantUsesTest, AGrantLapsesAYearAndSixMonthsAfterItsLastUse) {
  Pass(200);
  EXPECT_EQ(Use(kGrant), v1::ERROR_REASON_UNSPECIFIED);
  Pass(365);
  EXPECT_THAT(uses_.Unused(), Not(Contains(kGrant)));
  Pass(1);
  EXPECT_THAT(uses_.Unused(), Contains(kGrant));
  // Never used since it was first in force, 200 days before.
  EXPECT_EQ(uses_.EndOf(Grant("banqiao-land-title")), policy::GrantEnd::kLapsed);
  EXPECT_EQ(uses_.EndOf(Grant(kGrant)), std::nullopt);
  Pass(548 - 366);
  EXPECT_EQ(uses_.EndOf(Grant(kGrant)), std::nullopt);
  Pass(1);
  EXPECT_EQ(uses_.EndOf(Grant(kGrant)), policy::GrantEnd::kLapsed);
  EXPECT_THAT(uses_.Unused(), IsEmpty());
}

TEST_F(GrantUsesTest, AGrantMayLapseSoonerOrLater) {
  Exchange("id: \"shanhua-land-title\"\n", "id: \"shanhua-land-title\" lapse_after_days: 10\n");
  Pass(9);
  EXPECT_EQ(uses_.EndOf(Grant(kGrant)), std::nullopt);
  EXPECT_THAT(uses_.Unused(), Contains(kGrant));
  Pass(1);
  EXPECT_EQ(uses_.EndOf(Grant(kGrant)), policy::GrantEnd::kLapsed);
}

TEST_F(GrantUsesTest, AGrantWithoutDatesEndsFiveYearsAfterItWasFirstInForce) {
  for (int i = 0; i < 18; ++i) {
    ASSERT_EQ(Use(kGrant), v1::ERROR_REASON_UNSPECIFIED);
    Pass(100);
  }
  // A day was gone before, and one of the five years has a day more.
  ASSERT_EQ(Use(kGrant), v1::ERROR_REASON_UNSPECIFIED);
  Pass(24);
  EXPECT_EQ(uses_.EndOf(Grant(kGrant)), std::nullopt);
  EXPECT_EQ(Use(kGrant), v1::ERROR_REASON_UNSPECIFIED);
  Pass(2);
  EXPECT_EQ(uses_.EndOf(Grant(kGrant)), policy::GrantEnd::kTermOver);
}

TEST_F(GrantUsesTest, AGrantThatIsNewBeginsWhenItIsFirstSeen) {
  Pass(400);
  Exchange("id: \"shanhua-land-title\"\n", "id: \"shanhua-land-title-2\"\n");
  Look();
  Pass(200);
  EXPECT_EQ(uses_.EndOf(Grant("shanhua-land-title-2")), std::nullopt);
  EXPECT_EQ(uses_.EndOf(Grant("banqiao-land-title")), policy::GrantEnd::kLapsed);
}

}  // namespace
}  // namespace chayan::tally
