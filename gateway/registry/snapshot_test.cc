// Goal: a snapshot finds what its files say and nothing else, its digests are the bytes that
// entries and adapters hold, and changes are told. Method: the sample deployment; digests
// recomputed by hand from their definition, and pinned.
#include "gateway/registry/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/base/status_matchers.h"
#include "gateway/registry/sample_set.h"

namespace chayan::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

std::shared_ptr<const Snapshot> MustCreate(Files files) {
  std::vector<std::string> faults;
  auto snapshot = Snapshot::Create(std::move(files), &faults);
  EXPECT_OK(snapshot);
  return snapshot.ok() ? *snapshot : nullptr;
}

class SnapshotTest : public ::testing::Test {
 protected:
  const std::shared_ptr<const Snapshot> snapshot_ = MustCreate(SampleFiles());
};

TEST_F(SnapshotTest, FindsMembersAndSystems) {
  EXPECT_EQ(snapshot_->trust_domain(), "chayan.example");
  ASSERT_NE(snapshot_->FindMember("nia"), nullptr);
  EXPECT_EQ(snapshot_->FindMember("nia")->desk().phone(), "02-2300-0001");
  EXPECT_EQ(snapshot_->FindMember("ni"), nullptr);
  ASSERT_NE(snapshot_->FindSystem("audit-office", "auditor-2"), nullptr);
  EXPECT_EQ(snapshot_->FindSystem("audit-office", "auditor-2")->role(), v1::ROLE_AUDITOR);
  EXPECT_EQ(snapshot_->FindSystem("audit-office", "counter"), nullptr);
  EXPECT_EQ(snapshot_->FindSystem("", ""), nullptr);
}

TEST_F(SnapshotTest, FindsHoldersByArea) {
  ASSERT_NE(snapshot_->FindHolder("land.title", "QD"), nullptr);
  EXPECT_EQ(snapshot_->FindHolder("land.title", "QD")->id(), "land-qd");
  EXPECT_EQ(snapshot_->FindHolder("land.title", "ad")->id(), "land-ad");
  EXPECT_EQ(snapshot_->FindHolder("land.title", "ZZ"), nullptr);
  EXPECT_EQ(snapshot_->FindHolder("land.title", ""), nullptr);
  EXPECT_EQ(snapshot_->FindHolder("immigration.entry_exit", "")->id(), "nia");
  EXPECT_EQ(snapshot_->FindHolder("immigration.entry_exit", "AD"), nullptr);
  EXPECT_THAT(snapshot_->Areas("land.title", "land-ad"), ElementsAre("AD"));
  EXPECT_THAT(snapshot_->Areas("immigration.entry_exit", "nia"), ElementsAre(""));
  EXPECT_THAT(snapshot_->Areas("immigration.entry_exit", "land-ad"), IsEmpty());
  EXPECT_THAT(snapshot_->Holders("land.building"), ElementsAre("land-ad", "land-qd"));
  EXPECT_THAT(snapshot_->Holders("court.marriage"), IsEmpty());
}

TEST_F(SnapshotTest, FindsKindsAndTheirElements) {
  // The 41 documents of the counter; land titles and authenticated documents are two kinds each.
  ASSERT_EQ(snapshot_->kinds().size(), 43u);
  EXPECT_EQ(snapshot_->kinds().front().proto->code(), "building.use_licence");
  EXPECT_EQ(snapshot_->kinds().back().proto->code(), "vital.death");
  const Kind* kind = snapshot_->FindKind("land.title");
  ASSERT_NE(kind, nullptr);
  EXPECT_EQ(kind->FindClaim("lot")->type(), v1::VALUE_TYPE_LAND_LOT);
  EXPECT_EQ(kind->FindClaim("registered_date"), nullptr);
  EXPECT_EQ(kind->FindField("registered_date")->type(), v1::VALUE_TYPE_DATE);
  EXPECT_EQ(snapshot_->FindKind("land.tile"), nullptr);
}

TEST_F(SnapshotTest, FindsGrantsOfAMemberOnAKindByTheirIds) {
  std::vector<std::string> ids;
  for (const Grant& grant : snapshot_->Grants("hro-shanhua", "land.title")) {
    ids.push_back(grant.proto->id());
    EXPECT_EQ(grant.not_before, absl::InfinitePast());
    EXPECT_EQ(grant.not_after, absl::InfiniteFuture());
    EXPECT_EQ(grant.hours.from_minute, 0);
    EXPECT_EQ(grant.hours.to_minute, 24 * 60);
  }
  EXPECT_THAT(ids, ElementsAre("shanhua-land-title", "shanhua-land-title-naturalisation"));
  EXPECT_THAT(snapshot_->Grants("hro-banqiao", "immigration.entry_exit"), IsEmpty());
  EXPECT_TRUE(snapshot_->HasPurpose("household.move"));
  EXPECT_FALSE(snapshot_->HasPurpose("household"));
  EXPECT_TRUE(snapshot_->HasLegalBasis("household-act-68"));
}

