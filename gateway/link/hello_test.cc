// Goal: a hello can only narrow what the registry routes to its member. Method: one good hello of a
// small registry, and each way to go beyond it.
#include "gateway/link/hello.h"

#include "absl/strings/str_join.h"
#include "gateway/link/bounds.h"
#include "gateway/link/link_test_registry.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::link {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const absl::Time kNow = absl::FromCivil(absl::CivilDay(2026, 1, 15), absl::UTCTimeZone());

class HelloTest : public ::testing::Test {
 protected:
  v1::ErrorReason ReasonAt(absl::Time now) {
    const auto checked = CheckHello(hello_, caller_, *snapshot_, now);
    const auto* refusal = std::get_if<policy::Refusal>(&checked);
    return refusal == nullptr ? v1::ERROR_REASON_UNSPECIFIED : refusal->reason;
  }
  v1::ErrorReason Reason() { return ReasonAt(kNow); }
  Offer Accepted() {
    auto checked = CheckHello(hello_, caller_, *snapshot_, kNow);
    if (auto* refusal = std::get_if<policy::Refusal>(&checked)) {
      ADD_FAILURE() << refusal->message;
      return {};
    }
    return std::get<Offer>(checked);
  }

  std::shared_ptr<const registry::Snapshot> snapshot_ = MakeSnapshot(TestRegistry());
  policy::Caller caller_ = TestCaller("land-a");
  v1::Hello hello_ = TestHello(*snapshot_, TestKey(1), {"land.title", "entry.record"});
};

TEST_F(HelloTest, TakesAllAreasOfTheMemberWhereNoneIsNamed) {
  EXPECT_THAT(Accepted().served, ElementsAre(Pair("entry.record", ""), Pair("land.title", "AA"),
                                             Pair("land.title", "AB")));
  EXPECT_THAT(Accepted().Kinds(), ElementsAre("entry.record", "land.title"));
}

TEST_F(HelloTest, NarrowsToTheNamedAreas) {
  hello_.mutable_kinds(0)->add_areas("AB");
  hello_.mutable_kinds(0)->add_areas("AB");
  EXPECT_THAT(Accepted().served, ElementsAre(Pair("entry.record", ""), Pair("land.title", "AB")));
}

TEST_F(HelloTest, TakesAnAreaAsTheRegistryMayWriteIt) {
  hello_.mutable_kinds(0)->add_areas("ab");
  EXPECT_THAT(Accepted().served, ElementsAre(Pair("entry.record", ""), Pair("land.title", "AB")));
}

TEST_F(HelloTest, RefusesAnAreaOfAnotherMember) {
  hello_.mutable_kinds(0)->add_areas("BA");
  EXPECT_EQ(Reason(), v1::ERROR_REASON_HELLO_EXCEEDS_REGISTRY);
}

TEST_F(HelloTest, RefusesAnAreaForAKindThatHasNone) {
  hello_.mutable_kinds(1)->add_areas("");
  EXPECT_EQ(Reason(), v1::ERROR_REASON_HELLO_EXCEEDS_REGISTRY);
}

TEST_F(HelloTest, RefusesAKindThatIsRoutedToOthers) {
  caller_ = TestCaller("land-b");
  hello_ = TestHello(*snapshot_, TestKey(2), {"entry.record"});
  EXPECT_EQ(Reason(), v1::ERROR_REASON_HELLO_EXCEEDS_REGISTRY);
}

TEST_F(HelloTest, RefusesAKindThatIsNotInTheRegistry) {
  hello_.mutable_kinds(0)->set_document_kind("no.such\n\x01kind");
  EXPECT_EQ(Reason(), v1::ERROR_REASON_HELLO_EXCEEDS_REGISTRY);
}

TEST_F(HelloTest, RefusesAnotherDigestOfAKind) {
  (*hello_.mutable_kinds(0)->mutable_digest())[0] ^= 1;
  EXPECT_EQ(Reason(), v1::ERROR_REASON_KIND_DIGEST_DIFFERS);
}

// An adapter of another version: what its kind is made of, and the digest of that.
void OfferVersion(std::vector<std::string> elements, v1::KindOffer& offer) {
  std::sort(elements.begin(), elements.end());
  *offer.mutable_elements() = {elements.begin(), elements.end()};
  offer.set_digest(
      crypto::Sha256(absl::StrCat(offer.document_kind(), absl::StrJoin(elements, "\n"), "\n"))
          .ToString());
}

TEST_F(HelloTest, TakesAnOlderAndANewerVersionOfAKind) {
  OfferVersion({"land_office:LAND_OFFICE"}, *hello_.mutable_kinds(0));
  EXPECT_THAT(Accepted().other_versions, ElementsAre("land.title"));
  OfferVersion({"land_office:LAND_OFFICE", "owner_name:NAME", "share:TEXT"},
               *hello_.mutable_kinds(0));
  EXPECT_THAT(Accepted().other_versions, ElementsAre("land.title"));
  OfferVersion({"owner_name:NAME", "land_office:LAND_OFFICE"}, *hello_.mutable_kinds(0));
  EXPECT_THAT(Accepted().other_versions, IsEmpty());
}

TEST_F(HelloTest, RefusesAVersionInWhichACommonClaimIsAnother) {
  OfferVersion({"land_office:LAND_OFFICE", "owner_name:TEXT"}, *hello_.mutable_kinds(0));
  EXPECT_EQ(Reason(), v1::ERROR_REASON_KIND_DIGEST_DIFFERS);
}

