// Goal: an auditor sees what a grant covers and nothing else. Method: the sample registry with
// grants that are each bounded in one way; for every dimension one call inside and one outside.
#include "gateway/policy/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "gateway/base/status_matchers.h"
#include "gateway/registry/sample_set.h"

namespace chayan::policy {
namespace {

using ::testing::SizeIs;

constexpr char kGrants[] = R"(
audit_grants { id: "bounded" member: "audit-office" systems: "auditor-1" members: "hro-shanhua"
  offices: "hro-shanhua" document_kinds: "land.title" access: AUDIT_ACCESS_LEAVES
  entries_from_time: "2026-01-01T00:00:00Z" entries_until_time: "2026-07-01T00:00:00Z"
  not_before_time: "2026-06-01T00:00:00Z" not_after_time: "2026-12-31T00:00:00Z" may_draw_samples: true }
audit_grants { id: "open" member: "audit-office" systems: "auditor-2" access: AUDIT_ACCESS_DETAILS
  may_erase: true may_hold: true may_draw_samples: true }
)";

absl::Time At(const char* text) {
  absl::Time time;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, nullptr));
  return time;
}

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() {
    registry::Files files = registry::SampleFiles();
    for (auto& [path, content] : files) {
      if (path == "grants.textproto") content.resize(content.find("audit_grants {"));
    }
    files.emplace_back("audit.textproto", kGrants);
    std::vector<std::string> faults;
    auto snapshot = registry::Snapshot::Create(std::move(files), &faults);
    EXPECT_OK(snapshot) << ::testing::PrintToString(faults);
    snapshot_ = *std::move(snapshot);
  }

  AuditDecision Ask(const char* system, AuditAction action, const AuditScope& scope = {}) {
    Caller caller;
    caller.member = "audit-office";
    caller.system = system;
    caller.role = v1::ROLE_AUDITOR;
    return DecideAudit(caller, action, scope, *snapshot_, now_);
  }
  // What is not covered; empty when permitted.
  std::string Uncovered(const AuditDecision& decision) {
    const auto* refusal = std::get_if<Refusal>(&decision);
    if (refusal == nullptr) return "";
    EXPECT_EQ(refusal->reason, v1::ERROR_REASON_AUDIT_NOT_GRANTED);
    return refusal->metadata.at(0).second;
  }

  std::shared_ptr<const registry::Snapshot> snapshot_;
  absl::Time now_ = At("2026-08-01T00:00:00Z");
};

TEST_F(AuditTest, DeniesWithoutAGrant) {
  Caller nobody;
  nobody.member = "operator";
  nobody.system = "console";
  EXPECT_EQ(Uncovered(DecideAudit(nobody, AuditAction::kSearch, {}, *snapshot_, now_)),
            "this system");
  EXPECT_EQ(Uncovered(Ask("auditor-3", AuditAction::kSearch)), "this system");
}

TEST_F(AuditTest, EachActionNeedsItsRight) {
  EXPECT_EQ(Uncovered(Ask("auditor-1", AuditAction::kSearch)), "");
  for (const AuditAction action :
       {AuditAction::kOpen, AuditAction::kErase, AuditAction::kHold, AuditAction::kReport}) {
    EXPECT_EQ(Uncovered(Ask("auditor-1", action)), "this action");
    EXPECT_EQ(Uncovered(Ask("auditor-2", action)), "");
  }
}

TEST_F(AuditTest, TheGrantItselfHasATime) {
  for (const char* outside : {"2026-05-31T23:59:59Z", "2026-12-31T00:00:01Z"}) {
    now_ = At(outside);
    EXPECT_EQ(Uncovered(Ask("auditor-1", AuditAction::kSearch)), "this moment");
  }
  for (const char* inside : {"2026-06-01T00:00:00Z", "2026-12-31T00:00:00Z"}) {
    now_ = At(inside);
    EXPECT_EQ(Uncovered(Ask("auditor-1", AuditAction::kSearch)), "");
  }
}

