// Goal: where a set asks for it, nothing that opens a sensitive kind or changes who is trusted
// takes effect without approval, and nothing else waits for one. Method: the sample set with an
// operator's assertion key, each time with one text exchanged for another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/base/check.h"
#include "gateway/registry/sample_set.h"
#include "gateway/registry/snapshot.h"

namespace chayan::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Exchange {
  const char* what;
  const char* from;  // empty adds `to` as a file of its own
  const char* to;
};
void PrintTo(const Exchange& exchange, std::ostream* out) { *out << exchange.what; }

Files ApprovedFiles() {
  Files files = SampleFiles();
  for (auto& [path, text] : files) {
    if (path == "deployment.textproto") {
      text.replace(text.find("deployment {"), 12, "deployment { approval_required: true");
    }
  }
  files.emplace_back("operator.textproto",
                     absl::StrCat("assertion_keys { member: \"operator\" key_id: \"operator-1\" "
                                  "public_key: \"",
                                  SamplePublicKey('o'), "\" }\n"));
  return files;
}

std::shared_ptr<const Snapshot> Create(Files files) {
  std::vector<std::string> faults;
  auto snapshot = Snapshot::Create(std::move(files), &faults);
  EXPECT_THAT(faults, IsEmpty());
  CHAYAN_CHECK(snapshot.ok());
  return *snapshot;
}

Files With(Files files, const Exchange& exchange) {
  const std::string from = exchange.from;
  if (from.empty()) {
    files.emplace_back("zz.textproto", exchange.to);
    return files;
  }
  for (auto& [path, text] : files) {
    const size_t at = text.find(from);
    if (at == std::string::npos) continue;
    text.replace(at, from.size(), exchange.to);
    return files;
  }
  ADD_FAILURE() << "the set has no " << from;
  return files;
}

constexpr char kAuditGrant[] =
    "audit_grants { id: \"a-second\" member: \"audit-office\" access: AUDIT_ACCESS_LEAVES }";

class SensitiveChangeTest : public ::testing::TestWithParam<Exchange> {};

TEST_P(SensitiveChangeTest, WaitsForApproval) {
  const auto before = Create(ApprovedFiles());
  const auto after = Create(With(ApprovedFiles(), GetParam()));
  EXPECT_THAT(ChangesToApprove(*before, *after), ElementsAre(HasSubstr(GetParam().what)));
}

INSTANTIATE_TEST_SUITE_P(
    All, SensitiveChangeTest,
    ::testing::Values(
        Exchange{"deployment", "deployment { approval_required: true", "deployment {"},
        Exchange{"~ grant shanhua-social-benefit", "fields: [ \"valid_to\", \"grade\" ]",
                 "fields: \"valid_to\""},
        Exchange{"+ grant benefits", "id: \"shanhua-social-benefit\"", "id: \"benefits\""},
        Exchange{"~ document kind social.benefit",
                 "  verify_every_signature: true\n  person_assertion_required: true\n  "
                 "subject_detail_required: true\n  replaces { zh_tw: \"低收",
                 "  verify_every_signature: true\n  subject_detail_required: true\n  replaces { "
                 "zh_tw: \"低收"},
        Exchange{"~ document kind household.kinship",
                 "  approval_required: true\n  subject_detail_required: true\n",
                 "  subject_detail_required: true\n"},
        Exchange{"route social.benefit 67000",
                 "routes { document_kind: \"social.benefit\" holder: \"social-tainan\"",
                 "routes { document_kind: \"social.benefit\" holder: \"nhi\""},
        Exchange{"~ county rule", "approval_required: true\n}",
                 "person_assertion_required: true\n}"},
        Exchange{"~ member hro-banqiao",
                 "name: \"counter\" role: ROLE_HOUSEHOLD acting_for: \"hro-banqiao\"",
                 "name: \"desk\" role: ROLE_HOUSEHOLD acting_for: \"hro-banqiao\""},
        Exchange{"~ member operator", "systems { name: \"console\" role: ROLE_OPERATOR }",
                 "systems { name: \"screen\" role: ROLE_OPERATOR }"},
        Exchange{"+ audit grant a-second", "", kAuditGrant}),
    [](const auto& one) { return absl::StrCat("Change", one.index); });

TEST(ChangesToApproveTest, TheRestTakesEffectAtOnce) {
  const auto before = Create(ApprovedFiles());
  for (const Exchange& harmless :
       {Exchange{"a quota of a grant", "quota_per_day: 5000", "quota_per_day: 6000"},
        Exchange{"a desk", "02-2700-0001", "02-2700-0002"},
        Exchange{"one county more that narrows", "",
                 "county_rules { id: \"more\" county: \"67000\" barred: true document_kinds: "
                 "\"land.title\" }"},
        Exchange{"a kind that anybody may see", "repeatable: true", ""}}) {
    const auto after = Create(With(ApprovedFiles(), harmless));
    EXPECT_NE(after->digest(), before->digest());
    EXPECT_THAT(ChangesToApprove(*before, *after), IsEmpty()) << harmless.what;
  }
}

TEST(ChangesToApproveTest, TheSetInForceDecides) {
  const auto before = Create(SampleFiles());
  EXPECT_FALSE(before->approval_required());
  EXPECT_THAT(ChangesToApprove(*before, *Create(ApprovedFiles())), IsEmpty());
}

}  // namespace
}  // namespace chayan::registry
