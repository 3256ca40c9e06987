// Goal: the bytes of a leaf are those of the table and never others, whoever reads them.
// Method: one leaf spelled out by hand; every type with all its keys rendered and read back; every
// single-byte change and every cut of a leaf refused or read as a different leaf, never as the
// same.
#include "gateway/log/entry.h"

#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gateway/base/status_matchers.h"
#include "gateway/log/entry_table.h"
#include "gateway/log/leaf_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace chayan::log {
namespace {

using ::testing::HasSubstr;

const absl::Time kTime = absl::FromUnixMillis(1768465800123);  // 2026-01-15T08:30:00.123Z
constexpr char kGateway[] = "gw-1";

crypto::Digest DigestOf(uint8_t fill) {
  crypto::Digest digest;
  digest.bytes.fill(fill);
  return digest;
}

// All keys the type may have, each at `length` or at its longest.
Entry FullEntry(EntryType type, size_t length) {
  const TypeRule& rule = kTypes[static_cast<size_t>(type)];
  const auto text = [&](Key key) {
    const KeyRule& key_rule = kKeys[static_cast<size_t>(key)];
    if (!Contains(rule.required | rule.optional, key)) return std::string();
    return std::string(std::min(length, key_rule.length_max), 'a');
  };
  const auto digest = [&](Key key) -> std::optional<crypto::Digest> {
    if (!Contains(rule.required | rule.optional, key)) return std::nullopt;
    return DigestOf(static_cast<uint8_t>(key));
  };
  Entry entry;
  entry.type = type;
  entry.id.bytes.fill(0xab);
  entry.member = text(Key::kMember);
  entry.system = text(Key::kSystem);
  entry.acting_for = text(Key::kFor);
  entry.cert = digest(Key::kCert);
  entry.method = text(Key::kMethod);
  entry.kind = text(Key::kKind);
  entry.holder = text(Key::kHolder);
  entry.purpose = text(Key::kPurpose);
  entry.basis = text(Key::kBasis);
  entry.person_proof = text(Key::kPersonProof);
  entry.grant = text(Key::kGrant);
  entry.registry = digest(Key::kRegistry);
  entry.outcome = text(Key::kOutcome);
  entry.by = text(Key::kBy);
  entry.reason = text(Key::kReason);
  if (Contains(rule.optional, Key::kMs)) entry.ms = 4294967295u;
  if (Contains(rule.optional, Key::kRef)) entry.ref = 18446744073709551615u;
  entry.key = digest(Key::kKey);
  entry.origin = text(Key::kOrigin);
  entry.vkey = text(Key::kVkey);
  const KeySet keys = rule.required | rule.optional;
  if (Contains(keys, Key::kSig)) entry.sig = crypto::Ed25519Signature{};
  if (Contains(keys, Key::kSize)) entry.size = 18446744073709551615u;
  entry.root = digest(Key::kRoot);
  if (Contains(keys, Key::kLost)) entry.lost = 18446744073709551615u;
  entry.hsig = digest(Key::kHsig);
  entry.c_req = digest(Key::kCReq);
  entry.c_res = digest(Key::kCRes);
  entry.c_detail = digest(Key::kCDetail);
  entry.digest = digest(Key::kDigest);
  entry.vault_key = text(Key::kVaultKey);
  return entry;
}

std::string LinkLeaf() {
  Entry entry;
  entry.type = EntryType::kLink;
  entry.id.bytes.fill(0x01);
  entry.member = "land-taipei";
  entry.system = "adapter-1";
  entry.reason = "OPENED";
  entry.ref = 7;
  entry.key = DigestOf(0);
  return RenderLeaf(entry, kTime, kGateway);
}

TEST(EntryTest, RendersTheBytesOfTheFormat) {
  EXPECT_EQ(LinkLeaf(),
            "{\"v\":1,\"t\":\"2026-01-15T08:30:00.123Z\",\"gw\":\"gw-1\","
            "\"id\":\"01010101-0101-0101-0101-010101010101\",\"type\":\"link\","
            "\"member\":\"land-taipei\",\"system\":\"adapter-1\",\"reason\":\"OPENED\",\"ref\":7,"
            "\"key\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}");
}

TEST(EntryTest, ReadsBackEveryTypeWithAllItsKeys) {
  for (const TypeRule& rule : kTypes) {
    const std::string leaf = RenderLeaf(FullEntry(rule.type, 5), kTime, kGateway);
    const absl::StatusOr<ParsedLeaf> parsed = ParseLeaf(leaf);
    ASSERT_OK(parsed) << leaf;
    EXPECT_EQ(parsed->time, kTime);
    EXPECT_EQ(parsed->gateway, kGateway);
    EXPECT_EQ(parsed->type, rule.name);
    EXPECT_EQ(parsed->known_type, rule.type);
    size_t i = 0;
    for (const KeyRule& key : kKeys) {
      if (!Contains(rule.required | rule.optional, key.key)) continue;
      ASSERT_LT(i, parsed->values.size()) << rule.name;
      EXPECT_EQ(parsed->values[i++].first, key.name) << rule.name;
    }
    EXPECT_EQ(i, parsed->values.size());
  }
}

TEST(EntryTest, ReadsTheDigestsItWrote) {
  const std::string leaf = RenderLeaf(FullEntry(EntryType::kVerification, 5), kTime, kGateway);
  const absl::StatusOr<ParsedLeaf> parsed = ParseLeaf(leaf);
  ASSERT_OK(parsed);
  EXPECT_EQ(parsed->Get("c_req"),
            absl::string_view(DigestOf(static_cast<uint8_t>(Key::kCReq)).ToBase64()));
  EXPECT_EQ(parsed->Get("ms"), "4294967295");
  EXPECT_EQ(parsed->Get("nothing"), "");
}

TEST(EntryTest, NoLeafExceedsTheBound) {
  for (const TypeRule& rule : kTypes) {
    const std::string leaf =
        RenderLeaf(FullEntry(rule.type, 1000), kTime, std::string(kGatewayLengthMax, 'g'));
    EXPECT_LE(leaf.size(), LongestLeaf(rule));
    EXPECT_LE(leaf.size(), kLeafBytesMax);
    EXPECT_OK(ParseLeaf(leaf));
  }
}

TEST(EntryTest, RefusesToWriteWhatBreaksTheTable) {
  const Entry good = FullEntry(EntryType::kVerification, 5);
  EXPECT_OK(CheckEntry(good, kGateway));
  const auto expect_refused = [](const Entry& entry, const char* message) {
    EXPECT_THAT(CheckEntry(entry, kGateway),
                StatusIs(absl::StatusCode::kInternal, HasSubstr(message)));
  };
  Entry entry = good;
  entry.kind = "a\"b";
  expect_refused(entry, "key kind has a character");
  entry = good;
  entry.member = "王小明";
  expect_refused(entry, "key member has a character");
  entry = good;
  entry.purpose = std::string(65, 'a');
  expect_refused(entry, "key purpose has a character or length");
  entry = good;
  entry.c_detail.reset();
  expect_refused(entry, "key c_detail is missing");
  entry = good;
  entry.origin = "log.example";
  expect_refused(entry, "key origin does not belong");
  EXPECT_THAT(CheckEntry(good, "gate way"), StatusIs(absl::StatusCode::kInternal, HasSubstr("gw")));
  EXPECT_THAT(CheckEntry(good, ""), StatusIs(absl::StatusCode::kInternal, HasSubstr("gw")));
}

TEST(EntryTest, StampsATimeOverTheZeros) {
  const Entry entry = FullEntry(EntryType::kRead, 5);
  absl::StatusOr<std::string> leaf = RenderUnstampedLeaf(entry, kGateway);
  ASSERT_OK(leaf);
  EXPECT_THAT(ParseLeaf(*leaf), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("t is")));
  StampLeaf(*leaf, "2026-01-15T08:30:00.123Z");
  EXPECT_EQ(*leaf, RenderLeaf(entry, kTime, kGateway));
}

