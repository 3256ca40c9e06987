// Goal: a notice finds those whom the registry names for it, all of them and nobody else, and is
// never left without somebody. Method: the sample deployment's rules one by one, then random
// notices over few values against an oracle that knows a subscription as a plain predicate.
#include "gateway/notice/match.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "gateway/base/check.h"
#include "gateway/registry/sample_set.h"

namespace chayan::notice {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

std::shared_ptr<const registry::Snapshot> Registry(const std::string& more) {
  registry::Files files = registry::SampleFiles();
  files.emplace_back("more.textproto", more);
  std::vector<std::string> faults;
  const auto snapshot = registry::Snapshot::Create(files, &faults);
  EXPECT_TRUE(snapshot.ok()) << absl::StrJoin(faults, "\n");
  CHAYAN_CHECK(snapshot.ok());
  return *snapshot;
}

std::vector<std::string> Ids(const Matched& matched) {
  std::vector<std::string> ids;
  for (const v1::Subscription* each : matched.subscriptions) ids.push_back(each->id());
  return ids;
}

// A kind of its own with one subscription of each sort.
constexpr char kRules[] = R"(
notice_kinds {
  code: "z.kind" title { zh_tw: "測試" en: "Test" } legal_bases: "household-act-68"
  consents { code: "yes" title { zh_tw: "同意" en: "Yes" } }
  dead_letter_policy: DEAD_LETTER_POLICY_HOLD exception_owner: "hro-shanhua"
  retention_class: RETENTION_CLASS_FIVE_YEARS }
subscriptions { id: "z-account" recipient: "taipower" notice_kind: "z.kind" consent: "yes"
  subject_parts: NOTICE_PART_CUSTOMER_ACCOUNT way: DELIVERY_WAY_LINK
  routing { key: ROUTING_KEY_CUSTOMER_ACCOUNT } }
subscriptions { id: "z-any" recipient: "nhi" notice_kind: "z.kind"
  subject_parts: NOTICE_PART_NAME way: DELIVERY_WAY_LINK
  routing { key: ROUTING_KEY_ANY_AREA values: [ "67000", "10020" ] } }
subscriptions { id: "z-new" recipient: "nhi" notice_kind: "z.kind"
  subject_parts: NOTICE_PART_NAME way: DELIVERY_WAY_LINK
  routing { key: ROUTING_KEY_NEW_AREA values: "67000" } }
subscriptions { id: "z-office" recipient: "nhi" notice_kind: "z.kind"
  subject_parts: NOTICE_PART_NAME way: DELIVERY_WAY_LINK
  routing { key: ROUTING_KEY_OFFICE values: "hro-shanhua" } }
subscriptions { id: "z-old" recipient: "nhi" notice_kind: "z.kind"
  subject_parts: NOTICE_PART_NAME way: DELIVERY_WAY_LINK
  routing { key: ROUTING_KEY_OLD_AREA values: "6700001" } }
subscriptions { id: "z-supply" recipient: "taiwater" notice_kind: "z.kind"
  subject_parts: NOTICE_PART_NAME way: DELIVERY_WAY_LINK
  routing { key: ROUTING_KEY_SUPPLY_AREA values: "s-6" } }
)";

class MatchTest : public ::testing::Test {
 protected:
  Matched Match() {
    return MatchSubscriptions(request_, *snapshot_->FindNoticeKind("z.kind"), *snapshot_);
  }
  std::shared_ptr<const registry::Snapshot> snapshot_ = Registry(kRules);
  v1::PublishNoticeRequest request_;
};

TEST_F(MatchTest, WhatMatchesNobodyHasAnOwner) {
  EXPECT_THAT(Ids(Match()), IsEmpty());
  EXPECT_EQ(Match().exception_owner, "hro-shanhua");
  request_.mutable_routing()->set_new_area("67000010");
  EXPECT_THAT(Ids(Match()), ElementsAre("z-any", "z-new"));
  EXPECT_EQ(Match().exception_owner, "");
}

