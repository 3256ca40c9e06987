// Goal: a report counts its period and nothing else, its digest stands in the entry of the read,
// and nobody gets one whose grant is bounded. Method: a real log (test_rig.h) with questions on two
// days.
#include "gateway/audit/reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/audit/test_rig.h"
#include "gateway/base/encoding.h"
#include "gateway/base/status_matchers.h"
#include "gateway/crypto/digest.h"

namespace chayan::audit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kGrants[] = R"(
audit_grants { id: "all" member: "audit-office" access: AUDIT_ACCESS_LEAVES
  entries_from_time: "2026-01-10T00:00:00Z" }
)";
constexpr int64_t kDaySeconds = 24 * 60 * 60;
constexpr int64_t kDay = 1768406400;  // 2026-01-15T00:00:00+08:00

v1::ExportReportRequest Request(int64_t from, int64_t until) {
  v1::ExportReportRequest request;
  request.mutable_from_time()->set_seconds(from);
  request.mutable_until_time()->set_seconds(until);
  return request;
}

Told<v1::ExportReportResponse> Export(TestRig& rig, const v1::ExportReportRequest& request) {
  return rig.Call<v1::ExportReportRequest, v1::ExportReportResponse>("auditor-1", "ExportReport",
                                                                     ExportReport, request);
}

TEST(ReportsTest, CountsThePeriodAndIsSignedByItsEntry) {
  TestRig rig(kGrants);
  for (int i = 0; i < 3; ++i) rig.Record();
  rig.clock.Advance(absl::Hours(24));
  rig.Record({.kind = "immigration.entry_exit"});
  const auto told = Export(rig, Request(kDay, kDay + kDaySeconds));
  ASSERT_TRUE(told.ok()) << rig.last_refusal->message;
  const std::string& report = told.response.report();
  EXPECT_THAT(report, HasSubstr("\"questions\":\"3\""));
  EXPECT_THAT(report, HasSubstr("land.title"));
  EXPECT_THAT(report, Not(HasSubstr("immigration.entry_exit")));
  const log::ParsedLeaf entry = rig.Entry(rig.size() - 1);
  EXPECT_EQ(entry.Get("method"), "ExportReport");
  EXPECT_EQ(entry.Get("grant"), "all");
  EXPECT_EQ(entry.Get("digest"), Base64Encode(crypto::Sha256(report).raw()));
  EXPECT_EQ(told.response.receipt().leaf(), rig.Leaf(rig.size() - 1));
  EXPECT_THAT(told.response.receipt().tlog_proof(), HasSubstr("c2sp.org/tlog-proof@v1"));
  // The other day, and both.
  EXPECT_THAT(Export(rig, Request(kDay + kDaySeconds, kDay + 2 * kDaySeconds)).response.report(),
              HasSubstr("\"questions\":\"1\""));
  EXPECT_THAT(Export(rig, Request(kDay, kDay + 2 * kDaySeconds)).response.report(),
              HasSubstr("\"questions\":\"4\""));
}

TEST(ReportsTest, RefusesPeriodsThatAreNone) {
  TestRig rig(kGrants);
  const auto refusal = [&](int64_t from, int64_t until) {
    EXPECT_EQ(Export(rig, Request(from, until)).reason, v1::ERROR_REASON_FIELD_INVALID);
    return rig.last_refusal->message;
  };
  EXPECT_THAT(refusal(kDay + 1, kDay + kDaySeconds), HasSubstr("from_time: write the beginning"));
  EXPECT_THAT(refusal(kDay, kDay + kDaySeconds - 1), HasSubstr("until_time: write the beginning"));
  EXPECT_THAT(refusal(kDay, kDay), HasSubstr("until_time: write 1 to 400 days"));
  EXPECT_THAT(refusal(kDay, kDay + 401 * kDaySeconds), HasSubstr("write 1 to 400 days"));
  EXPECT_TRUE(Export(rig, Request(kDay, kDay + 400 * kDaySeconds)).ok());
  EXPECT_EQ(Export(rig, v1::ExportReportRequest()).reason, v1::ERROR_REASON_FIELD_INVALID);
}

TEST(ReportsTest, ABoundedGrantGivesNone) {
  TestRig bounded(R"(
audit_grants { id: "one" member: "audit-office" access: AUDIT_ACCESS_DETAILS
  members: [ "hro-shanhua" ] }
)");
  EXPECT_EQ(Export(bounded, Request(kDay, kDay + kDaySeconds)).reason,
            v1::ERROR_REASON_AUDIT_NOT_GRANTED);
  // What is before the grant's entries is not counted either.
  TestRig later(kGrants);
  EXPECT_EQ(Export(later, Request(kDay - 30 * kDaySeconds, kDay)).reason,
            v1::ERROR_REASON_AUDIT_NOT_GRANTED);
}

}  // namespace
}  // namespace chayan::audit