TEST_F(AuditTest, WhatIsNamedMustBeCovered) {
  const auto search = [this](AuditScope scope) {
    return Uncovered(Ask("auditor-1", AuditAction::kSearch, scope));
  };
  EXPECT_EQ(search({.member = "hro-shanhua", .office = "hro-shanhua", .kind = "land.title"}), "");
  EXPECT_EQ(search({.member = "hro-banqiao"}), "this member");
  EXPECT_EQ(search({.office = "hro-banqiao"}), "this office");
  EXPECT_EQ(search({.kind = "immigration.entry_exit"}), "this document kind");
  const absl::Time from = At("2026-01-01T00:00:00Z"), until = At("2026-07-01T00:00:00Z");
  EXPECT_EQ(search({.from = from, .until = until}), "");
  EXPECT_EQ(search({.from = from - absl::Milliseconds(1), .until = until}), "this period");
  EXPECT_EQ(search({.from = from, .until = until + absl::Milliseconds(1)}), "this period");
  EXPECT_EQ(search({.from = until}), "this period");
  EXPECT_EQ(search({.until = from}), "this period");
}

TEST_F(AuditTest, WhatIsLeftOpenIsCutToWhatTheGrantCovers) {
  const AuditDecision decision = Ask("auditor-1", AuditAction::kSearch);
  const auto* permit = std::get_if<AuditPermit>(&decision);
  ASSERT_NE(permit, nullptr);
  ASSERT_THAT(permit->grants, SizeIs(1));
  const AuditedEntry inside{"hro-shanhua", "hro-shanhua", "land.title", At("2026-03-01T00:00:00Z")};
  ASSERT_NE(permit->Covering(inside), nullptr);
  EXPECT_EQ(permit->Covering(inside)->proto->id(), "bounded");
  // One thing differs, or is not there, at a time.
  AuditedEntry outside = inside;
  for (const char* other : {"hro-banqiao", ""}) {
    outside = inside;
    outside.member = other;
    EXPECT_EQ(permit->Covering(outside), nullptr);
    outside = inside;
    outside.office = other;
    EXPECT_EQ(permit->Covering(outside), nullptr);
    outside = inside;
    outside.kind = other;
    EXPECT_EQ(permit->Covering(outside), nullptr);
  }
  outside = inside;
  outside.time = At("2026-07-01T00:00:00Z");
  EXPECT_EQ(permit->Covering(outside), nullptr);
  outside.time = At("2025-12-31T23:59:59Z");
  EXPECT_EQ(permit->Covering(outside), nullptr);
}

TEST_F(AuditTest, AnOpenGrantCoversWhatHasNoValues) {
  const AuditDecision decision = Ask("auditor-2", AuditAction::kOpen);
  const auto* permit = std::get_if<AuditPermit>(&decision);
  ASSERT_NE(permit, nullptr);
  EXPECT_NE(permit->Covering({"", "", "", absl::UnixEpoch()}), nullptr);
}

TEST_F(AuditTest, ADrawNamesAllThatTheGrantBounds) {
  AuditScope whole{.member = "hro-shanhua",
                   .office = "hro-shanhua",
                   .kind = "land.title",
                   .from = At("2026-01-01T00:00:00Z"),
                   .until = At("2026-02-01T00:00:00Z")};
  const auto draw = [this](const AuditScope& scope) {
    return Uncovered(Ask("auditor-1", AuditAction::kDraw, scope));
  };
  EXPECT_EQ(draw(whole), "");
  AuditScope open = whole;
  open.member = "";
  EXPECT_EQ(draw(open), "this member");
  open = whole;
  open.office = "";
  EXPECT_EQ(draw(open), "this office");
  open = whole;
  open.kind = "";
  EXPECT_EQ(draw(open), "this document kind");
  open = whole;
  open.from = absl::InfinitePast();
  EXPECT_EQ(draw(open), "this period");
  open = whole;
  open.until = absl::InfiniteFuture();
  EXPECT_EQ(draw(open), "this period");
  EXPECT_EQ(Uncovered(Ask("auditor-1", AuditAction::kSample)), "");
  EXPECT_EQ(Uncovered(Ask("auditor-2", AuditAction::kDraw)), "");
}

}  // namespace
}  // namespace chayan::policy