TEST_F(HelloTest, RefusesADigestThatIsNotThatOfItsElements) {
  OfferVersion({"land_office:LAND_OFFICE"}, *hello_.mutable_kinds(0));
  hello_.mutable_kinds(0)->add_elements("owner_name:NAME");
  hello_.mutable_kinds(0)->add_elements("share:TEXT");
  EXPECT_EQ(Reason(), v1::ERROR_REASON_KIND_DIGEST_DIFFERS);
}

TEST_F(HelloTest, BoundsTheElementsOfAKind) {
  hello_.mutable_kinds(0)->add_elements(std::string(kElementCharactersMax + 1, 'x'));
  EXPECT_EQ(Reason(), v1::ERROR_REASON_HELLO_INVALID);
  hello_.mutable_kinds(0)->clear_elements();
  for (size_t i = 0; i <= kElementsMax; ++i) hello_.mutable_kinds(0)->add_elements("a:TEXT");
  EXPECT_EQ(Reason(), v1::ERROR_REASON_HELLO_INVALID);
}

TEST_F(HelloTest, RefusesAnUnregisteredKey) {
  hello_.set_answer_key_id(crypto::KeyId(TestKey(9).public_key()).ToString());
  EXPECT_EQ(Reason(), v1::ERROR_REASON_ANSWER_KEY_UNKNOWN);
}

TEST_F(HelloTest, RefusesTheKeyOfAnotherMember) {
  hello_.set_answer_key_id(crypto::KeyId(TestKey(2).public_key()).ToString());
  EXPECT_EQ(Reason(), v1::ERROR_REASON_ANSWER_KEY_UNKNOWN);
}

TEST_F(HelloTest, RefusesTheKeyOfAnotherSystem) {
  caller_.system = "other";
  EXPECT_EQ(Reason(), v1::ERROR_REASON_ANSWER_KEY_UNKNOWN);
}

TEST_F(HelloTest, RefusesAKeyThatIsOutOfForce) {
  hello_.set_answer_key_id(crypto::KeyId(TestKey(3).public_key()).ToString());
  EXPECT_EQ(Reason(), v1::ERROR_REASON_UNSPECIFIED);
  EXPECT_EQ(ReasonAt(kNow + absl::Hours(24 * 31)), v1::ERROR_REASON_ANSWER_KEY_UNKNOWN);
}

TEST_F(HelloTest, RefusesAnotherProtocolVersion) {
  hello_.set_protocol_version(2);
  EXPECT_EQ(Reason(), v1::ERROR_REASON_HELLO_INVALID);
}

TEST_F(HelloTest, RefusesNoKindsTooManyAndTheSameTwice) {
  v1::Hello none = hello_;
  none.clear_kinds();
  std::swap(none, hello_);
  EXPECT_EQ(Reason(), v1::ERROR_REASON_HELLO_INVALID);
  std::swap(none, hello_);
  *hello_.add_kinds() = hello_.kinds(0);
  EXPECT_EQ(Reason(), v1::ERROR_REASON_HELLO_INVALID);
  while (hello_.kinds_size() <= static_cast<int>(kKindsMax)) hello_.add_kinds();
  EXPECT_EQ(Reason(), v1::ERROR_REASON_HELLO_INVALID);
}

TEST_F(HelloTest, TakesSubscriptionsOfTheMemberAloneThatGoOverItsLink) {
  const auto subscription = [](absl::string_view id, absl::string_view member,
                               absl::string_view way) {
    return absl::StrCat("subscriptions { id: '", id, "' recipient: '", member,
                        "' notice_kind: 'person.death' subject_parts: NOTICE_PART_NAME way: ", way,
                        " }\n");
  };
  snapshot_ = MakeSnapshot(absl::StrCat(
      TestRegistry(),
      "notice_kinds { code: 'person.death' title { zh_tw: 't' en: 't' } legal_bases: 'act-68'\n"
      "  dead_letter_policy: DEAD_LETTER_POLICY_HOLD exception_owner: 'land-b'\n"
      "  retention_class: RETENTION_CLASS_FIVE_YEARS }\n",
      subscription("pushed", "land-a", "DELIVERY_WAY_LINK"),
      subscription("pulled", "land-a", "DELIVERY_WAY_PULL"),
      subscription("other", "land-b", "DELIVERY_WAY_LINK")));
  hello_.clear_kinds();  // notices are reason enough for a link
  hello_.add_subscriptions("pushed");
  EXPECT_THAT(Accepted().subscriptions, ElementsAre("pushed"));
  for (const char* wrong : {"pulled", "other", "none"}) {
    hello_.set_subscriptions(0, wrong);
    EXPECT_EQ(Reason(), v1::ERROR_REASON_HELLO_EXCEEDS_REGISTRY) << wrong;
  }
}

TEST_F(HelloTest, RefusesASystemTheRegistryDoesNotHold) {
  caller_.system = "gone";
  EXPECT_EQ(Reason(), v1::ERROR_REASON_CALLER_UNKNOWN);
}

TEST_F(HelloTest, BoundsQuestionsInFlightByBothSides) {
  EXPECT_EQ(Accepted().in_flight_max, kInFlightMax);
  hello_.set_in_flight_max(7);
  EXPECT_EQ(Accepted().in_flight_max, 7u);
  hello_.set_in_flight_max(100'000);
  EXPECT_EQ(Accepted().in_flight_max, kInFlightMax);
}

TEST_F(HelloTest, FiltersAndBoundsFreeText) {
  hello_.set_software(absl::StrCat("evil\n\x1b[31m", std::string(200, 'x')));
  const std::string software = Accepted().software;
  EXPECT_EQ(software.size(), kSoftwareCharactersMax);
  EXPECT_EQ(software.substr(0, 10), "evil??[31m");
}

}  // namespace
}  // namespace chayan::link