TEST_F(MatchTest, AnAreaMatchesTheAreasWithinIt) {
  v1::NoticeRouting& routing = *request_.mutable_routing();
  routing.set_old_area("67000010");
  EXPECT_THAT(Ids(Match()), ElementsAre("z-any", "z-old"));
  routing.set_old_area("67000020");
  EXPECT_THAT(Ids(Match()), ElementsAre("z-any"));
  // The county is not within its township.
  routing.set_old_area("67000");
  EXPECT_THAT(Ids(Match()), ElementsAre("z-any"));
  routing.set_old_area("6700");
  EXPECT_THAT(Ids(Match()), IsEmpty());
  // Both areas: one delivery.
  routing.set_old_area("67000");
  routing.set_new_area("10020");
  EXPECT_THAT(Ids(Match()), ElementsAre("z-any"));
}

TEST_F(MatchTest, AnAccountMatchesItsProviderAndOnlyWithConsent) {
  v1::CustomerAccount& account = *request_.mutable_routing()->add_customer_accounts();
  account.set_provider("taipower");
  account.set_account("12-3456");
  EXPECT_THAT(Ids(Match()), IsEmpty());
  request_.add_consents("yes");
  EXPECT_THAT(Ids(Match()), ElementsAre("z-account"));
  account.set_provider("taiwater");
  EXPECT_THAT(Ids(Match()), IsEmpty());
}

TEST_F(MatchTest, TheSampleDeploymentTellsByLawAndByConsent) {
  request_.mutable_routing()->set_old_area("67000010");
  const v1::NoticeKind& death = *snapshot_->FindNoticeKind("person.death");
  const auto by_law = Ids(MatchSubscriptions(request_, death, *snapshot_));
  EXPECT_THAT(by_law, Contains("tax-south-death"));
  for (const v1::Subscription* each : snapshot_->Subscriptions("person.death")) {
    if (each->consent().empty()) continue;
    EXPECT_THAT(by_law, Not(Contains(each->id())));
  }
  for (const v1::NoticeConsent& consent : death.consents()) request_.add_consents(consent.code());
  EXPECT_GT(Ids(MatchSubscriptions(request_, death, *snapshot_)).size(), by_law.size());
}

// Random notices; the oracle repeats no code of the room.
TEST_F(MatchTest, MatchesExactlyWhatEachRuleSays) {
  const std::vector<std::string> areas = {"", "67000", "67000010", "67000020", "10020", "100"};
  const std::vector<std::string> others = {"", "hro-shanhua", "s-6", "taipower", "taiwater"};
  for (uint32_t seed = 0; seed < 2000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 engine(seed);
    const auto one = [&](const std::vector<std::string>& of) { return of[engine() % of.size()]; };
    request_.Clear();
    const std::string old_area = one(areas), new_area = one(areas), office = one(others),
                      supply = one(others), provider = one(others);
    const bool consent = engine() % 2 == 0;
    v1::NoticeRouting& routing = *request_.mutable_routing();
    routing.set_old_area(old_area);
    routing.set_new_area(new_area);
    routing.set_office(office);
    routing.set_supply_area(supply);
    routing.add_customer_accounts()->set_provider(provider);
    if (consent) request_.add_consents("yes");

    const auto in = [](const std::string& area, const char* wide) {
      return absl::StartsWith(area, wide);
    };
    std::vector<std::string> expected;
    if (consent && provider == "taipower") expected.push_back("z-account");
    if (in(old_area, "67000") || in(new_area, "67000") || in(old_area, "10020") ||
        in(new_area, "10020")) {
      expected.push_back("z-any");
    }
    if (in(new_area, "67000")) expected.push_back("z-new");
    if (office == "hro-shanhua") expected.push_back("z-office");
    if (in(old_area, "6700001")) expected.push_back("z-old");
    if (supply == "s-6") expected.push_back("z-supply");
    const Matched matched = Match();
    EXPECT_EQ(Ids(matched), expected);
    EXPECT_EQ(matched.exception_owner.empty(), !expected.empty());
  }
}

}  // namespace
}  // namespace chayan::notice