TEST_F(SnapshotTest, ParsesTimesAndHoursOfGrants) {
  Files files = SampleFiles();
  files.emplace_back("one.textproto", R"(grants {
    id: "a-one" member: "hro-banqiao" document_kind: "immigration.entry_exit"
    claims: "date" purposes: "household.move" legal_bases: "household-act-68"
    hours { from: "08:00" to: "17:30" }
    not_before_time: "2026-01-01T00:00:00Z" not_after_time: "2027-01-01T00:00:00.5Z"
  })");
  const auto snapshot = MustCreate(files);
  const auto& grants = snapshot->Grants("hro-banqiao", "immigration.entry_exit");
  ASSERT_EQ(grants.size(), 1u);
  EXPECT_EQ(grants[0].hours.from_minute, 480);
  EXPECT_EQ(grants[0].hours.to_minute, 1050);
  EXPECT_EQ(absl::ToUnixMillis(grants[0].not_before), 1767225600000);
  EXPECT_EQ(absl::ToUnixMillis(grants[0].not_after), 1798761600500);
}

TEST_F(SnapshotTest, FindsKeys) {
  const crypto::Ed25519PublicKey key = SampleKey('q').public_key();
  const AnswerKey* found = snapshot_->FindAnswerKey(crypto::KeyId(key));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->proto->member(), "land-qd");
  EXPECT_EQ(found->public_key, key.ToString());
  EXPECT_EQ(snapshot_->FindAnswerKey(crypto::KeyId(SampleKey('s').public_key())), nullptr);
  EXPECT_EQ(snapshot_->FindAssertionKey("hro-shanhua", "desk-1"),
            SampleKey('s').public_key().raw());
  EXPECT_EQ(snapshot_->FindAssertionKey("hro-banqiao", "desk-1"), "");
}

TEST_F(SnapshotTest, TellsUntilWhenASystemHasAnAnswerKey) {
  EXPECT_THAT(snapshot_->AnswerKeyEnds(), IsEmpty());
  Files files = SampleFiles();
  std::string& keys = std::find_if(files.begin(), files.end(), [](const auto& file) {
                        return file.first == "keys.textproto";
                      })->second;
  const std::string key = SamplePublicKey('q');
  keys.replace(keys.find(key), key.size() + 1, key + "\" not_after_time: \"2026-06-01T00:00:00Z\"");
  const absl::Time first = absl::FromUnixSeconds(1780272000);
  EXPECT_THAT(MustCreate(files)->AnswerKeyEnds(), ElementsAre(Pair("land-qd/adapter-1", first)));
  const auto follow = [&](char seed, const std::string& bound) {
    absl::StrAppend(&keys, "answer_keys { member: \"land-qd\" system: \"adapter-1\" public_key: \"",
                    SamplePublicKey(seed), "\" ", bound, " }\n");
  };
  follow('x', "not_after_time: \"2026-06-02T00:00:00Z\"");
  EXPECT_THAT(MustCreate(files)->AnswerKeyEnds(),
              ElementsAre(Pair("land-qd/adapter-1", first + absl::Hours(24))));
  follow('y', "");
  EXPECT_THAT(MustCreate(files)->AnswerKeyEnds(), IsEmpty());
}

TEST_F(SnapshotTest, FindsCertificatesBoundByKeyOrByIssuerAndSerial) {
  const auto leaf = *crypto::Certificate::ChainFromPem(kSampleLeafPem);
  const crypto::Certificate* issuer = snapshot_->FindIssuer("dev-intermediate");
  ASSERT_NE(issuer, nullptr);
  EXPECT_EQ(snapshot_->FindIssuer("dev"), nullptr);
  EXPECT_TRUE(leaf[0].IsIssuedBy(*issuer));
  EXPECT_EQ(snapshot_->FindBinding(leaf[0], *issuer).member, nullptr);

  const std::string bindings[] = {
      absl::StrCat("spki_sha256: \"", leaf[0].spki_digest().ToHex(), "\""),
      "issuer_serial { issuer: \"dev-intermediate\" serial: \"abc12\" }"};
  for (const std::string& binding : bindings) {
    Files files = SampleFiles();
    files.emplace_back(
        "bound.textproto",
        absl::StrCat("members { id: \"old-agency\" name { zh_tw: \"舊\" en: \"Old\" } issuers: "
                     "\"dev-intermediate\" systems { name: \"box\" role: ROLE_ADAPTER "
                     "certificates { ",
                     binding, " } } }"));
    const auto snapshot = MustCreate(files);
    const Snapshot::Bound bound =
        snapshot->FindBinding(leaf[0], *snapshot->FindIssuer("dev-intermediate"));
    ASSERT_NE(bound.member, nullptr) << binding;
    EXPECT_EQ(bound.member->id(), "old-agency");
    EXPECT_EQ(bound.system->name(), "box");
    // The serial number alone, under another issuer, binds nothing.
    const Snapshot::Bound other = snapshot->FindBinding(leaf[0], leaf[0]);
    EXPECT_EQ(other.member == nullptr, binding != bindings[0]);
  }
}