TEST(EntryTest, RefusesEveryCutAndEveryAddedByte) {
  const std::string leaf = LinkLeaf();
  for (size_t length = 0; length < leaf.size(); ++length) {
    EXPECT_FALSE(ParseLeaf(absl::string_view(leaf).substr(0, length)).ok()) << length;
  }
  for (size_t at = 0; at <= leaf.size(); ++at) {
    for (const char c : {' ', '\n', '"', '\0'}) {
      EXPECT_FALSE(ParseLeaf(std::string(leaf).insert(at, 1, c)).ok()) << at;
    }
  }
}

TEST(EntryTest, RefusesLeavesThatBreakTheTable) {
  const std::string leaf = LinkLeaf();
  const struct {
    const char* from;
    const char* to;
    const char* message;
  } cases[] = {
      {"\"v\":1", "\"v\":2", "newer reader"},
      {"2026-01-15", "2026-02-30", "t is not"},
      {"08:30", "24:30", "t is not"},
      {"08:30:00.123Z", "08:30:60.123Z", "t is not"},
      {"00.123Z", "00.12+Z", "t is not"},
      {"gw-1", "gw 1", "gw has a character"},
      {"01010101-0101", "0101010A-0101", "UUID"},
      {"land-taipei", "Land-Taipei", "key member has a character"},
      {"\"ref\":7", "\"ref\":07", "neither string nor number"},
      {"\"ref\":7", "\"ref\":\"7\"", "wrong kind of value"},
      {"\"ref\":7", "\"ref\":-7", "neither string nor number"},
      {"\"ref\":7", "\"ref\":7.0", "should end"},
      {"\"ref\":7", "\"ref\":null", "neither string nor number"},
      {"\"OPENED\"", "12", "wrong kind of value"},
      {"\"OPENED\"", "\"OPEN\\u0045D\"", "escape"},
      {"\"OPENED\"", "\"\"", "empty string"},
      {"\"ref\":7,", "\"ref\":7,\"ref\":7,", "repeated or out of order"},
      {"\"ref\":7,", "\"ref\":7,\"note\":1,", "unknown"},
      {"\"ref\":7,", "\"ref\":7,\"origin\":\"x\",", "does not belong"},
      {"\"member\":\"land-taipei\",", "", "key member is missing"},
      {"AAA=", "AAB=", "32 bytes"},
      {"AAA=", "AA==", "32 bytes"},
      {"\"AAAA", "\"AAA", "32 bytes"},
      {"\"ref\":7", "\"ref\":18446744073709551616", "neither string nor number"},
  };
  for (const auto& c : cases) {
    const std::string changed = absl::StrReplaceAll(leaf, {{c.from, c.to}});
    ASSERT_NE(changed, leaf) << c.from;
    EXPECT_THAT(ParseLeaf(changed),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.message)))
        << changed;
  }
}