TEST(DigestTest, SetDigestIsOfPathsLengthsAndBytesInOrder) {
  const std::string bytes = std::string("a.textproto\0", 12) + std::string("\0\0\0\0\0\0\0\2", 8) +
                            "xy" + std::string("b/c.textproto\0", 14) +
                            std::string("\0\0\0\0\0\0\0\0", 8);
  const crypto::Digest expected = crypto::Sha256(bytes);
  EXPECT_EQ(SetDigest({{"a.textproto", "xy"}, {"b/c.textproto", ""}}), expected);
  EXPECT_EQ(SetDigest({{"b/c.textproto", ""}, {"a.textproto", "xy"}}), expected);
}

TEST_F(SnapshotTest, KindDigestIsOfCodeAndSortedLines) {
  const std::string text =
      "land.building"
      "address:ADDRESS\naddress:ADDRESS\nbuilding_number:BUILDING_NUMBER\n"
      "land_office:LAND_OFFICE\nowner_name:NAME\nowner_number:PERSON_NUMBER\n"
      "registered_date:DATE\nsection:LAND_SECTION\nshare:TEXT\n";
  EXPECT_EQ(snapshot_->FindKind("land.building")->digest, crypto::Sha256(text));

  // ':' is above the digits and below the letters: "a1" stands before "a", "a_b" after it.
  v1::DocumentKind kind;
  kind.set_code("k");
  for (const char* code : {"a_b", "a", "a1"}) {
    v1::Element& element = *kind.add_claims();
    element.set_code(code);
    element.set_type(v1::VALUE_TYPE_TEXT);
  }
  EXPECT_EQ(KindDigest(kind), crypto::Sha256("ka1:TEXT\na:TEXT\na_b:TEXT\n"));
}

TEST_F(SnapshotTest, DigestDependsOnEveryByteOfEveryFile) {
  for (size_t i = 0; i < SampleFiles().size(); ++i) {
    Files files = SampleFiles();
    files[i].second += "\n";
    EXPECT_NE(MustCreate(files)->digest(), snapshot_->digest());
  }
  EXPECT_EQ(MustCreate(SampleFiles())->digest(), snapshot_->digest());
}

TEST_F(SnapshotTest, TellsDifferences) {
  EXPECT_THAT(Differences(*snapshot_, *snapshot_), IsEmpty());
  Files files = SampleFiles();
  const auto exchange = [&files](const std::string& from, const std::string& to) {
    for (auto& [path, text] : files) {
      if (const size_t at = text.find(from); at != std::string::npos) {
        text.replace(at, from.size(), to);
        return;
      }
    }
    FAIL() << from;
  };
  exchange("id: \"banqiao-land-building\"", "id: \"banqiao-buildings\"");
  exchange("quota_per_day: 5000", "quota_per_day: 6000");
  exchange("areas: \"QD\"", "areas: \"QE\"");
  exchange("repeatable: true", "");
  const auto after = MustCreate(files);
  EXPECT_THAT(Differences(*snapshot_, *after),
              ElementsAre("- grant banqiao-land-building", "- route land.title QD to land-qd",
                          StartsWith("~ document kind building.use_licence: deleted: repeatable"),
                          "+ grant banqiao-buildings",
                          HasSubstr("~ grant shanhua-entry-exit: modified: quota_per_day: 5000 -> "
                                    "6000"),
                          "+ route land.title QE to land-qd"));
}

TEST_F(SnapshotTest, LoadsAFolder) {
  std::vector<std::string> faults;
  EXPECT_THAT(Snapshot::Load("adapters/agencies/registry", &faults),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("faults; first: ")));
  EXPECT_THAT(faults.front(), HasSubstr("there is no issuer \"dev-intermediate\""));
  EXPECT_THAT(Snapshot::Load("no/such/folder", &faults),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no/such/folder")));
}

}  // namespace
}  // namespace chayan::registry