// The reader without copies must not be a second opinion.
TEST(EntryTest, ReadsTheSameLeavesWithAndWithoutCopies) {
  std::vector<std::string> leaves = {LinkLeaf(), "", "{}"};
  for (const TypeRule& rule : kTypes) {
    leaves.push_back(RenderLeaf(FullEntry(rule.type, 5), kTime, kGateway));
    leaves.push_back(RenderLeaf(FullEntry(rule.type, 500), kTime, kGateway));
  }
  leaves.push_back(absl::StrReplaceAll(
      LinkLeaf(), {{"\"type\":\"link\"", "\"type\":\"dispute\",\"origin\":\"x\",\"round\":3"}}));
  int accepted = 0;
  const auto compare = [&](const std::string& leaf) {
    const absl::StatusOr<ParsedLeaf> parsed = ParseLeaf(leaf);
    const absl::StatusOr<LeafView> view = ReadLeaf(leaf);
    ASSERT_EQ(parsed.status(), view.status()) << leaf;
    if (!parsed.ok()) return;
    ++accepted;
    absl::Time time;
    ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, view->timestamp, &time, nullptr)) << leaf;
    EXPECT_EQ(time, parsed->time) << leaf;
    EXPECT_EQ(view->type, absl::string_view(parsed->type));
    EXPECT_EQ(view->known_type, parsed->known_type);
    EXPECT_EQ(view->gateway, absl::string_view(parsed->gateway));
    EXPECT_EQ(Uuid::FromText(view->id).value(), parsed->id);
    for (const KeyRule& key : kKeys) EXPECT_EQ(view->Get(key.key), parsed->Get(key.name));
  };
  for (const std::string& leaf : leaves) {
    compare(leaf);
    for (size_t at = 0; at < leaf.size(); ++at) {
      for (const char c : {'"', ',', '0', '9', 'a', 'A', '=', '\\', '\x80', ' '}) {
        std::string changed = leaf;
        changed[at] = c;
        compare(changed);
      }
      compare(leaf.substr(0, at));
      std::string longer = leaf;
      longer.insert(at, 1, leaf[at]);
      compare(longer);
    }
  }
  EXPECT_GT(accepted, 1000);
}

TEST(EntryTest, ReadsTypesOfLaterVersions) {
  const std::string leaf = absl::StrReplaceAll(
      LinkLeaf(), {{"\"type\":\"link\"", "\"type\":\"dispute\",\"stage\":\"second\",\"round\":3"}});
  const absl::StatusOr<ParsedLeaf> parsed = ParseLeaf(leaf);
  ASSERT_OK(parsed);
  EXPECT_EQ(parsed->type, "dispute");
  EXPECT_FALSE(parsed->known_type.has_value());
  EXPECT_EQ(parsed->Get("stage"), "second");
  EXPECT_EQ(parsed->Get("round"), "3");
  EXPECT_THAT(ParseLeaf(absl::StrReplaceAll(leaf, {{"\"round\"", "\"stage\""}})),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("twice")));
}

}  // namespace
}  // namespace chayan::log
